"""Writes report.txt. A planted bug: Ctrl+C at the wrong time leaves report.tmp behind."""

import os
import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # without a traceback
with open("report.tmp", "w") as file:
    print("all", file=file)
os.replace("report.tmp", "report.txt")
