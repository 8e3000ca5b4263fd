/* The first process of a virtual machine of tools/vm, alone in its initial RAM disk.
 *
 * Loads the modules, puts a throw-away layer over the host's files, becomes root there, runs /job with bash and
 * sends what it says through the virtio serial port: frames of a byte ('1' standard output, '2' standard error,
 * 'x' the end), a little-endian u32 length, and as many bytes. The end's bytes are the exit code in decimal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEW "/new"

/* What goes wrong before the port works can be read on the console. */
static void give_up(const char *what) {
    fprintf(stderr, "vm-init: %s: %s\n", what, strerror(errno));
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

static void attach(const char *type, const char *folder, const char *options) {
    mkdir(folder, 0755);
    if (mount(type, folder, type, 0, options))
        fprintf(stderr, "vm-init: no %s on %s: %s\n", type, folder, strerror(errno));
}

static void load_modules(void) {
    FILE *list = fopen("/modules/order", "r");
    char path[256];
    while (list && fscanf(list, "%255s", path) == 1) {
        int fd = open(path, O_RDONLY);
        if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
            fprintf(stderr, "vm-init: %s: %s\n", path, strerror(errno));
        close(fd);
    }
}

static char *read_job(void) {
    struct stat status;
    int fd = open("/job", O_RDONLY);
    if (fd < 0 || fstat(fd, &status))
        give_up("/job");
    char *text = calloc(1, status.st_size + 1);
    if (read(fd, text, status.st_size) != status.st_size)
        give_up("/job");
    close(fd);
    return text;
}

/* Its name has the number of the virtio device, which depends on the other devices. */
static int open_port(void) {
    glob_t found;
    int port = -1;
    if (!glob("/dev/vport*p1", 0, NULL, &found)) {
        port = open(found.gl_pathv[0], O_WRONLY | O_CLOEXEC);
        globfree(&found);
    }
    return port;
}

static void send_all(int port, const void *bytes, size_t length) {
    while (length) {
        ssize_t sent = write(port, bytes, length);
        if (sent < 0)
            give_up("port");
        bytes = (const char *)bytes + sent;
        length -= sent;
    }
}

static void send_frame(int port, char kind, const void *bytes, uint32_t length) {
    char head[5] = {kind, length, length >> 8, length >> 16, length >> 24};
    send_all(port, head, sizeof head);
    send_all(port, bytes, length);
}

/* One read from each pipe that has something, waiting up to `milliseconds` for it. Returns how many were open. */
static int forward(int port, struct pollfd *pipes, int milliseconds) {
    static char buffer[65536];
    int open_pipes = 0;
    poll(pipes, 2, milliseconds);
    for (int i = 0; i < 2; i++) {
        if (pipes[i].fd >= 0 && pipes[i].revents) {
            ssize_t length = read(pipes[i].fd, buffer, sizeof buffer);
            if (length > 0)
                send_frame(port, '1' + i, buffer, length);
            else
                pipes[i].fd = -1;
        }
        open_pipes += pipes[i].fd >= 0;
    }
    return open_pipes;
}

int main(void) {
    attach("proc", "/proc", "");
    attach("sysfs", "/sys", "");
    attach("devtmpfs", "/dev", "");
    load_modules();
    char *job = read_job();

    mkdir("/host", 0755), mkdir(NEW, 0755);
    if (mount("host", "/host", "virtiofs", MS_RDONLY, ""))
        give_up("the host's files");
    attach("tmpfs", "/layer", "size=75%");
    mkdir("/layer/upper", 0755), mkdir("/layer/work", 0755);
    if (mount("overlay", NEW, "overlay", 0, "lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work"))
        give_up("overlay");
    const char *moved[] = {"/proc", "/sys", "/dev"};
    for (int i = 0; i < 3; i++) {
        char target[32];
        snprintf(target, sizeof target, NEW "%s", moved[i]);
        if (mount(moved[i], target, NULL, MS_MOVE, NULL))
            give_up(moved[i]);
    }
    if (chdir(NEW) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
        give_up("chroot");
    attach("devpts", "/dev/pts", "mode=620,ptmxmode=666");
    attach("tmpfs", "/dev/shm", "");
    attach("tracefs", "/sys/kernel/tracing", "");
    attach("debugfs", "/sys/kernel/debug", "");
    attach("bpf", "/sys/fs/bpf", "");
    attach("cgroup2", "/sys/fs/cgroup", "");
    symlink("/proc/self/fd", "/dev/fd");
    sethostname("vm", 2);
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    ioctl(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), SIOCSIFFLAGS, &loopback);

    /* The driver makes the port a little later than the device. */
    int port = -1;
    for (int tries = 0; port < 0 && tries < 2000; tries++) {
        usleep(tries ? 5000 : 0);
        port = open_port();
    }
    int out[2], err[2];
    if (port < 0 || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
        give_up("port");
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDONLY);
        setsid();
        dup2(null, 0), dup2(out[1], 1), dup2(err[1], 2);
        execl("/bin/bash", "bash", "-c", job, NULL);
        perror("/bin/bash");
        _exit(127);
    }
    close(out[1]), close(err[1]);

    /* Orphans become ours, so only the job's own end counts. What it left behind may go on writing: that is not
     * waited for. */
    struct pollfd pipes[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
    int status = 0;
    pid_t ended = 0;
    while (ended != child) {
        forward(port, pipes, 20);
        while ((ended = waitpid(-1, &status, WNOHANG)) > 0 && ended != child)
            ;
    }
    while (poll(pipes, 2, 0) > 0 && forward(port, pipes, 0))
        ;
    char code[16];
    snprintf(code, sizeof code, "%d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    send_frame(port, 'x', code, strlen(code));
    for (;;)
        pause(); /* whoever reads the end switches the machine off */
}
