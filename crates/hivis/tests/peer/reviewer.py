"""A person at a terminal who reviews pictures: python reviewer.py ANSWERS COMMAND...

ANSWERS is a JSON list of what is typed, in turn, whenever the program asks for something (a line that ends in ": ").
Prints JSON: the exit code, everything that the terminal showed, and how many answers were typed.
"""

import json
import os
import pty
import re
import select
import sys

ANSWERS, COMMAND = json.loads(sys.argv[1]), sys.argv[2:]
PATIENCE = 60.0
QUESTION = re.compile(r"(\[q\]uit|\[n\]one|\d label): $")

child, terminal = pty.fork()
if child == 0:
    os.execvp(COMMAND[0], COMMAND)

shown, answered, typed = "", 0, 0
while True:
    if not select.select([terminal], [], [], PATIENCE)[0]:
        sys.exit(f"nothing came any more after: {shown!r}")
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # How Linux says that the other end is gone.
        break
    if not piece:
        break
    shown += piece.decode()
    if QUESTION.search(shown, answered):
        answered = len(shown)
        if typed == len(ANSWERS):
            sys.exit(f"nobody knows an answer to: {shown!r}")
        os.write(terminal, ANSWERS[typed].encode() + b"\n")
        typed += 1

code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps({"code": code, "shown": shown, "typed": typed}))
