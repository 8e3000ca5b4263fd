/* Says where its functions are, waits for a line on standard input, then calls each of them a known number of times:
 * twice(1..100), thrice(1..50). The report says what the semaphore was meanwhile. */
#include <stdio.h>

volatile unsigned short semaphore = 0;

__attribute__((noinline)) long twice(long number) {
    __asm__ volatile("");
    return number * 2;
}

__attribute__((noinline)) long thrice(long number) {
    __asm__ volatile("");
    return number * 3;
}

int main(void) {
    long sum = 0;
    printf("%p %p %p\n", (void *)twice, (void *)thrice, (void *)&semaphore);
    fflush(stdout);
    getchar();
    for (long number = 1; number <= 100; number++)
        sum += twice(number);
    for (long number = 1; number <= 50; number++)
        sum += thrice(number);
    printf("%ld %d\n", sum, semaphore);
    return 0;
}
