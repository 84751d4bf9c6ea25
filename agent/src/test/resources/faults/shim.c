/*
 * Makes calls to files fail, for tests: preloaded into the program (LD_PRELOAD).
 *
 * The environment variable TRAPLINE_FAULTS names a file of rules, a line each:
 *
 *     CALL PART FROM WHAT
 *
 * CALL is sync (fsync, fdatasync) or write (write, pwrite, writev, ftruncate, fallocate); PART is a
 * part of the file's path; FROM counts from 1: this call and all after it; WHAT is EIO, ENOSPC, or
 * sleep:MILLISECONDS, after which the call goes on. The file is read at each call, so that it may be
 * changed while the program runs; a changed file starts all counts anew, an empty one ends all faults.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MOST_RULES 16

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char seen[4096];
static long counts[MOST_RULES];

static int number_of(const char *what)
{
    if (strcmp(what, "ENOSPC") == 0)
        return ENOSPC;
    return EIO;
}

/* What to answer: 0 = go on. */
static int fault(const char *call, int fd)
{
    const char *rules = getenv("TRAPLINE_FAULTS");
    if (rules == NULL)
        return 0;
    int saved = errno;
    int file = (int) syscall(SYS_openat, AT_FDCWD, rules, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        errno = saved;
        return 0;
    }
    char text[sizeof seen];
    long length = syscall(SYS_read, file, text, sizeof text - 1);
    syscall(SYS_close, file);
    if (length <= 0) {
        errno = saved;
        return 0;
    }
    text[length] = 0;
    char link[64];
    char path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t end = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (end < 0)
        return 0;
    path[end] = 0;

    int answer = 0;
    long pause = 0;
    pthread_mutex_lock(&lock);
    if (strcmp(text, seen) != 0) {
        strcpy(seen, text);
        memset(counts, 0, sizeof counts);
    }
    char *rest = NULL;
    int rule = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL && rule < MOST_RULES;
         line = strtok_r(NULL, "\n", &rest), rule++) {
        char which[16], part[1024], what[32];
        long from;
        if (sscanf(line, "%15s %1023s %ld %31s", which, part, &from, what) != 4)
            continue;
        if (strcmp(which, call) != 0 || strstr(path, part) == NULL)
            continue;
        if (++counts[rule] < from)
            continue;
        if (strncmp(what, "sleep:", 6) == 0)
            pause = atol(what + 6);
        else
            answer = number_of(what);
    }
    pthread_mutex_unlock(&lock);
    if (pause > 0) {
        struct timespec time = {pause / 1000, pause % 1000 * 1000000};
        nanosleep(&time, NULL);
    }
    errno = saved;
    return answer;
}

#define FAIL_IF_TOLD(call, fd)              \
    do {                                    \
        int told = fault(call, fd);         \
        if (told != 0) {                    \
            errno = told;                   \
            return -1;                      \
        }                                   \
    } while (0)

int fsync(int fd)
{
    FAIL_IF_TOLD("sync", fd);
    return (int) syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    FAIL_IF_TOLD("sync", fd);
    return (int) syscall(SYS_fdatasync, fd);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    FAIL_IF_TOLD("write", fd);
    return syscall(SYS_write, fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at)
{
    FAIL_IF_TOLD("write", fd);
    return syscall(SYS_pwrite64, fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
    FAIL_IF_TOLD("write", fd);
    return syscall(SYS_pwrite64, fd, bytes, count, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    FAIL_IF_TOLD("write", fd);
    return syscall(SYS_writev, fd, parts, count);
}

int ftruncate64(int fd, off64_t length)
{
    FAIL_IF_TOLD("write", fd);
    return (int) syscall(SYS_ftruncate, fd, length);
}

int ftruncate(int fd, off_t length)
{
    FAIL_IF_TOLD("write", fd);
    return (int) syscall(SYS_ftruncate, fd, length);
}

int fallocate64(int fd, int mode, off64_t at, off64_t length)
{
    FAIL_IF_TOLD("write", fd);
    return (int) syscall(SYS_fallocate, fd, mode, at, length);
}
