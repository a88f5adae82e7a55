/* What a program tells the disk about the files of one folder, and when the disk said that it is there: a journal from which the test
 * makes what could be left after a power cut. Preloaded (LD_PRELOAD) into one process.
 *
 *   POWER_FOLDER   the folder, absolute; what lies below it is followed
 *   POWER_JOURNAL  the file for the journal, outside of the folder
 *   POWER_SWALLOW  a lying disk: every so many-th sync is answered and not done (1: all); without it none
 *
 * A change is done and journalled under one lock, so that the journal has them in their order; a sync is journalled when it begins
 * and when it has come back, because only what was written before it began is promised. What cannot be journalled ends the process: a
 * journal with holes would call lost what is not. Memory maps are not seen: SQLite maps nothing but its -shm file, which is dropped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "64-bit files only");

enum { FDS = 65536 };
enum { NOT_OURS, PLAIN, SYNCED, FOLDER };

struct seen {
    uint64_t inode;
    int what;
};
/* One record; name and data follow it. All in this machine's byte order. */
struct record {
    uint32_t mark;
    uint32_t kind;
    uint64_t inode;
    uint64_t at;
    uint64_t size;
};

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static struct seen fds[FDS];
static char folder[PATH_MAX];
static size_t folder_length;
static int journal = -1;
static uint64_t syncs;
static uint64_t swallow;

static void give_up(const char *why) {
    dprintf(2, "power shim: %s\n", why);
    abort();
}

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("POWER_FOLDER"), *to = getenv("POWER_JOURNAL"), *lies = getenv("POWER_SWALLOW");
    if (!path || !to) return;
    if (!realpath(path, folder)) give_up("no folder");
    folder_length = strlen(folder);
    swallow = lies ? strtoull(lies, NULL, 10) : 0;
    journal = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) give_up("no journal");
}

/* A process that ends while another of its threads has changed something and not yet journalled it would leave a hole: whoever ends it
 * waits for that thread, and then lets nobody else begin. */
__attribute__((destructor)) static void end(void) {
    if (journal >= 0) pthread_mutex_lock(&lock);
}

static void note(uint32_t kind, uint64_t inode, uint64_t at, const char *name, const void *data, size_t size) {
    struct record record = {0x52574f50, kind, inode, at, (name ? strlen(name) : 0) + size};
    struct iovec parts[3] = {
        {&record, sizeof record},
        {(void *)(name ? name : ""), name ? strlen(name) : 0},
        {(void *)data, size},
    };
    if (syscall(SYS_writev, journal, parts, 3) != (ssize_t)(sizeof record + record.size)) give_up("the journal is not written");
}

static struct seen *ours(int fd) {
    return journal >= 0 && fd >= 0 && fd < FDS && fds[fd].what != NOT_OURS ? &fds[fd] : NULL;
}

/* The name of a path below the folder ("" for the folder itself), or NULL. */
static const char *below(const char *path) {
    if (strncmp(path, folder, folder_length)) return NULL;
    if (!path[folder_length]) return path + folder_length;
    return path[folder_length] == '/' ? path + folder_length + 1 : NULL;
}

static const char *named(const char *path, char *full) {
    if (journal < 0) return NULL;
    if (path[0] == '/') return below(path);
    if (!getcwd(full, PATH_MAX) || strlen(full) + strlen(path) + 2 > PATH_MAX) return NULL;
    strcat(strcat(full, "/"), path);
    return below(full);
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    if (journal < 0) return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&lock);
    int there = syscall(SYS_faccessat, at, path, F_OK) == 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode), kept = errno;
    if (fd >= 0 && fd < FDS) {
        char link[64], full[PATH_MAX];
        struct stat about;
        fds[fd].what = NOT_OURS;
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, full, sizeof full - 1);
        full[length > 0 ? length : 0] = 0;
        const char *name = below(full);
        if (name && !fstat(fd, &about)) {
            fds[fd].inode = about.st_ino;
            fds[fd].what = S_ISDIR(about.st_mode) ? FOLDER : flags & (O_SYNC | O_DSYNC) ? SYNCED : PLAIN;
            if (fds[fd].what != FOLDER) {
                note(there ? 'o' : 'c', about.st_ino, 0, name, NULL, 0);
                if (flags & O_TRUNC) note('t', about.st_ino, 0, NULL, NULL, 0);
            }
        }
    }
    pthread_mutex_unlock(&lock);
    errno = kept;
    return fd;
}

