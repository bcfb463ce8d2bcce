/* SPDX-License-Identifier: MIT */
/*
 * offload.c - a pool of threads behind one lock, which is held for a few instructions.
 *
 * A job is queued, then taken by a thread, then over. Who makes it leave the queue has it: the
 * caller, cancelled, may take it out again. Once taken, one exchange decides between "fn is done",
 * after which the thread posts the job back to its loop, and "the caller has left", after which the
 * thread frees it and never touches the loop, which may be gone by then.
 */
#include "worker/sync/offload.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/list.h"
#include "worker/task/debug.h"
#include "worker/task/sched.h"

#define IDLE_NS (10 * NS_PER_S)

enum job_state { JOB_QUEUED, JOB_TAKEN, JOB_DONE, JOB_ABANDONED };

struct job {
    struct list queue;
    struct loop_message message;
    struct cop_loop *loop;
    struct cop_task *task; /* who waits */
    cop_fn fn;
    void *arg;
    int result;
    bool back; /* the loop has been told */
    atomic_int state;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct list queue;
    size_t nqueued;
    size_t nthreads;
    size_t nidle; /* threads without a job, those that have not begun yet included */
    size_t threads_max;
    size_t queue_max;
} pool = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .queue = {&pool.queue, &pool.queue},
    .threads_max = COP_OFFLOAD_THREADS,
    .queue_max = COP_OFFLOAD_QUEUE,
};

/* With the lock held. */
static void add_idle(int n)
{
    pool.nidle += (size_t)n;
    debug_idle_threads(pool.nidle);
}

static pthread_once_t pool_once = PTHREAD_ONCE_INIT;

static void init_pool(void)
{
    pthread_condattr_t attributes;

    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&pool.work, &attributes) == 0);
    CHECK(pthread_condattr_destroy(&attributes) == 0);
}

static void lock(void)
{
    CHECK(pthread_mutex_lock(&pool.lock) == 0);
}

static void unlock(void)
{
    CHECK(pthread_mutex_unlock(&pool.lock) == 0);
}

/* ---- the thread's side ---- */

/* Wait for a job, with the lock held. NULL: there was nothing to do for long, or there are too many
 * of us. */
static struct job *take(void)
{
    cop_time until = clock_now() + IDLE_NS;
    struct timespec ts = {.tv_sec = until / NS_PER_S, .tv_nsec = until % NS_PER_S};
    int rc = 0;

    while (list_is_empty(&pool.queue)) {
        if (rc == ETIMEDOUT || pool.nthreads > pool.threads_max)
            return NULL;
        rc = pthread_cond_timedwait(&pool.work, &pool.lock, &ts);
    }
    add_idle(-1);
    pool.nqueued--;
    return list_entry(list_pop_front(&pool.queue), struct job, queue);
}

static void run(struct job *job)
{
    int state = JOB_TAKEN;

    job->result = job->fn(job->arg);
    if (atomic_compare_exchange_strong(&job->state, &state, JOB_DONE))
        loop_post(job->loop, &job->message);
    else
        free(job);
}

static void *work(void *arg)
{
    struct job *job;

    lock();
    while ((job = take())) {
        atomic_store(&job->state, JOB_TAKEN);
        unlock();
        run(job);
        lock();
        add_idle(1);
    }
    add_idle(-1);
    pool.nthreads--;
    unlock();
    return NULL;
}

/* ---- the loop's side ---- */

/* One thread more, with the lock held. Returns 0 or -errno. */
static int start_thread(void)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t thread;
    int error;

    error = pthread_attr_init(&attributes);
    if (error)
        return -error;
    CHECK(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
    error = pthread_create(&thread, &attributes, work, NULL);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    CHECK(pthread_attr_destroy(&attributes) == 0);
    if (error == 0) {
        pool.nthreads++;
        add_idle(1);
    }
    return -error;
}

/* See to a thread for one job more, or to a place in the queue. With the lock held. */
static int make_room(void)
{
    if (pool.nidle > pool.nqueued)
        return 0;
    if (pool.nthreads < pool.threads_max && start_thread() == 0)
        return 0;
    return pool.nthreads > 0 && pool.nqueued < pool.queue_max + pool.nidle ? 0 : -EAGAIN;
}

static int submit(struct job *job)
{
    int rc;

    pthread_once(&pool_once, init_pool);
    lock();
    rc = make_room();
    if (rc == 0) {
        list_push_back(&pool.queue, &job->queue);
        pool.nqueued++;
        CHECK(pthread_cond_signal(&pool.work) == 0);
    }
    unlock();
    return rc;
}

/* Take the job out again, if no thread has it. */
static bool withdraw(struct job *job)
{
    bool queued;

    lock();
    queued = atomic_load(&job->state) == JOB_QUEUED && !list_is_empty(&job->queue);
    if (queued) {
        list_remove(&job->queue);
        pool.nqueued--;
    }
    unlock();
    return queued;
}

static void came_back(struct loop_message *message)
{
    struct job *job = list_entry(message, struct job, message);

    job->back = true;
    sched_wake(job->task, 0);
}

static bool abandon(struct job *job)
{
    int state = JOB_TAKEN;

    return atomic_compare_exchange_strong(&job->state, &state, JOB_ABANDONED);
}

/* Returns fn's result, or -ECANCELED without one; *ours says whether the job is still ours. */
static int wait_for(struct job *job, unsigned flags, bool *ours)
{
    int rc = sched_park(job->task, "thread", COP_NEVER);

    if (rc == -ECANCELED && !job->back) {
        if (withdraw(job))
            return rc;
        if ((flags & COP_ABANDON_ON_CANCEL) && abandon(job)) {
            *ours = false;
            return rc;
        }
    }
    while (!job->back)
        (void)sched_park_uninterruptible(job->task, "thread");
    return job->result;
}

int cop_to_thread_with(cop_fn fn, void *arg, unsigned flags)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);
    struct job *job;
    bool ours = true;

    if (!fn || (flags & ~(unsigned)COP_ABANDON_ON_CANCEL))
        return -EINVAL;
    if (rc < 0)
        return rc;
    job = malloc(sizeof(*job));
    if (!job)
        return -ENOMEM;
    rc = loop_prepare(self->loop);
    if (rc < 0) {
        free(job);
        return rc;
    }
    *job = (struct job){
        .message.fn = came_back, .loop = self->loop, .task = self, .fn = fn, .arg = arg};
    list_init(&job->queue);
    rc = submit(job);
    if (rc == 0)
        rc = wait_for(job, flags, &ours);
    if (ours)
        free(job);
    return rc;
}

int cop_to_thread(cop_fn fn, void *arg)
{
    return cop_to_thread_with(fn, arg, 0);
}

int cop_offload_limit(size_t threads, size_t queue)
{
    if (threads == 0)
        return -EINVAL;
    pthread_once(&pool_once, init_pool);
    lock();
    pool.threads_max = threads;
    pool.queue_max = queue;
    CHECK(pthread_cond_broadcast(&pool.work) == 0);
    unlock();
    return 0;
}

size_t cop_offload_threads(size_t *queued)
{
    size_t n;

    lock();
    n = pool.nthreads;
    *queued = pool.nqueued;
    unlock();
    return n;
}
