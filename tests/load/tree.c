/* A tree of processes that is there to be looked at.
 *
 *   tree [-w] CHILDREN THREADS FILES AREAS   each of 1 + CHILDREN processes has THREADS more threads, FILES more open
 *                                            files, and AREAS more mapped pages that no two neighbours share
 *
 * First line: pid=PID, once all of it is there. With -w it then waits for SIGUSR1. All children end before their parent.
 */
#define _GNU_SOURCE
#include "go.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

static void *stay(void *unused) {
    (void)unused;
    while (pause() < 0)
        continue;
    return NULL;
}

static void fill(long threads, long files, long areas) {
    long size = sysconf(_SC_PAGESIZE);
    for (long i = 0; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, stay, NULL))
            exit(1);
    }
    for (long i = 0; i < files; i++)
        if (open("/dev/null", O_RDONLY) < 0)
            exit(1);
    /* Pages of one kind side by side would be one area. */
    for (long i = 0; i < areas; i++)
        if (mmap(NULL, size, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
            exit(1);
}

int main(int argc, char **argv) {
    int wait_first = argc > 1 && !strcmp(argv[1], "-w"), ready[2];
    if (argc - wait_first < 5)
        return 2;
    long numbers[4];
    for (int i = 0; i < 4; i++)
        numbers[i] = atol(argv[1 + wait_first + i]);
    sigset_t go = block_go();
    if (pipe(ready))
        return 1;
    for (long i = 0; i < numbers[0]; i++) {
        if (fork() == 0) {
            fill(numbers[1], numbers[2], numbers[3]);
            if (write(ready[1], "", 1) != 1)
                _exit(1);
            sigwaitinfo(&go, NULL);
            _exit(0);
        }
    }
    fill(numbers[1], numbers[2], numbers[3]);
    for (long i = 0; i < numbers[0]; i++) {
        char byte;
        if (read(ready[0], &byte, 1) != 1)
            return 1;
    }
    announce(wait_first);
    kill(0, SIGUSR1); /* the tracer's tests give each load a session of its own; ours is blocked */
    while (wait(NULL) > 0)
        continue;
    printf("children=%ld\n", numbers[0]);
    return 0;
}
