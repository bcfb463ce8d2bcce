/* SPDX-License-Identifier: MIT */
#include "worker/task/debug.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "worker/task/poller.h"
#include "worker/task/sched.h"
#include "worker/task/slow_task.h"
#include "worker/task/symbols.h"

static int64_t cpu_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void set(struct cop_loop *loop, bool on)
{
    if (on && !loop->debug) {
        symbols_load();
        loop->cpu_mark = cpu_now();
        slow_task_debug(loop);
    }
    loop->debug = on;
}

int cop_set_debug(bool on)
{
    if (!loop_here)
        return -EINVAL;
    set(loop_here, on);
    return 0;
}

bool debug_is_wished(void)
{
    const char *wish = getenv("COPPICE_DEBUG");

    return wish && strcmp(wish, "1") == 0;
}

void debug_start(struct cop_loop *loop, bool on)
{
    set(loop, on || debug_is_wished());
}

void debug_switch(struct cop_loop *loop, const struct cop_task *from)
{
    int64_t now = cpu_now();

    if (from->trace)
        from->trace->cpu_ns += now - loop->cpu_mark;
    loop->cpu_mark = now;
}

void debug_spawned(struct cop_task *task)
{
    /* Without memory for it there is no trace. */
    task->trace = malloc(sizeof(*task->trace));
    if (!task->trace)
        return;
    task->trace->cpu_ns = 0;
    backtrace_here(&task->trace->spawned, 1);
}

void debug_reap(struct cop_task *task)
{
    free(task->trace);
    task->trace = NULL;
}

int64_t debug_cpu_ns(const struct cop_task *task)
{
    if (!task->trace)
        return -1;
    return task->trace->cpu_ns +
           (task->state == TASK_RUNNING ? cpu_now() - task->loop->cpu_mark : 0);
}

static _Atomic size_t idle_threads;

void debug_idle_threads(size_t n)
{
    atomic_store(&idle_threads, n);
}

/* Another thread might wake a task, whatever it is for. */
static bool has_other_threads(void)
{
    DIR *directory = opendir("/proc/self/task");
    /* ".", "..", this thread, and perhaps one that only watches. */
    size_t known = 3 + (size_t)slow_task_threads() + atomic_load(&idle_threads), n = 0;

    if (!directory)
        return true;
    while (n <= known && readdir(directory))
        n++;
    closedir(directory);
    return n > known;
}

static bool waits_for_tasks(const struct cop_task *task)
{
    return task->state == TASK_DONE ||
           (task->state == TASK_PARKED && task->waits_on != WAITS_ON_UNKNOWN &&
            task->waits_on != WAITS_ON_IO);
}

bool debug_is_deadlocked(const struct cop_loop *loop)
{
    bool anybody_waits = false;

    if (loop->head || loop->thread.state == TASK_READY || timer_first(&loop->timers) != COP_NEVER)
        return false;
    list_for_each (&loop->tasks, node) {
        const struct cop_task *task = list_entry(node, struct cop_task, all);

        if (!waits_for_tasks(task))
            return false;
        anybody_waits |= task->state == TASK_PARKED;
    }
    /* What a thread has posted before it ended is still to come. */
    return anybody_waits && !has_other_threads() && !atomic_load(&loop->poller->messages);
}
