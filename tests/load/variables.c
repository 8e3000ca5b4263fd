// variables N [MICROSECONDS]: calls step() N times, so long after each other; it adds its seventh argument to a variable, and prints both variables at the end.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

volatile unsigned counter = 7;
volatile unsigned char letter = 'x';

__attribute__((noinline)) void step(long a, long b, long c, long d, long e, long f, long seventh, long eighth)
{
    counter += seventh + 0 * (a + b + c + d + e + f + eighth);
    __asm__ volatile("");
}

int main(int count, char **arguments)
{
    for (int i = 1; i <= atoi(arguments[1]); i++) {
        step(1, 2, 3, 4, 5, 6, i, -i);
        if (count > 2)
            usleep(atoi(arguments[2]));
    }
    printf("%u %c\n", counter, letter);
    return 0;
}
