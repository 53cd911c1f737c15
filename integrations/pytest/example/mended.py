"""Writes report.txt. A signal waits while report.tmp is there."""

import os
import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
with open("report.tmp", "w") as file:
    print("all", file=file)
os.replace("report.tmp", "report.txt")
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
