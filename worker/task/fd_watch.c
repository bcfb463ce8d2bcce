/* SPDX-License-Identifier: MIT */
#include "worker/task/fd_watch.h"

#include <errno.h>
#include <ev.h>
#include <poll.h>

#include "worker/task/poller.h"
#include "worker/task/sched.h"

_Static_assert(sizeof(ev_io) <= FD_WATCH_SIZE, "fd_watch.h has room for an ev_io");

static void event(struct ev_loop *ev, ev_io *watcher, int revents)
{
    struct fd_watch *watch = watcher->data;

    sched_event(loop_here);
    watch->ready(watch);
}

int fd_watch_try(int fd, bool write)
{
    struct pollfd pollfd = {.fd = fd, .events = write ? POLLOUT : POLLIN};

    if (fd < 0)
        return -EBADF;
    if (poll(&pollfd, 1, 0) <= 0)
        return -EAGAIN;
    return pollfd.revents & POLLNVAL ? -EBADF : 0;
}

void fd_watch_start(struct fd_watch *watch, int fd, bool write,
                    void (*ready)(struct fd_watch *watch))
{
    ev_io *watcher = (ev_io *)(void *)watch->watcher;

    watch->ready = ready;
    ev_io_init(watcher, event, fd, write ? EV_WRITE : EV_READ);
    watcher->data = watch;
    ev_io_start(poller_of(sched_here())->ev, watcher);
}

void fd_watch_stop(struct fd_watch *watch)
{
    ev_io_stop(poller_of(sched_here())->ev, (ev_io *)(void *)watch->watcher);
}
