/* Records what a process does to the files below PLUMBLINE_RECORD_ROOT, in the order in which it
 * does it, into PLUMBLINE_RECORD_FILE; what it says on its standard output is recorded among it.
 * Loaded with LD_PRELOAD by tests/cases/power.rs, which builds it and knows the format.
 *
 * A record is: kind (1 byte), file descriptor (4), number (8), length (4), bytes; little endian.
 *   O opened: number 1 if it was created, 2 if it was cut to nothing; bytes are the path
 *   W written at number; bytes      T length set to number      S to be synced from here on
 *   R renamed: from, 0, to          U unlinked                  D folder made
 *   M said on the standard output
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static int record_fd = -1;
static char tracked[FDS];

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_mkdir)(const char *, mode_t);

__attribute__((constructor)) static void start(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_open = dlsym(RTLD_NEXT, "open64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_mkdir = dlsym(RTLD_NEXT, "mkdir");
    root = getenv("PLUMBLINE_RECORD_ROOT");
    const char *file = getenv("PLUMBLINE_RECORD_FILE");
    if (root && file)
        record_fd = real_open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static int below_root(const char *path) {
    return record_fd >= 0 && strncmp(path, root, strlen(root)) == 0;
}

static int is_tracked(int fd) { return fd >= 0 && fd < FDS && tracked[fd]; }

static void put(const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t done = real_write(record_fd, at, length);
        if (done <= 0)
            abort();
        at += done;
        length -= (size_t)done;
    }
}

static void record(char kind, int fd, uint64_t number, const void *bytes, size_t length) {
    unsigned char head[17];
    uint32_t fd32 = (uint32_t)fd, length32 = (uint32_t)length;
    head[0] = (unsigned char)kind;
    memcpy(head + 1, &fd32, 4);
    memcpy(head + 5, &number, 8);
    memcpy(head + 13, &length32, 4);
    put(head, sizeof head);
    put(bytes, length);
}

static int open_any(const char *path, int flags, mode_t mode) {
    if (!below_root(path))
        return real_open(path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat before;
    int existed = stat(path, &before) == 0;
    int fd = real_open(path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        tracked[fd] = 1;
        uint64_t what = (existed ? 0 : 1) | ((flags & O_TRUNC) ? 2 : 0);
        record('O', fd, what, path, strlen(path));
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_any(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_any(path, flags, mode);
}

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < FDS)
        tracked[fd] = 0;
    int answer = real_close(fd);
    pthread_mutex_unlock(&lock);
    return answer;
}

static ssize_t written(int fd, const void *bytes, ssize_t done) {
    if (done > 0 && is_tracked(fd)) {
        off_t end = lseek(fd, 0, SEEK_CUR);
        record('W', fd, (uint64_t)(end - done), bytes, (size_t)done);
    } else if (done > 0 && fd == STDOUT_FILENO && record_fd >= 0) {
        record('M', fd, 0, bytes, (size_t)done);
    }
    return done;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    pthread_mutex_lock(&lock);
    ssize_t done = written(fd, bytes, real_write(fd, bytes, length));
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    pthread_mutex_lock(&lock);
    int watched = is_tracked(fd) || (fd == STDOUT_FILENO && record_fd >= 0);
    /* One part at a time is allowed, and is a plain write. */
    while (watched && count > 1 && parts[0].iov_len == 0) {
        parts++;
        count--;
    }
    ssize_t done = watched && count > 0
                       ? written(fd, parts[0].iov_base,
                                 real_write(fd, parts[0].iov_base, parts[0].iov_len))
                       : real_writev(fd, parts, count);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    pthread_mutex_lock(&lock);
    ssize_t done = real_pwrite(fd, bytes, length, at);
    if (done > 0 && is_tracked(fd))
        record('W', fd, (uint64_t)at, bytes, (size_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

/* Recorded before it is done: what others write meanwhile is not covered by it. */
static void to_be_synced(int fd) {
    pthread_mutex_lock(&lock);
    if (is_tracked(fd))
        record('S', fd, 0, "", 0);
    pthread_mutex_unlock(&lock);
}

int fsync(int fd) {
    to_be_synced(fd);
    return real_fsync(fd);
}

int fdatasync(int fd) {
    to_be_synced(fd);
    return real_fdatasync(fd);
}

int ftruncate64(int fd, off_t length) {
    pthread_mutex_lock(&lock);
    int answer = real_ftruncate(fd, length);
    if (answer == 0 && is_tracked(fd))
        record('T', fd, (uint64_t)length, "", 0);
    pthread_mutex_unlock(&lock);
    return answer;
}

int rename(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    int answer = real_rename(from, to);
    if (answer == 0 && below_root(to)) {
        size_t first = strlen(from) + 1, length = first + strlen(to);
        char *both = malloc(length + 1);
        memcpy(both, from, first);
        strcpy(both + first, to);
        record('R', -1, 0, both, length);
        free(both);
    }
    pthread_mutex_unlock(&lock);
    return answer;
}

int unlink(const char *path) {
    pthread_mutex_lock(&lock);
    int answer = real_unlink(path);
    if (answer == 0 && below_root(path))
        record('U', -1, 0, path, strlen(path));
    pthread_mutex_unlock(&lock);
    return answer;
}

int mkdir(const char *path, mode_t mode) {
    pthread_mutex_lock(&lock);
    int answer = real_mkdir(path, mode);
    if (answer == 0 && below_root(path))
        record('D', -1, 0, path, strlen(path));
    pthread_mutex_unlock(&lock);
    return answer;
}
