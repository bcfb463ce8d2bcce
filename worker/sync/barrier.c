/* SPDX-License-Identifier: MIT */
#include "worker/sync/barrier.h"

#include <errno.h>
#include <limits.h>

#include "worker/task/sched.h"

int cop_barrier_init(struct cop_barrier *barrier, unsigned parties)
{
    if (parties == 0 || parties > INT_MAX)
        return -EINVAL;
    *barrier = (struct cop_barrier){.parties = parties};
    return 0;
}

/* The last one is there: number all that wait. */
static int open(struct cop_barrier *barrier)
{
    int i = 0;

    barrier->arrived = 0;
    while (barrier->waiters.first)
        waiter_wake(barrier->waiters.first, i++);
    return i;
}

int cop_barrier_wait(struct cop_barrier *barrier)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    if (barrier->broken)
        return -EPIPE;
    if (barrier->arrived + 1 == barrier->parties)
        return sched_keep_fair(self, open(barrier));
    barrier->arrived++;
    rc = waiter_wait(&barrier->waiters, NULL, "barrier");
    if (rc == -ECANCELED)
        barrier->arrived--;
    return rc;
}

static void send_away(struct cop_barrier *barrier)
{
    barrier->arrived = 0;
    waiters_wake_all(&barrier->waiters, -EPIPE);
}

void cop_barrier_abort(struct cop_barrier *barrier)
{
    barrier->broken = true;
    send_away(barrier);
}

void cop_barrier_reset(struct cop_barrier *barrier)
{
    barrier->broken = false;
    send_away(barrier);
}

bool cop_barrier_is_broken(const struct cop_barrier *barrier)
{
    return barrier->broken;
}