#define MODE(flags)                                   \
    mode_t mode = 0;                                  \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {          \
        va_list more;                                 \
        va_start(more, flags);                        \
        mode = va_arg(more, mode_t);                  \
        va_end(more);                                 \
    }
int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < FDS) fds[fd].what = NOT_OURS;
    int done = (int)syscall(SYS_close, fd), kept = errno;
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

static ssize_t written(int fd, const void *data, size_t size, off_t at, int is_here) {
    struct seen *seen = ours(fd);
    if (!seen) return is_here ? syscall(SYS_write, fd, data, size) : syscall(SYS_pwrite64, fd, data, size, at);
    pthread_mutex_lock(&lock);
    if (is_here) {
        struct stat about;
        at = (fcntl(fd, F_GETFL) & O_APPEND) && !fstat(fd, &about) ? about.st_size : lseek(fd, 0, SEEK_CUR);
    }
    ssize_t done = is_here ? syscall(SYS_write, fd, data, size) : syscall(SYS_pwrite64, fd, data, size, at);
    int kept = errno;
    if (done > 0) note(seen->what == SYNCED ? 'W' : 'w', seen->inode, (uint64_t)at, NULL, data, (size_t)done);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

ssize_t write(int fd, const void *data, size_t size) { return written(fd, data, size, 0, 1); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return written(fd, data, size, at, 0); }
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) { return written(fd, data, size, at, 0); }

static int cut(int fd, off_t size) {
    struct seen *seen = ours(fd);
    if (!seen) return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_ftruncate, fd, size), kept = errno;
    if (!done) note('t', seen->inode, (uint64_t)size, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

int ftruncate(int fd, off_t size) { return cut(fd, size); }
int ftruncate64(int fd, off_t size) { return cut(fd, size); }

static int grown(int fd, int mode, off_t at, off_t size) {
    struct seen *seen = ours(fd);
    if (!seen) return (int)syscall(SYS_fallocate, fd, mode, at, size);
    if (mode) give_up("a fallocate that is not followed");
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_fallocate, fd, mode, at, size), kept = errno;
    if (!done) note('g', seen->inode, (uint64_t)(at + size), NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

int fallocate(int fd, int mode, off_t at, off_t size) { return grown(fd, mode, at, size); }
int fallocate64(int fd, int mode, off_t at, off_t size) { return grown(fd, mode, at, size); }
int posix_fallocate(int fd, off_t at, off_t size) { return grown(fd, 0, at, size) ? errno : 0; }
int posix_fallocate64(int fd, off_t at, off_t size) { return posix_fallocate(fd, at, size); }

static int synced(int fd, long how) {
    struct seen *seen = ours(fd);
    if (!seen) return (int)syscall(how, fd);
    pthread_mutex_lock(&lock);
    uint64_t number = ++syncs, inode = seen->inode;
    int is_lost = swallow && number % swallow == 0;
    if (!is_lost) note(seen->what == FOLDER ? 'D' : 'F', inode, number, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    if (is_lost) return 0;
    int done = (int)syscall(how, fd), kept = errno;
    if (!done) {
        pthread_mutex_lock(&lock);
        note('e', inode, number, NULL, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    errno = kept;
    return done;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int unlink(const char *path) {
    char full[PATH_MAX];
    const char *name = named(path, full);
    if (!name) return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0), kept = errno;
    if (!done) note('u', 0, 0, name, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

int rename(const char *from, const char *to) {
    char full[PATH_MAX], other[PATH_MAX];
    const char *name = named(from, full), *new = named(to, other);
    if (!name != !new) give_up("a rename into the folder or out of it");
    if (!name) return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to), kept = errno;
    if (!done) note('r', 0, strlen(name), name, new, strlen(new));
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}
