"""Runs a command on a terminal of its own and presses Ctrl+C as soon as it sweeps. Says how it ended, and whether it
left a process whose command line has the marker.

press.py MARKER CMD…
"""

import os
import pty
import select
import signal
import sys
import time

LIMIT_S = 120


def main(marker, command):
    pid, terminal = pty.fork()
    if pid == 0:
        # As a terminal starts it: a shell's background job, such as these tests, is told to ignore it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execvp(command[0], command)
    said = b""
    pressed = False
    status = None
    limit = time.monotonic() + LIMIT_S
    while status is None and time.monotonic() < limit:
        said += what_is_there(terminal, 0.05)
        # The heading is printed when the undisturbed runs are over.
        if not pressed and b"baseline" in said:
            os.write(terminal, b"\x03")
            pressed = True
        ended, number = os.waitpid(pid, os.WNOHANG)
        status = number if ended else None
    if status is None:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        print("it did not end")
    # What it has started and left is no part of it: nobody waits for what that says.
    said += what_is_there(terminal, 0)
    print(said.decode(errors="replace"))
    if os.WIFSIGNALED(status):
        print("ended by signal", os.WTERMSIG(status))
    else:
        print("ended with status", os.WEXITSTATUS(status))
    while left := with_marker(marker):
        if time.monotonic() > limit:
            print("left behind:", left)
            return 1
        select.select([], [], [], 0.02)
    return 0 if pressed else 1


def what_is_there(terminal, wait_s):
    """What can be read, waited for that long."""
    data = b""
    while select.select([terminal], [], [], wait_s)[0]:
        try:
            more = os.read(terminal, 65536)
        except OSError:  # the last one to have the terminal open has closed it
            break
        if not more:
            break
        data += more
        wait_s = 0
    return data


def with_marker(marker):
    """The processes, besides this one and what started it."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) not in (os.getpid(), os.getppid()):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    if marker.encode() in file.read():
                        found.append(int(entry))
            except OSError:
                pass  # it has ended
    return found


sys.exit(main(sys.argv[1], sys.argv[2:]))
