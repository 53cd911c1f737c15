# Says at each call of `check` where it is. What comes after is found at the same places by reading its memory.
import os, sys; os.write(1, b"begin")
import threading


def entries(frame):
    lines = ["stack"]
    while frame:
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        lines.append("%s\t%s\t%s" % (name, code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return "\n".join(lines).encode("utf-8", "replace")


def check(value=None):
    os.write(1, entries(sys._getframe())); return value


def outer():
    def inner():
        return [
            check(),
            2,
        ]

    return inner()


class Saver:
    check()  # in the body of a class

    def save(self, times):
        if times:
            return self.save(times - 1)
        try:
            raise KeyError
        except KeyError:
            check()
        finally:
            check()

    @property
    def size(self):
        return check(1)

    @staticmethod
    def fixed():
        check()

    def __del__(self):
        check()

    def __enter__(self):
        check()

    def __exit__(self, *_):
        check()


def generate():
    yield check(1)
    yield from (check(number) for number in range(2))
    for number in range(3):
        if number == 1:
            continue
        yield check(number)


async def answer():
    check()
    return await further()


async def further():
    return check(42)


def größe():
    check()


def 名前():
    check()


def finish(coroutine):
    try:
        coroutine.send(None)
    except StopIteration:
        pass


check()
outer()
saver = Saver()
saver.save(3)
saver.size
saver.fixed()
with saver:
    check()
del saver
for _ in generate():
    check()
list(generate())
sorted([3, 1, 2], key=lambda number: check(number))
[check(number) for number in range(2)]
{check(number): [check(deep) for deep in range(2)] for number in range(2)}
list(map(check, range(2)))
(lambda: (lambda: check())())()
finish(answer())
größe()
名前()
exec(compile("def made():\n\n    check()\nmade()", "/tmp/\N{GRINNING FACE}.py", "exec"))
exec(compile("check()\n" * 3, "w\N{LATIN SMALL LETTER U WITH DIAERESIS}.py", "exec"))
# Long jumps in lines and in code, forwards and back.
exec(compile("def far():\n" + "\n" * 700 + "    check(\n" + "\n" * 300 + "    1)\n    check()\nfar()", "far.py", "exec"))
exec(compile("def wide():\n" + "    x = [1, 2, 3]\n" * 400 + "    check()\nwide()", "wide.py", "exec"))
exec(compile("x = (\n" + "1 +\n" * 500 + "check(1)\n" + "+ 1\n" * 500 + ")\ncheck()", "expression.py", "exec"))
exec(compile("\n" * 100000 + "check()", "last.py", "exec"))
exec(compile("check()", "long" * 2000 + ".py", "exec"))
sys.setrecursionlimit(3000)
Saver().save(30)


def deep(times):
    return deep(times - 1) if times else check()


deep(500)


def work():
    started.wait()
    for number in generate():
        check(number)


started = threading.Event()
workers = [threading.Thread(target=work) for _ in range(4)]
for worker in workers:
    worker.start()
started.set()
for worker in workers:
    worker.join()
if os.fork() == 0:
    check()
    os._exit(0)
os.wait()
forker = threading.Thread(target=lambda: os.fork() or (check(), os._exit(0)))
forker.start()
forker.join()
os.wait()
