/* Fails, or kills the process, at the n-th call that changes the file system; loaded with LD_PRELOAD.
   Counting begins with arm(n, mode): mode 0 kills at call n, 1 has every call that takes room fail from then on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long armed = -1, count = 0;
static int full = 0;

void arm(long at, int mode) { armed = at; full = mode; count = 0; }
long counted(void) { return count; }

static int hit(int takes_room) {
    if (armed < 0) return 0;
    long now = count++;
    if (!full && now == armed) { kill(getpid(), SIGKILL); pause(); }
    if (full && takes_room && now >= armed) { errno = ENOSPC; return 1; }
    return 0;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define WRAP(type, name, room, parameters, arguments) \
    type name parameters { REAL(name); return hit(room) ? (type)-1 : real arguments; }

WRAP(ssize_t, write, 1, (int f, const void *b, size_t n), (f, b, n))
WRAP(ssize_t, pwrite, 1, (int f, const void *b, size_t n, off_t o), (f, b, n, o))
WRAP(ssize_t, copy_file_range, 1, (int i, off_t *io, int o, off_t *oo, size_t n, unsigned g), (i, io, o, oo, n, g))
WRAP(int, mkdir, 1, (const char *p, mode_t m), (p, m))
WRAP(int, mkdirat, 1, (int d, const char *p, mode_t m), (d, p, m))
WRAP(int, symlink, 1, (const char *t, const char *p), (t, p))
WRAP(int, symlinkat, 1, (const char *t, int d, const char *p), (t, d, p))
WRAP(int, link, 1, (const char *t, const char *p), (t, p))
WRAP(int, rename, 0, (const char *a, const char *b), (a, b))
WRAP(int, renameat, 0, (int d, const char *a, int e, const char *b), (d, a, e, b))
WRAP(int, unlink, 0, (const char *p), (p))
WRAP(int, unlinkat, 0, (int d, const char *p, int g), (d, p, g))
WRAP(int, rmdir, 0, (const char *p), (p))
WRAP(int, chmod, 0, (const char *p, mode_t m), (p, m))
WRAP(int, fsync, 0, (int f), (f))
WRAP(int, fdatasync, 0, (int f), (f))
WRAP(int, ftruncate, 0, (int f, off_t n), (f, n))

#define OPEN(name, first, pass) \
    int name first { \
        mode_t mode = 0; \
        if (flags & O_CREAT) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
        REAL(name); \
        return ((flags & O_CREAT) && hit(1)) ? -1 : real pass; \
    }
OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))

/* sendfile of the kernel, which shutil.copyfile uses, comes in two names. */
#include <sys/sendfile.h>
WRAP(ssize_t, sendfile, 1, (int o, int i, off_t *p, size_t n), (o, i, p, n))
WRAP(ssize_t, sendfile64, 1, (int o, int i, off64_t *p, size_t n), (o, i, p, n))
