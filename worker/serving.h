/* SPDX-License-Identifier: MIT */
/*
 * serving.h - one of a worker's loops: its app and its model, on the thread that runs it.
 *
 * The worker's main thread asks (drain, cut) and is told through its own loop: serving_started
 * once, serving_left once.
 */
#ifndef COPPICE_SERVING_H
#define COPPICE_SERVING_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/heritage.h"
#include "common/metrics.h"
#include "worker/app/app_instance.h"
#include "worker/task/loop.h"

#define SERVING_ERROR_MAX 256

struct serving {
    const struct heritage *heritage;
    const struct cop_app *app;
    struct beat *beat;
    struct metrics *metrics;    /* of the heritage: they outlive the loop and the process */
    struct cop_loop *main_loop; /* where the two messages below go */
    void (*on_started)(struct serving *serving);
    void (*on_left)(struct serving *serving);
    void *worker;

    struct cop_loop *loop;
    bool on_main;            /* its loop is the main loop */
    pthread_mutex_t posting; /* guards is_deaf, and the loop of a thread against its end */
    bool is_deaf;            /* the thread's loop takes no more messages */
    bool has_thread;
    pthread_t thread;
    struct cop_service service;
    struct app_instance *instance;
    struct model_tasks *model; /* NULL under a blocking model */
    struct loop_ticker *ticker;
    struct slow_requests *slow_requests; /* NULL: nobody asks, or a blocking model */
    struct loop_message started;
    struct loop_message left;
    struct loop_message drain;
    struct loop_message cut;
    _Atomic int interrupt;      /* enum loop_interrupt, for a blocking thread */
    _Atomic int64_t idle_until; /* likewise: see loop_idle_until */
    atomic_bool has_closed;     /* it accepts no more */
    bool is_started;
    bool is_left;
    int64_t spread_ns;
    int result;                    /* of start, or of app->run */
    char error[SERVING_ERROR_MAX]; /* when result < 0 at the start */
};

/* Start app and model on the main loop, which is this thread's; on_started is called before it
 * returns. */
void serving_start_here(struct serving *serving, struct cop_loop *loop);

/* Start a thread with a loop of its own. Returns 0 or -errno of pthread_create. */
int serving_start_thread(struct serving *serving);

/* From the main thread: begin to leave; is_last: who waits to be accepted waits for us. on_left
 * comes when it is done. Repeat both until then: it may take more than one push to end the waits of
 * a blocking thread. */
void serving_drain(struct serving *serving, int64_t spread_ns, bool is_last);

/* Does it touch the listening sockets no more? Any thread. */
bool serving_has_closed(const struct serving *serving);

/* From the main thread, after a drain: cut what is in flight. */
void serving_cut(struct serving *serving);

/* After on_left: join the thread, stop app and model. */
void serving_fini(struct serving *serving);

#endif
