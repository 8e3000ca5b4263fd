/* Says where things are in its memory, as name=0xADDRESS words on one line, and ends when its input does.
 *
 *   addresses [LIBRARY FUNCTION]     also loads a library and says where a function of it is
 *
 * Words: pid (decimal), own_function, library_function (getppid), vdso_function (__vdso_clock_gettime), made (code in
 * memory of no file), and loaded (FUNCTION).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

__attribute__((noinline)) int own_function(int value) { return value + 1; }

int main(int argc, char **argv) {
    void *vdso = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
    void *loaded = argc > 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
    void *made = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char byte;
    printf("pid=%d own_function=%p library_function=%p vdso_function=%p made=%p loaded=%p\n", getpid(), (void *)own_function,
           (void *)getppid, vdso ? dlsym(vdso, "__vdso_clock_gettime") : NULL, made, loaded ? dlsym(loaded, argv[2]) : NULL);
    fflush(stdout);
    return read(0, &byte, 1) < 0;
}
