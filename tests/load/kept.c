/* A function with another one put inline, to be probed at lines. Each line that a test names ends with a word for it.
 *
 *   kept [-w] N    N calls of work(i + 3, "hello", pair, 5), the pair being {3, 4} at first
 *
 * First line: pid=PID. With -w it then waits for SIGUSR1. At the end it says what it did, as key=value words.
 */
#define _GNU_SOURCE
#include "go.h"
#include <stdlib.h>
#include <string.h>

struct pair {
    int a, b;
};

static inline int helper(int seed, struct pair *pair) {
    pair->a += seed; /* helper */
    return 2 * seed + pair->b;
}

__attribute__((noipa)) long work(int n, const char *text, struct pair *pair, long big) {
    long sum = 0;
    for (int i = 0; i < n; i++)
        sum += text[i]; /* loop */
    sum += helper(n, pair);
    __asm__ volatile("" ::: "memory");
    return sum + big; /* end */
}

int main(int argc, char **argv) {
    int wait = argc > 1 && !strcmp(argv[1], "-w");
    if (argc - wait < 2)
        return 2;
    int calls = atoi(argv[1 + wait]);
    long sum = 0;
    struct pair pair = {3, 4};
    announce(wait);
    for (int i = 0; i < calls; i++)
        sum += work(i + 3, "hello", &pair, 5);
    printf("calls=%d sum=%ld\n", calls, sum);
    return 0;
}
