/* Calls functions whose parameters are of all kinds, each with values that follow from the number of the call.
 *
 *   typed [-w] N    N times (i from 0): each function below once, in their order
 *
 * First line: pid=PID. With -w it then waits for SIGUSR1. At the end it says what it did, as key=value words.
 */
#define _GNU_SOURCE
#include "go.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CALLED __attribute__((noipa))
#define WORK __asm__ volatile("" ::: "memory")

enum state { IDLE = 1, BUSY = 4, GONE = 9 };
typedef struct {
    short x, y;
} point_t;
union number {
    long whole;
    double real;
    unsigned char bytes[8];
};
struct item {
    int id;
    char name[12];
    struct item *next;
    enum state state;
    unsigned low : 3, high : 9;
    int negative : 4;
    point_t at;
    union number number;
    int list[3], grid[2][3];
    struct {
        int inside;
        bool open;
    };
    int (*call)(int, const char *);
    struct item *ring[2];
};
struct page { /* a name that the kernel has, too */
    long mine;
};
struct wide {
    long first, second;
};
struct large {
    long first, second, third;
};
struct both {
    double real;
    long whole;
};

CALLED int scalars(signed char c, unsigned short s, int i, unsigned u, long l, bool b) {
    WORK;
    return c + s + i + u + l + b;
}

CALLED struct item *walk(struct item *item, enum state state, const char *text, struct page *page, void *any) {
    WORK;
    return state == IDLE && text && page && !any ? item : item->next;
}

CALLED long by_value(point_t point, struct wide wide, struct large large, int last) {
    WORK;
    return point.x + wide.second + large.third + last;
}

CALLED double mixed(double real, int i, float single, struct both both, long l) {
    WORK;
    return real + i + single + both.whole + l;
}

CALLED long nine(long a, long b, long c, long d, long e, int f, short g, struct item *h, long i) {
    WORK;
    return a + b + c + d + e + f + g + h->id + i;
}

CALLED struct large build(int seed, long more) {
    WORK;
    return (struct large){seed, more, seed + more};
}

CALLED enum state after(enum state state) {
    WORK;
    return state == IDLE ? BUSY : GONE;
}

CALLED int negative(int value) {
    WORK;
    return -value;
}

CALLED void nothing(void) {
    WORK;
}

static int called(int number, const char *text) {
    return number + (text != 0);
}

int main(int argc, char **argv) {
    int wait = argc > 1 && !strcmp(argv[1], "-w");
    if (argc - wait < 2)
        return 2;
    int calls = atoi(argv[1 + wait]);
    long sum = 0;
    mlockall(MCL_CURRENT); /* programs in the kernel read only what is there */
    announce(wait);
    for (int i = 0; i < calls; i++) {
        struct item next = {.id = 100 + i, .name = "next"};
        struct item item = {.id = i, .name = "first", .next = &next, .state = BUSY, .low = 5, .high = 300, .negative = -3,
                            .at = {-1, i}, .number = {.whole = 258}, .list = {1, 2, 3}, .grid = {{1, 2, 3}, {4, 5, 6}},
                            .inside = 77, .open = true, .call = called, .ring = {&item, &next}};
        struct page page = {.mine = 42 + i};
        sum += scalars(-1 - i, 65535, -100000, 4000000000u, 1L << 40, i & 1);
        sum += walk(&item, i ? BUSY : IDLE, i ? "later" : "sooner", &page, NULL)->id;
        sum += by_value((point_t){3, -4}, (struct wide){5, 6}, (struct large){7, 8, 9}, 10 + i);
        sum += mixed(1.5, 2 + i, 2.5f, (struct both){0.5, 3}, 4);
        sum += nine(1, 2, 3, 4, 5, -6, -7, &item, 9 + i);
        sum += build(20 + i, 30).third;
        sum += after(i ? BUSY : IDLE);
        sum += negative(5 + i);
        nothing();
    }
    printf("calls=%d sum=%ld\n", calls, sum);
    return 0;
}
