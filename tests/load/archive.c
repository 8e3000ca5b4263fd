/* Runs a function straight from a place in a file, as libraries run from inside packages.
 *
 *   archive [-w] N FILE OFFSET    N calls of the function at OFFSET, which must not leave its page
 *
 * First line: pid=PID. With -w it then waits for SIGUSR1. At the end it says what it did, as key=value words.
 */
#include "go.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int main(int argc, char **argv) {
    int wait = argc > 1 && !strcmp(argv[1], "-w");
    if (argc - wait < 4)
        return 2;
    long calls = atol(argv[1 + wait]), offset = atol(argv[3 + wait]), page = sysconf(_SC_PAGESIZE), sum = 0;
    int fd = open(argv[2 + wait], O_RDONLY);
    char *code = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, offset / page * page);
    if (code == MAP_FAILED)
        return 1;
    long (*function)(long) = (long (*)(long))(code + offset % page);
    announce(wait);
    for (long i = 0; i < calls; i++)
        sum += function(i);
    printf("calls=%ld sum=%ld\n", calls, sum);
    return 0;
}
