/* Passes its own lines a known number of times.
 *
 *   lines [-w] N
 *
 * First line: pid=PID. With -w it then waits for SIGUSR1. At the end it says what it did, as key=value words.
 * Tests find the lines by the comments at their ends.
 */
#include "go.h"
#include <stdlib.h>
#include <string.h>

static inline __attribute__((always_inline)) void step(void) {
    __asm__ volatile("nop"); /* inline */
}

__attribute__((noinline, noclone)) void loop(long times) { /* entry */
    for (long i = 0; i < times; i++) {
        __asm__ volatile("nop"); /* body */
        step();
    }
}

int main(int argc, char **argv) {
    int wait = argc > 1 && !strcmp(argv[1], "-w");
    if (argc - wait < 2)
        return 2;
    long times = atol(argv[1 + wait]);
    announce(wait);
    loop(times);
    step();
    printf("times=%ld\n", times);
    return 0;
}
