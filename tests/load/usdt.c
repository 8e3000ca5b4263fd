/* Reaches USDT probes a known number of times, with arguments of all kinds in places of all kinds.
 *
 *   usdt [-w] N    N rounds; each reaches every probe of the provider bttui_load once, "twice" in two places
 *
 * First line: pid=PID. With -w it then waits for SIGUSR1. At the end it says, as key=value words, how many rounds there
 * were, and in how many somebody was listening to the probe "guarded", which has a semaphore.
 *
 * The notes are written here by hand, as <sys/sdt.h> of SystemTap would.
 */
#define _GNU_SOURCE
#include "go.h"
#include <stdlib.h>
#include <string.h>

#if __SIZEOF_POINTER__ == 8
#define WORD ".8byte"
#else
#define WORD ".4byte"
#endif

/* A probe: an instruction that does nothing, and a note about it. The arguments are the operands that follow. */
#define PROBE_OF(provider, name, semaphore, arguments, ...)                                                                       \
    __asm__ volatile("990: nop\n"                                                                                                \
                     ".pushsection .note.stapsdt,\"\",\"note\"\n"                                                                \
                     ".balign 4\n"                                                                                               \
                     ".4byte 992f-991f, 994f-993f, 3\n"                                                                          \
                     "991: .asciz \"stapsdt\"\n"                                                                                 \
                     "992: .balign 4\n"                                                                                          \
                     "993: " WORD " 990b, _.stapsdt.base, " semaphore "\n"                                                       \
                     ".asciz \"" provider "\"\n"                                                                                 \
                     ".asciz \"" name "\"\n"                                                                                     \
                     ".asciz \"" arguments "\"\n"                                                                                \
                     "994: .balign 4\n"                                                                                          \
                     ".popsection\n"                                                                                             \
                     ".ifndef _.stapsdt.base\n"                                                                                  \
                     ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"                                     \
                     ".weak _.stapsdt.base\n"                                                                                    \
                     ".hidden _.stapsdt.base\n"                                                                                  \
                     "_.stapsdt.base: .space 1\n"                                                                                \
                     ".size _.stapsdt.base, 1\n"                                                                                 \
                     ".popsection\n"                                                                                             \
                     ".endif\n" __VA_ARGS__)
#define PROBE(name, arguments, ...) PROBE_OF("bttui_load", name, "0", arguments, __VA_ARGS__)

__attribute__((section(".probes"), used, visibility("hidden"))) unsigned short guarded_semaphore;
static int tally = 40;
static short table[4] = {100, -200, 300, -400};

__attribute__((noinline)) static void once(long i) {
    PROBE("none", "");
    PROBE("registers", "-4@%0 8@%1 -1@%2 4@%3", ::"r"((int)-i), "r"(i * 1000000007L), "r"((char)-1), "r"((unsigned)i));
    long local = i * 3;
    short small = -5;
    unsigned char tiny = 200;
    PROBE("memory", "8@%0 -2@%1 1@%2 -1@%2", ::"m"(local), "m"(small), "m"(tiny));
    const char *text = i % 2 ? "odd" : "even";
    PROBE("text", "8@%0 -4@%1", ::"r"(text), "r"((int)i));
#ifdef __x86_64__
    PROBE("constants", "4@$5 -4@$-7 8@$0x123456789abc", );
    PROBE("numbers", "4@$5 -4@$-7 -1@$255 1@$-1 2@$70000 8@$-1", );
    long index = i % 4;
    PROBE("indexed", "-2@(%0,%1,2) -2@2(%0,%2,2) 8@%0", ::"r"(table), "r"(index), "r"(index - 1));
    PROBE("global", "4@%0 -2@table+2(%%rip) -2@table(%%rip)", ::"m"(tally));
#if !defined(__PIC__) && !defined(__PIE__)
    PROBE("absolute", "-2@table(,%0,2) -2@table+2 8@$table", ::"r"(index));
#endif
    PROBE("high", "1@%%ah -1@%%al 2@%%ax 8f@%%xmm0", ::"a"(0x1234567890LL + i % 16));
#else
    PROBE("constants", "4@5 -4@-7 8@20015998343868", );
    PROBE("numbers", "4@5 -4@-7 -1@255 1@-1 2@70000 8@-1", );
#endif
    tally += 1;
    PROBE("twice", "8@%0", ::"r"(i));
    if (*(volatile unsigned short *)&guarded_semaphore)
        PROBE_OF("bttui_load", "guarded", "guarded_semaphore", "8@%0", ::"r"(i));
    PROBE_OF("bttui_other", "none", "0", "-4@%0", ::"r"((int)i));
}

__attribute__((noinline)) static void again(long i) {
    volatile long there = i + 1000;
    PROBE("twice", "8@%0", ::"m"(there));
}

int main(int argc, char **argv) {
    int wait = argc > 1 && !strcmp(argv[1], "-w");
    if (argc - wait < 2)
        return 2;
    long rounds = atol(argv[1 + wait]), guarded = 0;
    announce(wait);
    for (long i = 0; i < rounds; i++) {
        guarded += *(volatile unsigned short *)&guarded_semaphore > 0;
        once(i);
        again(i);
    }
    printf("rounds=%ld guarded=%ld\n", rounds, guarded);
    return 0;
}
