"""A person at a terminal who makes a wallet: python terminal.py PASSWORD WRONG COMMAND...

Types PASSWORD where one is wanted, writes the shown words down and types them back when asked; with WRONG = 1 it
mistypes each. Prints JSON: the exit code, everything that the terminal showed, and the words by key.
"""

import json
import os
import pty
import re
import select
import sys

PASSWORD, WRONG, *COMMAND = sys.argv[1:]
PATIENCE = 60.0
QUESTION = re.compile(r"(password of [^\n]*|same again|Press Enter[^\n]*|Word (\d+) of [^\n:]*): ?$|(Press Enter when that is done\. )$")

child, terminal = pty.fork()
if child == 0:
    os.execvp(COMMAND[0], COMMAND)

shown, answered, notes = "", 0, []
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
    question = QUESTION.search(shown, answered)
    if not question:
        continue
    answered = len(shown)
    if question[0].startswith("Press Enter"):
        page = shown[shown.rindex("\x1b[?1049h") :]
        notes.append([word for _, word in sorted((int(n), w) for n, w in re.findall(r"(\d+) ([a-z]+) ", page.split("are the", 1)[1]))])
        answer = ""
    elif question[0].startswith("Word"):
        answer = "zebra" if WRONG == "1" else notes[-1][int(question[2]) - 1]
    else:
        answer = PASSWORD
    os.write(terminal, answer.encode() + b"\n")

code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps({"code": code, "shown": shown, "words": notes}))
