# The peer of the process pool: answers a number of repetitions with the nanoseconds that each took.
import sys
import time
from concurrent.futures import ProcessPoolExecutor


def small(number):
    return number + 1


def one_by_one(pool, count):
    samples = []
    for number in range(count):
        begun = time.monotonic_ns()
        assert pool.submit(small, number).result() == number + 1
        samples.append(time.monotonic_ns() - begun)
    return samples


def in_one_run(pool, count):
    begun = time.monotonic_ns()
    assert sum(1 for _ in pool.map(small, range(count))) == count
    return [(time.monotonic_ns() - begun) / count]


if __name__ == "__main__":
    measure = {"one-by-one": one_by_one, "in-one-run": in_one_run}[sys.argv[1]]
    with ProcessPoolExecutor(max_workers=1) as pool:
        for line in sys.stdin:
            print(*measure(pool, int(line)), flush=True)
