/* Stacks that all differ: depths -w N [STEPS], 2 to the power of STEPS (11) at most. Each getppid comes by another way
   through two functions that call themselves and each other; build it with frame pointers and without optimisation. */
#define _GNU_SOURCE
#include "go.h"
#include <stdlib.h>
#include <sys/syscall.h>

static void left(long way, int steps);
static void right(long way, int steps);

static void step(long way, int steps) {
    if (!steps)
        syscall(SYS_getppid);
    else if (way & 1)
        left(way >> 1, steps - 1);
    else
        right(way >> 1, steps - 1);
}

static void left(long way, int steps) {
    step(way, steps);
}

static void right(long way, int steps) {
    step(way, steps);
}

int main(int argc, char **argv) {
    static char line[100];
    long count = argc > 2 ? atol(argv[2]) : 0;
    int steps = argc > 3 ? atoi(argv[3]) : 11;
    announce(1);
    for (long way = 0; way < count; way++)
        step(way, steps);
    syscall(SYS_write, 1, line, snprintf(line, sizeof line, "stacks=%ld\n", count));
    return 0;
}
