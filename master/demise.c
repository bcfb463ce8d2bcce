/* SPDX-License-Identifier: MIT */
/*
 * A worker that dies while it holds its slot was not asked to leave: the slot tries again after a
 * back-off of 0, .1, .2 ... 30 s (x 2, +-20 %), which starts anew after a worker has been healthy
 * for a minute.
 */
#include "master/demise.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "master/generation.h"

#define HEALTHY_NS      (60 * NS_PER_S)
#define CRASH_WINDOW_NS (60 * NS_PER_S)
#define BACKOFF_FIRST   (NS_PER_S / 10)
#define BACKOFF_LAST    (30 * NS_PER_S)

void demise_print(const struct worker *worker, int status, char *text, size_t size)
{
    const char *dumped = "";
    char how[64];

    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));

        if (WCOREDUMP(status))
            dumped = ", core dumped";
        if (name != NULL)
            snprintf(how, sizeof(how), "died of SIG%s%s", name, dumped);
        else
            snprintf(how, sizeof(how), "died of signal %d%s", WTERMSIG(status), dumped);
    } else {
        snprintf(how, sizeof(how), "left with exit code %d", WEXITSTATUS(status));
    }
    if (worker->collected.fatal[0] != 0)
        snprintf(text, size, "%s: %s", how, worker->collected.fatal);
    else if (worker->why[0] != 0)
        snprintf(text, size, "%s (asked by the master: %s)", how, worker->why);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        snprintf(text, size, "%s (not from the master: an operator, or the kernel out of memory)",
                 how);
    else
        snprintf(text, size, "%s", how);
}

static int64_t backoff_ns(unsigned failures)
{
    int64_t delay = BACKOFF_FIRST;

    if (failures == 0)
        return 0;
    for (unsigned i = 1; i < failures && delay < BACKOFF_LAST; i++)
        delay *= 2;
    if (delay > BACKOFF_LAST)
        delay = BACKOFF_LAST;
    return delay * (80 + random() % 41) / 100;
}

static bool anybody_is_ready(const struct master *master)
{
    for (size_t i = 0; i < master->current->npools; i++)
        if (pool_ready(master->current->pools[i]) > 0)
            return true;
    return false;
}

/* Count a crash. The breaker: as many within the window, and nobody serves. */
static void count_crash(struct master *master, struct pool *pool, int64_t now_ns)
{
    int64_t *oldest = &master->crashes_ns[master->ncrashes % MASTER_CRASHES];

    *oldest = now_ns;
    master->ncrashes++;
    pool->tally->crashes++;
    oldest = &master->crashes_ns[master->ncrashes % MASTER_CRASHES];
    if (master->ncrashes < MASTER_CRASHES || now_ns - *oldest > CRASH_WINDOW_NS ||
        anybody_is_ready(master))
        return;
    log_error("%d crashes within %d s and no worker is ready: giving up", MASTER_CRASHES,
              (int)(CRASH_WINDOW_NS / NS_PER_S));
    master->exit_code = MASTER_EXIT_CRASHING;
    master_stop(master, MASTER_STOPS, 0, "workers crash as fast as they start");
}

/* The slot's worker says that trying again makes no sense. */
static void park(struct master *master, struct slot *slot, const char *name)
{
    slot->is_parked = true;
    if (master->has_started) {
        master_failed(master, "%s %s: its slot stays empty", name, slot->last);
        return;
    }
    master_failed(master, "%s %s", name, slot->last);
    master->exit_code = EXIT_CANNOT_START;
    master_stop(master, MASTER_STOPS, 0, "a worker cannot start");
}

static void retry_later(struct master *master, struct slot *slot, const struct worker *worker,
                        const char *name)
{
    int64_t now = clock_now();
    int64_t delay;

    if (worker->ready_ns != 0 && now - worker->ready_ns >= HEALTHY_NS)
        slot->failures = 0;
    delay = backoff_ns(slot->failures++);
    slot->restarts++;
    slot->retry_ns = now + delay;
    master_failed(master, "%s (pid %d) %s; next try in %.1f s", name, worker->pid, slot->last,
                  (double)delay / (double)NS_PER_S);
    count_crash(master, worker->pool, now);
}

/* A generation that starts has one try: what its first failure was is told by who decides. */
static void fail_start(struct worker *worker, struct slot *slot, const char *name)
{
    const char *fatal = worker->collected.fatal;
    const struct config_mark *mark = &worker->pool->config->mark;
    char place[CONFIG_MARK_TEXT_MAX];
    struct generation *generation = worker->pool->generation;

    slot->is_parked = true;
    log_error("%s (pid %d) %s", name, worker->pid, slot->last);
    if (fatal[0] == 0)
        generation_fail(generation, "%s %s", name, slot->last);
    else if (mark->file == NULL || strncmp(fatal, mark->file, strlen(mark->file)) == 0)
        generation_fail(generation, "%s", fatal);
    else
        generation_fail(generation, "%s: %s", config_mark_print(mark, place), fatal);
}

void demise_settle(struct worker *worker, struct slot *slot, int status)
{
    struct master *master = worker->pool->master;
    bool left = WIFEXITED(status);
    char name[POOL_NAME_MAX];

    pool_print_worker(worker, name, sizeof(name));
    slot->worker = NULL;
    if (master->stop != MASTER_SERVES) {
        log_info("%s (pid %d) %s", name, worker->pid, slot->last);
    } else if (worker->pool->generation->state == GENERATION_STARTING) {
        fail_start(worker, slot, name);
    } else if (left && WEXITSTATUS(status) == EXIT_CANNOT_START) {
        park(master, slot, name);
    } else if (master->hooks->oneshot) {
        slot->is_done = left && WEXITSTATUS(status) == 0;
        if (slot->is_done)
            return;
        master_failed(master, "%s (pid %d) %s", name, worker->pid, slot->last);
        master->exit_code = MASTER_EXIT_FAILED;
        master_stop(master, MASTER_STOPS, 0, "a worker failed");
    } else {
        retry_later(master, slot, worker, name);
    }
}
