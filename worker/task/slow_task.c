/* SPDX-License-Identifier: MIT */
#include "worker/task/slow_task.h"

#include <errno.h>
#include <pthread.h>

#include "common/check.h"
#include "worker/task/sched.h"
#include "worker/task/watchdog.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct watchdog *watchdog; /* NULL: no loop wishes one */
static cop_time limit_now;
static unsigned nloops; /* that wish one */

/* Returns 0 or -errno, after which there is none. */
static int restart(cop_time limit)
{
    int rc;

    if (watchdog && limit == limit_now)
        return 0;
    watchdog_stop(watchdog);
    watchdog = NULL;
    rc = watchdog_start(&watchdog, limit, program_invocation_short_name);
    limit_now = limit;
    return rc;
}

static int enter(struct cop_loop *loop, cop_time limit)
{
    int rc;

    CHECK(pthread_mutex_lock(&mutex) == 0);
    rc = restart(limit);
    if (rc == 0 && !loop->wants_watchdog) {
        loop->wants_watchdog = true;
        nloops++;
    }
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    return rc;
}

void slow_task_leave(struct cop_loop *loop)
{
    if (!loop->wants_watchdog)
        return;
    CHECK(pthread_mutex_lock(&mutex) == 0);
    loop->wants_watchdog = false;
    if (--nloops == 0) {
        watchdog_stop(watchdog);
        watchdog = NULL;
    }
    CHECK(pthread_mutex_unlock(&mutex) == 0);
}

/* Debug mode goes on without it where no thread can be had. */
void slow_task_debug(struct cop_loop *loop)
{
    if (loop->is_isolated && !loop->wants_watchdog)
        (void)enter(loop, SLOW_TASK_DEFAULT);
}

int cop_set_slow_task(cop_time limit)
{
    struct cop_loop *loop = loop_here;

    if (!loop || limit < 0)
        return -EINVAL;
    if (!loop->is_isolated)
        return -EBUSY;
    if (limit > 0)
        return enter(loop, limit);
    slow_task_leave(loop);
    return 0;
}

uint64_t cop_slow_tasks(void)
{
    return loop_here ? metric_get(loop_here->metrics, METRIC_slow_tasks) : 0;
}

int slow_task_threads(void)
{
    int n;

    CHECK(pthread_mutex_lock(&mutex) == 0);
    n = watchdog != NULL;
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    return n;
}
