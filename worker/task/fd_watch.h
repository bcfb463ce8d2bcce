/* SPDX-License-Identifier: MIT */
/*
 * fd_watch.h - one look-out for a descriptor that somebody else owns, for as long as a wait lasts.
 * What is read and written for longer has an io (io.h).
 */
#ifndef COPPICE_FD_WATCH_H
#define COPPICE_FD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* Room for libev's ev_io, which this header does not show. */
#define FD_WATCH_SIZE 48

struct fd_watch {
    void (*ready)(struct fd_watch *watch);
    uint64_t watcher[FD_WATCH_SIZE / 8];
};

/* Is it ready now? 0, -EAGAIN, or -EBADF when it is no open descriptor. One poll(2). */
int fd_watch_try(int fd, bool write);

/* Have ready(watch) called, on the loop's stack and until it is stopped, when fd can be read (or
 * written), has ended or has failed. */
void fd_watch_start(struct fd_watch *watch, int fd, bool write,
                    void (*ready)(struct fd_watch *watch));

void fd_watch_stop(struct fd_watch *watch);

#endif
