/* How loads begin: with a line that says which process they are, and where they are told to, with waiting for a word. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* They are in no stack and no list of functions. */
#define INSIDE static inline __attribute__((always_inline))

/* From now on SIGUSR1, the word, ends neither this thread nor those that it makes. */
INSIDE sigset_t block_go(void) {
    sigset_t go;
    sigemptyset(&go);
    sigaddset(&go, SIGUSR1);
    sigprocmask(SIG_BLOCK, &go, NULL);
    return go;
}

/* Says pid=PID, then waits for the word if `waits`. */
INSIDE void announce(int waits) {
    sigset_t go = block_go();
    printf("pid=%d\n", getpid());
    fflush(stdout);
    if (waits)
        sigwaitinfo(&go, NULL);
}
