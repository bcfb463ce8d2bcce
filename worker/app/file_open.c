/* SPDX-License-Identifier: MIT */
#include "worker/app/file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

/* A rename elsewhere may disturb the way through "..", in a link; it does not go on for ever. */
#define TRIES 16

/* File systems keep times in steps of a tick or so. */
#define TICK_NS (20 * NS_PER_MS)

static int open_below(int dir, const char *name, uint64_t flags, bool wait)
{
    struct open_how how = {.flags = flags | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd, tries = 0;

    if (!wait)
        how.resolve |= RESOLVE_CACHED;
    do {
        fd = (int)syscall(SYS_openat2, dir, *name ? name : ".", &how, sizeof(how));
        fd = fd < 0 ? -errno : fd;
    } while (wait && fd == -EAGAIN && ++tries < TRIES);
    /* Kernels before 5.12 do not know how not to wait. */
    return fd == -EINVAL && !wait ? -EAGAIN : fd;
}

/* It may not be read. Returns -EISDIR for a folder, which may have files that may; else -errno. */
static int judge_unreadable(int dir, const char *name, bool wait)
{
    int fd = open_below(dir, name, O_PATH | O_DIRECTORY, wait);

    if (fd < 0)
        return fd == -EAGAIN ? fd : -EACCES;
    (void)close(fd);
    return -EISDIR;
}

static int open_regular(int dir, const char *name, bool wait, struct stat *found)
{
    int fd = open_below(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, wait);
    int rc = fd;

    if (fd < 0)
        return fd == -EACCES ? judge_unreadable(dir, name, wait) : fd;
    if (fstat(fd, found) < 0)
        rc = -errno;
    else if (S_ISDIR(found->st_mode))
        rc = -EISDIR;
    else if (!S_ISREG(found->st_mode))
        rc = -ENOENT;
    if (rc < 0)
        (void)close(fd);
    return rc;
}

/* Returns the number of bytes, or -errno. */
static ssize_t read_all(int fd, char *data, size_t size, bool wait)
{
    size_t len = 0;

    while (len < size) {
        struct iovec piece = {.iov_base = data + len, .iov_len = size - len};
        ssize_t n = preadv2(fd, &piece, 1, (off_t)len, wait ? 0 : RWF_NOWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EOPNOTSUPP ? -EAGAIN : -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

/* The file may have become shorter since it was asked for its size. */
static int load(struct file_body *body, bool wait)
{
    char *data = malloc(body->size + 1);
    ssize_t n = data ? read_all(body->fd, data, body->size, wait) : -ENOMEM;

    if (n < 0) {
        free(data);
        return (int)n;
    }
    (void)close(body->fd);
    body->fd = -1;
    body->data = data;
    body->size = (uint64_t)n;
    return 0;
}

/* Was it changed so shortly ago that a further change could bear the same time? */
static bool is_fresh(const struct stat *found)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (now.tv_sec - found->st_ctim.tv_sec) * NS_PER_S + now.tv_nsec - found->st_ctim.tv_nsec <
           TICK_NS;
}

int file_open(int dir, const char *name, uint64_t memory_max, bool wait, struct file_body *body)
{
    struct file_body made = {.data = NULL};
    int rc;

    made.fd = open_regular(dir, name, wait, &made.stat);
    if (made.fd < 0)
        return made.fd;
    made.size = (uint64_t)made.stat.st_size;
    made.fresh = is_fresh(&made.stat);
    rc = made.size <= memory_max ? load(&made, wait) : 0;
    if (rc < 0)
        file_open_end(&made);
    else
        *body = made;
    return rc;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

int file_open_check(int dir, const char *name, bool wait, const struct file_body *body)
{
    const struct stat *was = &body->stat;
    struct stat is;
    int fd = open_regular(dir, name, wait, &is);

    if (fd < 0)
        return fd;
    (void)close(fd);
    return !body->fresh && is.st_dev == was->st_dev && is.st_ino == was->st_ino &&
                   is.st_size == was->st_size && is_same_time(is.st_mtim, was->st_mtim) &&
                   is_same_time(is.st_ctim, was->st_ctim)
               ? 0
               : -ESTALE;
}

void file_open_end(struct file_body *body)
{
    if (body->fd >= 0)
        (void)close(body->fd);
    free(body->data);
    body->fd = -1;
    body->data = NULL;
}

int file_open_folder(int dir, const char *name)
{
    return open_below(dir, name, O_RDONLY | O_DIRECTORY, true);
}

int file_open_stat(int dir, const char *name, struct stat *found)
{
    int fd = open_below(dir, name, O_PATH, true);
    int rc = fd;

    if (fd < 0)
        return fd;
    rc = fstat(fd, found) < 0 ? -errno : 0;
    (void)close(fd);
    return rc;
}
