/* Writes, reads and executes at known addresses a known number of times. Linked to a fixed address (-no-pie).
 *
 *   watch [-w] WRITES READS CALLS EARLIER LATER
 *
 * The main thread, EARLIER threads that are there from the start, and LATER ones that are made afterwards each store to
 * `cell` WRITES times, load it READS times and call `touched` CALLS times; a child process does too, in memory of its own.
 * First line: pid=PID. With -w it then waits for SIGUSR1. At the end it says how many threads there were.
 */
#define _GNU_SOURCE
#include "go.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* In sections of their own, which can be linked to a chosen address. `cell` is not of those that the kernel fills with zeros. */
volatile long cell __attribute__((aligned(8), section(".watched"))) = 1;
static long writes, reads, calls;
static pthread_barrier_t begin;

__attribute__((noinline, noclone, used, section(".touched"))) void touched(void) {
    __asm__ volatile("");
}

static void work(void) {
    long sum = 0;
    for (long i = 0; i < writes; i++)
        cell = i;
    for (long i = 0; i < reads; i++)
        sum += cell;
    for (long i = 0; i < calls; i++)
        touched();
    __asm__ volatile("" ::"r"(sum));
}

static void *early(void *unused) {
    (void)unused;
    pthread_barrier_wait(&begin);
    work();
    return NULL;
}

static void *late(void *unused) {
    (void)unused;
    work();
    return NULL;
}

int main(int argc, char **argv) {
    int wait_first = argc > 1 && !strcmp(argv[1], "-w");
    if (argc - wait_first < 6)
        return 2;
    char **numbers = argv + 1 + wait_first;
    writes = atol(numbers[0]);
    reads = atol(numbers[1]);
    calls = atol(numbers[2]);
    long earlier = atol(numbers[3]), later = atol(numbers[4]);
    block_go();
    pthread_t threads[earlier + later + 1];
    pthread_barrier_init(&begin, NULL, earlier + 1);
    for (long i = 0; i < earlier; i++)
        if (pthread_create(&threads[i], NULL, early, NULL))
            return 1;
    announce(wait_first);
    pthread_barrier_wait(&begin);
    for (long i = 0; i < later; i++)
        if (pthread_create(&threads[earlier + i], NULL, late, NULL))
            return 1;
    work();
    for (long i = 0; i < earlier + later; i++)
        pthread_join(threads[i], NULL);
    if (fork() == 0) {
        work();
        _exit(0);
    }
    wait(NULL);
    printf("threads=%ld\n", 1 + earlier + later);
    return 0;
}
