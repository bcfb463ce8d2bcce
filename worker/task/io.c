/* SPDX-License-Identifier: MIT */
#include "worker/task/io.h"

#include <errno.h>
#include <ev.h>
#include <limits.h>
#include <poll.h>

#include "common/check.h"
#include "common/clock.h"
#include "worker/task/poller.h"
#include "worker/task/sched.h"

_Static_assert(sizeof(ev_io) <= IO_WATCHER_SIZE, "io.h has room for an ev_io");

static ev_io *watcher_of(struct io *io)
{
    return (ev_io *)(void *)io->watcher;
}

void io_init(struct io *io, int fd, void (*idle)(struct io *io))
{
    *io = (struct io){.fd = fd, .idle = idle};
}

static void event(struct ev_loop *ev, ev_io *watcher, int revents);

/* Watch for `events`, or for nothing; no system call where the kernel knows already. */
static void watch(struct io *io, int events)
{
    ev_io *watcher = watcher_of(io);
    struct ev_loop *ev;

    if (io->wanted == events && ev_is_active(watcher))
        return;
    ev = poller_of(loop_here)->ev;
    if (!io->initialised) {
        ev_io_init(watcher, event, io->fd, events);
        io->initialised = true;
    } else {
        ev_io_stop(ev, watcher);
        ev_io_modify(watcher, events);
    }
    io->wanted = (uint8_t)events;
    if (events)
        ev_io_start(ev, watcher);
}

/* Is there somebody to wake? Who waits clears its own place. */
static bool wake(struct cop_task *waiter)
{
    if (waiter)
        sched_wake(waiter, 0);
    return waiter != NULL;
}

static void event(struct ev_loop *ev, ev_io *watcher, int revents)
{
    struct io *io = list_entry(watcher, struct io, watcher);
    bool nobody_reads;
    bool nobody_writes;

    sched_event(loop_here);
    nobody_reads = (revents & EV_READ) && !wake(io->reader);
    nobody_writes = (revents & EV_WRITE) && !wake(io->writer);
    if (nobody_writes)
        watch(io, io->wanted & ~EV_WRITE);
    if (nobody_reads && io->idle)
        io->idle(io);
    else if (nobody_reads)
        watch(io, io->wanted & ~EV_READ);
}

void io_watch(struct io *io)
{
    watch(io, EV_READ);
}

void io_unwatch(struct io *io)
{
    if (io->initialised)
        watch(io, 0);
}

void io_fini(struct io *io)
{
    io_unwatch(io);
    io->idle = NULL;
    if (io->reader)
        sched_fail(io->reader, -EBADF);
    if (io->writer)
        sched_fail(io->writer, -EBADF);
    io->reader = NULL;
    io->writer = NULL;
}

static cop_time earlier(cop_time a, cop_time b)
{
    return a < b ? a : b;
}

/* In a blocking loop without other tasks: poll(2). */
static int wait_in_kernel(struct cop_task *self, struct io *io, short events, cop_time deadline)
{
    struct pollfd pollfd = {.fd = io->fd, .events = events};
    cop_time until = earlier(self->deadline, deadline);

    for (;;) {
        int64_t left = until == COP_NEVER ? -1 : until - clock_now();
        int64_t ms = (left + NS_PER_MS - 1) / NS_PER_MS;
        int n = poll(&pollfd, 1,
                     until == COP_NEVER ? -1
                     : left <= 0        ? 0
                     : ms > INT_MAX     ? INT_MAX
                                        : (int)ms);

        self->loop->now = clock_now();
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n < 0 && loop_interrupted(self->loop) == LOOP_INTERRUPT_ALL)
            return -ECANCELED;
        if (sched_check(self) < 0)
            return -ECANCELED;
        if (self->loop->now >= until)
            return -ETIMEDOUT;
    }
}

static int wait(struct io *io, struct cop_task **slot, int events, cop_time deadline)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    if (io->fd < 0)
        return -EBADF;
    if (*slot)
        return -EBUSY;
    if (sched_is_alone(self))
        return wait_in_kernel(self, io, events == EV_READ ? POLLIN : POLLOUT, deadline);
    *slot = self;
    watch(io, (io->reader || io->idle ? EV_READ : 0) | (io->writer ? EV_WRITE : 0));
    sched_waits_on(self, WAITS_ON_IO, io);
    rc = sched_park(self, events == EV_READ ? "read" : "write", deadline);
    /* After -EBADF the io may be gone. */
    if (rc != -EBADF)
        *slot = NULL;
    return rc;
}

int io_wait_readable(struct io *io, cop_time deadline)
{
    return wait(io, &io->reader, EV_READ, deadline);
}

int io_wait_writable(struct io *io, cop_time deadline)
{
    return wait(io, &io->writer, EV_WRITE, deadline);
}
