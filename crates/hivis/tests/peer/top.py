"""A person at a terminal who looks at `hivis top`: python top.py LEAVE COMMAND...

Waits for the first frame, asks for the keys with ?, makes the window smaller and larger, and leaves: LEAVE is `q`,
`ctrl-c`, or the name of a signal. Prints JSON: the exit code, the two frames as they came, whether the terminal's modes
are as before (`same`) and whether the screen that goes away was left (`left`).
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

LEAVE, *COMMAND = sys.argv[1:]
PATIENCE = 60.0

# The command begins only when the terminal's modes have been read and its window has a size.
ready, go = os.pipe()
child, terminal = pty.fork()
if child == 0:
    os.read(ready, 1)
    os.execvp(COMMAND[0], COMMAND)


def resize(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


resize(30, 100)
before = termios.tcgetattr(terminal)
os.write(go, b".")
shown = b""


def wait_for(word, since):
    """Reads until `word` came after the place `since`; what the terminal draws cell by cell is joined by its own order."""
    global shown
    end = time.monotonic() + PATIENCE
    while word not in shown[since:]:
        if time.monotonic() > end:
            sys.exit(f"{word!r} did not come: {shown[-2000:]!r}")
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # How Linux says that the other end is gone.
                return
            if not piece:
                return
            shown += piece


wait_for(b"answers", 0)
first = shown.decode(errors="replace")
since = len(shown)
os.write(terminal, b"?")
wait_for(b"keys and figures", since)
second = shown[since:].decode(errors="replace")
os.write(terminal, b"?")
for rows, columns in [(10, 40), (40, 140)]:
    since = len(shown)
    resize(rows, columns)
    wait_for(b"hivis", since)
if LEAVE == "q":
    os.write(terminal, b"q")
elif LEAVE == "ctrl-c":
    os.write(terminal, b"\x03")
else:
    os.kill(child, getattr(signal, f"SIG{LEAVE}"))

since = len(shown)
wait_for(b"\x1b[?1049l", since)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
after = termios.tcgetattr(terminal)
left = b"\x1b[?1049h" in shown and shown.rindex(b"\x1b[?1049l") > shown.rindex(b"\x1b[?1049h")
print(json.dumps({"code": code, "frames": [first, second], "same": before == after, "left": left}))
