/* Does a known amount of work and says on standard output, as key=value words, what it did.
 *
 *   load [-w] syscalls N             N getppid(2)
 *   load [-w] reads SIZE COUNT ...   COUNT reads of SIZE bytes each, in the order given, from /dev/zero
 *   load [-w] opens FILE ...         each FILE once through open(2) and once through openat(2); failures count
 *   load [-w] sleeps N MILLISECONDS  N sleeps
 *   load [-w] forks N                N children, one after the other, that exit at once
 *   load [-w] switches N             N round trips between two processes through pipes
 *   load [-w] disk FILE COUNT        COUNT direct reads of 4096 bytes each
 *   load [-w] packets N              N datagrams of 100 bytes to UDP port 9 of this machine
 *
 * First line: pid=PID. With -w it then waits for SIGUSR1, so that a tracer can attach to a program that has
 * started already: from then on it makes no system call but those of its work, one write(2) of the report and one
 * exit_group(2), and the report's total= counts them all.
 */
#define _GNU_SOURCE
#include "go.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static char line[256];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void say(int length) {
    if (write(STDOUT_FILENO, line, length) != length)
        fail("write");
}

static void report(const char *what, long count, long syscalls) {
    say(snprintf(line, sizeof line, "%s=%ld total=%ld\n", what, count, syscalls + 2)); /* this write, exit_group */
    syscall(SYS_exit_group, 0);
}

static int zero;

static void reads(char **words) {
    static char buffer[1 << 20];
    long done = 0;
    for (; words[0] && words[1]; words += 2) {
        size_t size = strtoul(words[0], NULL, 0);
        if (size > sizeof buffer)
            size = sizeof buffer;
        for (long left = atol(words[1]); left > 0; left--, done++)
            if (syscall(SYS_read, zero, buffer, size) != (long)size)
                fail("read");
    }
    report("reads", done, done);
}

static void opens(char **files) {
    long done = 0, closed = 0;
    for (; *files; files++)
        for (int at = 0; at < 2; at++, done++) {
#ifdef SYS_open
            long fd = at ? syscall(SYS_openat, AT_FDCWD, *files, O_RDONLY) : syscall(SYS_open, *files, O_RDONLY);
#else
            long fd = syscall(SYS_openat, AT_FDCWD, *files, O_RDONLY);
#endif
            if (fd >= 0) {
                syscall(SYS_close, fd);
                closed++;
            }
        }
    report("opens", done, done + closed);
}

static void switches(long count) {
    int there[2], back[2];
    char byte = 0;
    if (pipe(there) || pipe(back))
        fail("pipe");
    pid_t child = fork();
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1)
            if (write(back[1], &byte, 1) != 1)
                _exit(1);
        _exit(0);
    }
    for (long left = count; left > 0; left--)
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            fail("round trip");
    close(there[1]);
    waitpid(child, NULL, 0);
    say(snprintf(line, sizeof line, "switches=%ld child=%d\n", count, child));
}

static void disk(const char *file, long count) {
    static char buffer[4096] __attribute__((aligned(4096)));
    int fd = open(file, O_RDONLY | O_DIRECT);
    if (fd < 0)
        fail(file);
    for (long done = 0; done < count; done++)
        if (read(fd, buffer, sizeof buffer) != sizeof buffer)
            fail(file);
    say(snprintf(line, sizeof line, "disk=%ld\n", count));
}

static void packets(long count) {
    static char data[100];
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    for (long left = count; left > 0; left--)
        if (sendto(fd, data, sizeof data, 0, (struct sockaddr *)&there, sizeof there) != sizeof data)
            fail("sendto");
    say(snprintf(line, sizeof line, "packets=%ld\n", count));
}

int main(int argc, char **argv) {
    int wait = argc > 1 && !strcmp(argv[1], "-w");
    argv += wait;
    if (argc - wait < 3) {
        fprintf(stderr, "load: what, and how much?\n");
        return 2;
    }
    const char *what = argv[1];
    long count = atol(argv[2]);
    zero = open("/dev/zero", O_RDONLY);

    announce(wait);

    if (!strcmp(what, "syscalls")) {
        for (long left = count; left > 0; left--)
            syscall(SYS_getppid);
        report(what, count, count);
    } else if (!strcmp(what, "reads")) {
        reads(argv + 2);
    } else if (!strcmp(what, "opens")) {
        opens(argv + 2);
    } else if (!strcmp(what, "sleeps")) {
        long milliseconds = argv[3] ? atol(argv[3]) : 1;
        struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
        for (long left = count; left > 0; left--)
            syscall(SYS_nanosleep, &time, NULL);
        report(what, count, count);
    } else if (!strcmp(what, "forks")) {
        for (long left = count; left > 0; left--) {
            pid_t child = fork();
            if (child == 0)
                _exit(0);
            waitpid(child, NULL, 0);
        }
        say(snprintf(line, sizeof line, "forks=%ld\n", count));
    } else if (!strcmp(what, "switches")) {
        switches(count);
    } else if (!strcmp(what, "packets")) {
        packets(count);
    } else if (!strcmp(what, "disk")) {
        disk(argv[2], argv[3] ? atol(argv[3]) : 1);
    } else {
        fprintf(stderr, "load: unknown work: %s\n", what);
        return 2;
    }
    return 0;
}
