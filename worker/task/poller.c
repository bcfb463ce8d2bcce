/* SPDX-License-Identifier: MIT */
/*
 * Deadlines live in the heap of timer.h; libev knows one timer, set to the first of them, which is
 * moved only when an earlier one appears. Messages are a stack without a lock and an eventfd; libev
 * has the same, and ends the process where it gets no descriptor for it.
 */
#include "worker/task/poller.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "worker/task/sched.h"

/* The kernel has answered: what the events' callbacks call now is now. */
static void poll_returned(struct ev_loop *ev)
{
    struct cop_loop *loop = ev_userdata(ev);

    loop->now = clock_now();
}

static void timer_fired(struct ev_loop *ev, ev_timer *watcher, int revents)
{
    /* Waking up was the purpose; sched_expire does the rest. */
}

static void take_messages(struct poller *poller)
{
    struct loop_message *newest = atomic_exchange(&poller->messages, NULL);
    struct loop_message *oldest = NULL;

    while (newest) {
        struct loop_message *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        struct loop_message *next = oldest->next;

        oldest->fn(oldest);
        oldest = next;
    }
}

static void messages_came(struct ev_loop *ev, ev_io *watcher, int revents)
{
    struct poller *poller = watcher->data;
    uint64_t count;

    sched_event(loop_here);
    /* Before the messages are taken: who posts after that writes again. */
    while (read(poller->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    take_messages(poller);
}

struct poller *poller_new(struct cop_loop *loop)
{
    struct poller *poller = calloc(1, sizeof(*poller));

    if (!poller)
        return NULL;
    poller->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    poller->ev = poller->wake_fd < 0 ? NULL : ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (!poller->ev) {
        if (poller->wake_fd >= 0)
            close(poller->wake_fd);
        free(poller);
        return NULL;
    }
    ev_set_userdata(poller->ev, loop);
    ev_set_loop_release_cb(poller->ev, NULL, poll_returned);
    ev_init(&poller->timer, timer_fired);
    ev_io_init(&poller->wake, messages_came, poller->wake_fd, EV_READ);
    poller->wake.data = poller;
    ev_io_start(poller->ev, &poller->wake);
    return poller;
}

void poller_free(struct poller *poller)
{
    if (!poller)
        return;
    /* Who has posted a message may still be about to wake us. */
    while (atomic_load(&poller->posting) > 0)
        sched_yield();
    take_messages(poller);
    ev_io_stop(poller->ev, &poller->wake);
    ev_timer_stop(poller->ev, &poller->timer);
    ev_loop_destroy(poller->ev);
    close(poller->wake_fd);
    free(poller);
}

void poller_arm(struct poller *poller, int64_t first)
{
    int64_t now;

    if (first == COP_NEVER || (ev_is_active(&poller->timer) && first >= poller->armed_ns))
        return;
    ev_timer_stop(poller->ev, &poller->timer);
    poller->armed_ns = first;
    now = clock_now();
    ev_now_update(poller->ev);
    ev_timer_set(&poller->timer, first <= now ? 0. : (double)(first - now) / 1e9, 0.);
    ev_timer_start(poller->ev, &poller->timer);
}

static void wake_up(struct poller *poller)
{
    uint64_t one = 1;

    while (write(poller->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

void poller_post(struct poller *poller, struct loop_message *message)
{
    struct loop_message *older;

    atomic_fetch_add(&poller->posting, 1);
    older = atomic_load(&poller->messages);
    do
        message->next = older;
    while (!atomic_compare_exchange_weak(&poller->messages, &older, message));
    /* Who finds others there leaves the waking to the first of them. */
    if (!older)
        wake_up(poller);
    atomic_fetch_sub(&poller->posting, 1);
}
