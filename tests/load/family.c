/* Threads, forks, execs and exits while it is traced; each does the same work: CALLS calls of work(), a getppid(2) each.
 *
 *   family [-w] FORKS CALLS OTHER    itself, a thread of it, and FORKS children one after the other; each child works,
 *                                    becomes the program OTHER (another name of this file), and works again
 *   family CALLS                     works: what the children become
 *
 * First line: pid=PID. With -w it then waits for SIGUSR1. At the end it says what all did, as key=value words.
 */
#define _GNU_SOURCE
#include "go.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

__attribute__((noinline, noclone)) void work(void) { syscall(SYS_getppid); }

__attribute__((noinline, noclone)) void *works(void *calls) {
    for (long left = *(long *)calls; left > 0; left--)
        work();
    return NULL;
}

int main(int argc, char **argv) {
    int wait_first = argc > 1 && strcmp(argv[1], "-w") == 0, status;
    long calls, forks, done;
    char **words = argv + 1 + wait_first, *count;
    pthread_t thread;
    if (argc == 2) {
        calls = atol(argv[1]);
        works(&calls);
        _exit(0);
    }
    if (argc != 4 + wait_first)
        return 2;
    forks = atol(words[0]);
    count = words[1];
    calls = atol(count);
    announce(wait_first);
    works(&calls);
    if (pthread_create(&thread, NULL, works, &calls) || pthread_join(thread, NULL))
        return 1;
    for (done = 0; done < forks; done++) {
        pid_t child = fork();
        if (!child) {
            works(&calls);
            execl(words[2], words[2], count, NULL);
            _exit(127);
        }
        if (waitpid(child, &status, 0) != child || status)
            return 1;
    }
    printf("forks=%ld calls=%ld\n", forks, calls);
    return 0;
}
