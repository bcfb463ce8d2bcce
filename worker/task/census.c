/* SPDX-License-Identifier: MIT */
#include "worker/task/census.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/check.h"
#include "worker/task/sched.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct list loops = {&loops, &loops};
static _Atomic(census_probe_fn) answers[PROBE_COUNT];

int census_signal(void)
{
    return SIGRTMIN + 3;
}

static void probed(int signal_number, siginfo_t *info, void *context)
{
    unsigned probe = (unsigned)info->si_value.sival_int;
    struct cop_loop *loop = loop_here;
    int before = errno;
    census_probe_fn fn;

    if ((info->si_code != SI_QUEUE && info->si_code != SI_TIMER) || probe >= PROBE_COUNT || !loop)
        return;
    fn = atomic_load_explicit(&answers[probe], memory_order_acquire);
    if (fn)
        fn(loop, context);
    errno = before;
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = probed,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};

    /* One at a time on each thread. */
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(census_signal(), &action, NULL) == 0);
}

static uintptr_t find_stack_end(void)
{
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return 0;
    (void)pthread_attr_getstack(&attributes, &low, &size);
    (void)pthread_attr_destroy(&attributes);
    return (uintptr_t)low + size;
}

void census_enter(struct cop_loop *loop)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    CHECK(pthread_once(&once, install) == 0);
    loop->census.thread = pthread_self();
    loop->census.tid = gettid();
    loop->census.stack_high = find_stack_end();
    census_lock();
    list_push_back(&loops, &loop->census.node);
    census_unlock();
}

void census_leave(struct cop_loop *loop)
{
    census_lock();
    list_remove(&loop->census.node);
    census_unlock();
}

void census_answer(enum census_probe probe, census_probe_fn fn)
{
    atomic_store_explicit(&answers[probe], fn, memory_order_release);
}

int census_ask(const struct cop_loop *loop, enum census_probe probe)
{
    union sigval value = {.sival_int = (int)probe};

    return -pthread_sigqueue(loop->census.thread, census_signal(), value);
}

void census_lock(void)
{
    CHECK(pthread_mutex_lock(&mutex) == 0);
}

void census_unlock(void)
{
    CHECK(pthread_mutex_unlock(&mutex) == 0);
}

struct cop_loop *census_next(const struct cop_loop *loop)
{
    struct list *node = loop ? loop->census.node.next : loops.next;

    return node == &loops ? NULL : list_entry(node, struct cop_loop, census.node);
}
