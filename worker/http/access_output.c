/* SPDX-License-Identifier: MIT */
#include "worker/http/access_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/log_file.h"

static struct {
    int fd;
    bool is_socket;
    const char *path; /* NULL: not a file of ours */
    atomic_bool torn; /* a disk that became full took a part of a line */
} output = {.fd = -1};

/* A descriptor that is shared with who knows whom. A pipe gets an open file description of our own,
 * which need not wait. */
static int use_standard(int fd)
{
    struct stat stat;
    char path[32];
    int own = -1;

    if (fstat(fd, &stat) < 0)
        return -errno;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (S_ISFIFO(stat.st_mode))
        own = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK);
    output.is_socket = S_ISSOCK(stat.st_mode);
    output.fd = own < 0 ? fd : own;
    return 0;
}

int access_output_open(const char *where)
{
    int fd;

    if (strcmp(where, "off") == 0)
        return 0;
    if (strcmp(where, "stdout") == 0)
        return use_standard(STDOUT_FILENO);
    if (strcmp(where, "stderr") == 0)
        return use_standard(STDERR_FILENO);
    fd = log_file_open(where);
    if (fd < 0)
        return fd;
    output.fd = fd;
    output.path = where;
    return 0;
}

int access_output_reopen(void)
{
    return output.path ? log_file_reopen(output.fd, output.path) : 0;
}

/* A part of a line stands at the end of the file: the next one begins on a line of its own. */
static ssize_t write_behind_torn(const char *lines, size_t len)
{
    char line_end = '\n';
    struct iovec pieces[] = {{.iov_base = &line_end, .iov_len = 1},
                             {.iov_base = (char *)(uintptr_t)lines, .iov_len = len}};
    ssize_t n = writev(output.fd, pieces, 2);

    if (n > 0)
        return n - 1;
    atomic_store(&output.torn, true);
    return n;
}

static ssize_t write_once(const char *lines, size_t len)
{
    if (output.is_socket)
        return send(output.fd, lines, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (atomic_exchange(&output.torn, false))
        return write_behind_torn(lines, len);
    return write(output.fd, lines, len);
}

static size_t count_lines(const char *lines, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += lines[i] == '\n';
    return n;
}

int access_output_write(const char *lines, size_t len, size_t *lost)
{
    int tries = 0, rc;
    size_t written;
    ssize_t n;

    do
        n = write_once(lines, len);
    while (n < 0 && errno == EINTR && ++tries < 10);
    if (n == (ssize_t)len)
        return 0;
    rc = n < 0 ? -errno : -ENOSPC;
    written = n > 0 ? (size_t)n : 0;
    if (written && lines[written - 1] != '\n')
        atomic_store(&output.torn, true);
    *lost = count_lines(lines + written, len - written);
    return rc;
}
