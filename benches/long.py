"""Writes a program that takes about 20 s and has some 3,000 points in about 100 classes: six functions that each replace
a file 100 times, in four steps."""

import sys

BLOCK = '''
def save{0}():
    for turn in range(100):
        time.sleep(20 / 600)
        file = os.open("data{0}.tmp", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(file, b"data")
        os.fsync(file)
        os.rename("data{0}.tmp", "data{0}")
        os.close(file)
'''

with open(sys.argv[1], "w") as program:
    program.write("import os, time\n")
    for number in range(6):
        program.write(BLOCK.format(number))
    for number in range(6):
        program.write(f"save{number}()\n")
