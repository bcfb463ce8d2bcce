/* SPDX-License-Identifier: MIT */
#include "worker/sync/threadsafe.h"

#include <errno.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/clock.h"
#include "worker/task/sched.h"

struct soon {
    struct loop_message message;
    void (*fn)(void *arg);
    void *arg;
};

struct cop_loop *cop_this_loop(void)
{
    return sched_here();
}

static void call(struct loop_message *message)
{
    struct soon *soon = list_entry(message, struct soon, message);
    void (*fn)(void *arg) = soon->fn;
    void *arg = soon->arg;

    free(soon);
    fn(arg);
}

int cop_call_soon_threadsafe(struct cop_loop *loop, void (*fn)(void *arg), void *arg)
{
    struct soon *soon;

    if (!fn)
        return -EINVAL;
    if (loop->blocking)
        return -ENOTSUP;
    if (loop == loop_here && loop->is_ending)
        return -ECANCELED;
    soon = malloc(sizeof(*soon));
    if (!soon)
        return -ENOMEM;
    *soon = (struct soon){.message.fn = call, .fn = fn, .arg = arg};
    loop_post(loop, &soon->message);
    return 0;
}

/* One end less to wait for. After the last one the call's memory may be gone. */
static void finish_one(struct cop_remote_call *call)
{
    CHECK(pthread_mutex_lock(&call->mutex) == 0);
    if (--call->pending == 0)
        CHECK(pthread_cond_signal(&call->ended) == 0);
    CHECK(pthread_mutex_unlock(&call->mutex) == 0);
}

static int run(void *arg)
{
    struct cop_remote_call *call = arg;

    call->result = call->fn(call->arg);
    call->task = NULL;
    finish_one(call);
    return 0;
}

static void start(struct loop_message *message)
{
    struct cop_remote_call *call = list_entry(message, struct cop_remote_call, start);
    struct cop_loop *loop = call->loop;

    call->result = loop->closing ? -ECANCELED : -ENOMEM;
    if (!loop->closing)
        call->task = sched_spawn(loop, run, call);
    if (!call->task) {
        finish_one(call);
        return;
    }
    call->task->detached = true;
    sched_ready(call->task);
}

static void stop(struct loop_message *message)
{
    struct cop_remote_call *call = list_entry(message, struct cop_remote_call, stop);

    if (call->task)
        (void)cop_task_cancel(call->task);
    finish_one(call);
}

int cop_run_threadsafe(struct cop_remote_call *call, struct cop_loop *loop, cop_fn fn, void *arg)
{
    pthread_condattr_t attributes;

    if (!fn)
        return -EINVAL;
    if (loop == loop_here)
        return -EDEADLK;
    if (loop->blocking)
        return -ENOTSUP;
    *call = (struct cop_remote_call){
        .start.fn = start, .stop.fn = stop, .loop = loop, .fn = fn, .arg = arg, .pending = 1};
    CHECK(pthread_mutex_init(&call->mutex, NULL) == 0);
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&call->ended, &attributes) == 0);
    CHECK(pthread_condattr_destroy(&attributes) == 0);
    loop_post(loop, &call->start);
    return 0;
}

int cop_remote_call_wait(struct cop_remote_call *call, cop_time timeout)
{
    cop_time until = clock_add(clock_now(), timeout > 0 ? timeout : 0);
    struct timespec ts = {.tv_sec = until / NS_PER_S, .tv_nsec = until % NS_PER_S};
    bool over;
    int rc = 0;

    CHECK(pthread_mutex_lock(&call->mutex) == 0);
    while (call->pending > 0 && rc != ETIMEDOUT)
        rc = until == COP_NEVER ? pthread_cond_wait(&call->ended, &call->mutex)
                                : pthread_cond_timedwait(&call->ended, &call->mutex, &ts);
    over = call->pending == 0;
    CHECK(pthread_mutex_unlock(&call->mutex) == 0);
    return over ? call->result : -ETIMEDOUT;
}

bool cop_remote_call_done(struct cop_remote_call *call)
{
    bool done;

    CHECK(pthread_mutex_lock(&call->mutex) == 0);
    done = call->pending == 0;
    CHECK(pthread_mutex_unlock(&call->mutex) == 0);
    return done;
}

void cop_remote_call_cancel(struct cop_remote_call *call)
{
    bool post;

    CHECK(pthread_mutex_lock(&call->mutex) == 0);
    post = call->pending > 0 && !call->cancelled;
    if (post) {
        call->cancelled = true;
        call->pending++;
    }
    CHECK(pthread_mutex_unlock(&call->mutex) == 0);
    if (post)
        loop_post(call->loop, &call->stop);
}
