/* Burns MILLISECONDS of processor time, nearly all of it in inner_loop() called by middle_step() called by
 * outer_task(), then says pid=PID spins=N. Build with frame pointers.
 *
 *   stack [-w] MILLISECONDS          -w: as in load.c, waits for SIGUSR1 after a first line pid=PID
 */
#include "go.h"
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static volatile sig_atomic_t over;
static volatile unsigned long spins;

static void stop(int signal_number) { over = signal_number; }

/* After each call comes something to do, so that no call becomes a jump. */
__attribute__((noinline)) void inner_loop(void) {
    /* A function that calls nobody gets a frame only when it is asked where that is. */
    __asm__ volatile("" : : "r"(__builtin_frame_address(0)));
    while (!over)
        spins++;
}

__attribute__((noinline)) void middle_step(void) {
    inner_loop();
    over++;
}

__attribute__((noinline)) void outer_task(void) {
    middle_step();
    over++;
}

int main(int argc, char **argv) {
    int wait = argc > 1 && !strcmp(argv[1], "-w");
    long milliseconds = argc > 1 + wait ? atol(argv[1 + wait]) : 50;
    if (wait) {
        announce(1);
    }
    struct itimerval budget = {.it_value = {milliseconds / 1000, milliseconds % 1000 * 1000}};
    signal(SIGPROF, stop);
    setitimer(ITIMER_PROF, &budget, NULL);
    outer_task();
    printf("pid=%d spins=%lu\n", getpid(), spins);
    return 0;
}
