/* SPDX-License-Identifier: MIT */
/*
 * socket_calls.h - recv(2) and send(2) of a socket that need not wait.
 *
 * The C library's are points where a thread may be cancelled, which costs two atomic exchanges a
 * call in a process that has threads, and nobody cancels one here. The sanitizers know only those.
 */
#ifndef COPPICE_SOCKET_CALLS_H
#define COPPICE_SOCKET_CALLS_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "worker/task/sanitize.h"

/* As recv and send with these flags, errno included. */
static inline ssize_t socket_recv_now(int fd, void *buffer, size_t size)
{
#if SANITIZED
    return recv(fd, buffer, size, MSG_DONTWAIT);
#else
    return syscall(SYS_recvfrom, fd, buffer, size, MSG_DONTWAIT, NULL, NULL);
#endif
}

static inline ssize_t socket_send_now(int fd, const void *buffer, size_t size)
{
#if SANITIZED
    return send(fd, buffer, size, MSG_NOSIGNAL | MSG_DONTWAIT);
#else
    return syscall(SYS_sendto, fd, buffer, size, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
#endif
}

#endif
