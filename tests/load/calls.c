/* Calls functions and touches memory a known number of times.
 *
 *   calls [-w] N PAGES    N calls of first(i, 2), each of which calls second(i); then writes to PAGES fresh pages
 *
 * First line: pid=PID. With -w it then waits for SIGUSR1. At the end it says what it did, as key=value words.
 */
#define _GNU_SOURCE
#include "go.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

__attribute__((noinline, noclone)) long second(long value) {
    __asm__ volatile("");
    return 3 * value;
}

__attribute__((noinline, noclone)) long first(long value, long addend) {
    return second(value) + addend;
}

int main(int argc, char **argv) {
    int wait = argc > 1 && !strcmp(argv[1], "-w");
    if (argc - wait < 3)
        return 2;
    long calls = atol(argv[1 + wait]), pages = atol(argv[2 + wait]), size = sysconf(_SC_PAGESIZE), sum = 0;
    static char buffer[BUFSIZ];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    mlockall(MCL_CURRENT); /* what there is now faults no more */
    char *fresh = mmap(NULL, pages * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED)
        return 1;
    madvise(fresh, pages * size, MADV_NOHUGEPAGE);
    announce(wait);
    for (long i = 0; i < calls; i++)
        sum += first(i, 2);
    for (long i = 0; i < pages; i++)
        ((volatile char *)fresh)[i * size] = 1;
    printf("calls=%ld pages=%ld sum=%ld\n", calls, pages, sum);
    return 0;
}
