/* futex(2) for programs under ThreadSanitizer, in the place of the C library's `syscall` (ld --wrap=syscall).
 *
 * ThreadSanitizer holds a signal back until its thread calls a function that it knows. A thread that waits in a bare
 * futex calls none: it would never run its handler, and nobody would learn of the signal. So a waiter looks at the word
 * again and again, and sleeps in between in `poll`, where handlers run at once. A wake is then not needed. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

long __real_syscall(long number, ...);

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long wait(const uint32_t *word, uint32_t expected, int operation, const struct timespec *timeout)
{
    int is_absolute = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    clockid_t clock = operation & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    int64_t limit = INT64_MAX;
    if (timeout && timeout->tv_sec < INT64_MAX / 2000000000) {
        limit = (int64_t)timeout->tv_sec * 1000000000 + timeout->tv_nsec;
        if (!is_absolute)
            limit += now_ns(clock);
    }
    for (;;) {
        if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != expected)
            errno = EAGAIN;
        else if (now_ns(clock) >= limit)
            errno = ETIMEDOUT;
        else if (poll(0, 0, 1) < 0)
            errno = EINTR;
        else
            continue;
        return -1;
    }
}

long __wrap_syscall(long number, ...)
{
    long argument[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        argument[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_futex) {
        int operation = (int)argument[1];
        switch (operation & FUTEX_CMD_MASK) {
        case FUTEX_WAIT:
        case FUTEX_WAIT_BITSET:
            return wait((const uint32_t *)argument[0], (uint32_t)argument[2], operation,
                        (const struct timespec *)argument[3]);
        case FUTEX_WAKE:
            return 0;
        }
    }
    return __real_syscall(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
