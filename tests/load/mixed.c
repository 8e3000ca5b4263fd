/* System calls of several kinds, after a SIGUSR1: mixed -w N. Prints what it made.

   N times getppid, N reads of 100 bytes, N/2 opens of a file that does not exist (they give -ENOENT), and on x86_64 N 32-bit
   system calls by int $0x80 (getppid too, which has another number there). */
#define _GNU_SOURCE
#include "go.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>

int main(int argc, char **argv) {
    static char line[200], bytes[100];
    long count = argc > 2 ? atol(argv[2]) : 0;
    int zero = open("/dev/zero", O_RDONLY);
    announce(1);
    for (long done = 0; done < count; done++) {
        syscall(SYS_getppid);
        syscall(SYS_read, zero, bytes, sizeof bytes);
        if (done % 2)
            syscall(SYS_openat, AT_FDCWD, "/nothing/here", O_RDONLY);
#ifdef __x86_64__
        long result;
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(64L) : "memory", "r8", "r9", "r10", "r11");
#endif
    }
    syscall(SYS_write, 1, line, snprintf(line, sizeof line, "count=%ld\n", count));
    return 0;
}
