/* Two threads send themselves a signal while a third one changes what it does, from a handler to the default and back.
 * Linux calls the handler or ignores the signal. qemu's user mode (7.2) looks at the disposition again after it has
 * decided to call a handler, and calls the default's address: the program dies at address 0.
 *
 *   aarch64-linux-gnu-gcc -pthread -o dispositions ci/qemu/dispositions.c
 *   QEMU_LD_PREFIX=/usr/aarch64-linux-gnu qemu-aarch64 ./dispositions
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t finished;

/* SIGURG, as its default is to do nothing. */
static void handler(int number) { (void)number; }

static void *send(void *unused) {
    for (int round = 0; round < 200000; round++)
        raise(SIGURG);
    return unused;
}

static void *change(void *unused) {
    while (!finished) {
        signal(SIGURG, SIG_DFL);
        signal(SIGURG, handler);
    }
    return unused;
}

int main(void) {
    pthread_t senders[2], changer;
    signal(SIGURG, handler);
    pthread_create(&changer, NULL, change, NULL);
    for (int index = 0; index < 2; index++)
        pthread_create(&senders[index], NULL, send, NULL);
    for (int index = 0; index < 2; index++)
        pthread_join(senders[index], NULL);
    finished = 1;
    pthread_join(changer, NULL);
    puts("every signal was handled or ignored");
}
