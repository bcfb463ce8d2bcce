/* SPDX-License-Identifier: MIT */
/*
 * io.h - a descriptor and its one watcher, for life.
 *
 * The watcher is initialised once, started at the first wait and left on: a wait costs no
 * epoll_ctl. An event that nobody waits for goes to `idle`, or, where there is none, is not watched
 * for until somebody waits again. One task may wait to read and one to write. In a blocking
 * loop (tasks: 1) the same waits are poll(2).
 */
#ifndef COPPICE_IO_H
#define COPPICE_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/task/task.h"

/* Room for libev's ev_io, which this header does not show. */
#define IO_WATCHER_SIZE 48

struct io {
    int fd;         /* below 0: closed */
    uint8_t wanted; /* events that the watcher is set to; 0: it is off */
    bool initialised;
    struct cop_task *reader; /* in a wait, or woken from it and not running yet */
    struct cop_task *writer;
    /* On the loop's stack, not in a task: readable, and nobody waits. It may end the io. */
    void (*idle)(struct io *io);
    uint64_t watcher[IO_WATCHER_SIZE / 8];
};

/* No system call. idle may be NULL. */
void io_init(struct io *io, int fd, void (*idle)(struct io *io));

/* Stop watching, before the descriptor is closed. Waiters are woken with -EBADF. Does not close it.
 */
void io_fini(struct io *io);

/* Wait until it can be read (or written), has ended, or has failed; at most until `deadline`
 * (COP_NEVER). Returns 0, -ETIMEDOUT, -ECANCELED, -EBUSY when another task waits for the same, or
 * -EBADF when it was closed, before or meanwhile: then the io may be gone. */
int io_wait_readable(struct io *io, cop_time deadline);
int io_wait_writable(struct io *io, cop_time deadline);

/* From now on tell idle() when it can be read. */
void io_watch(struct io *io);

/* Stop telling; the watcher stays known to the kernel where it can. */
void io_unwatch(struct io *io);

#endif
