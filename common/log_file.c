/* SPDX-License-Identifier: MIT */
#include "common/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int log_file_open(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);

    return fd < 0 ? -errno : fd;
}

int log_file_reopen(int fd, const char *path)
{
    int new = log_file_open(path), rc = 0;

    if (new < 0)
        return new;
    if (dup3(new, fd, O_CLOEXEC) < 0)
        rc = -errno;
    close(new);
    return rc;
}
