/* SPDX-License-Identifier: MIT */
#include "master/pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "master/generation.h"
#include "master/master.h"

/* ---- tallies ---- */

static struct tally *new_tally(void)
{
    struct tally *tally = calloc(1, sizeof(*tally));

    if (tally == NULL)
        return NULL;
    tally->retired = metrics_new();
    if (tally->retired == NULL) {
        free(tally);
        return NULL;
    }
    return tally;
}

static void drop_tally(struct tally *tally)
{
    if (tally == NULL || --tally->refs > 0)
        return;
    window_fini(&tally->window);
    metrics_free(tally->retired);
    free(tally);
}

/* ---- pools ---- */

struct pool *pool_new(struct generation *generation, const struct config_pool *config,
                      struct tally *tally)
{
    struct pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return NULL;
    pool->master = generation->master;
    pool->generation = generation;
    pool->config = config;
    pool->sockets.claim.pool = config;
    pool->tally = tally != NULL ? tally : new_tally();
    if (pool->tally != NULL)
        pool->tally->refs++;
    if (pool->tally == NULL || pool_set_wanted(pool, config->workers) < 0) {
        pool_free(pool);
        return NULL;
    }
    return pool;
}

void pool_free(struct pool *pool)
{
    if (pool == NULL)
        return;
    sockets_fini(&pool->sockets);
    drop_tally(pool->tally);
    free(pool->slots);
    free(pool);
}

int pool_set_wanted(struct pool *pool, unsigned wanted)
{
    if (wanted > pool->nslots) {
        struct slot *slots = reallocarray(pool->slots, wanted, sizeof(*slots));

        if (slots == NULL)
            return -ENOMEM;
        for (unsigned i = pool->nslots; i < wanted; i++)
            slots[i] = (struct slot){0};
        pool->slots = slots;
        pool->nslots = wanted;
    }
    pool->wanted = wanted;
    return 0;
}

unsigned pool_ready(const struct pool *pool)
{
    unsigned n = 0;

    for (unsigned i = 0; i < pool->wanted; i++)
        n += pool->slots[i].worker != NULL && pool->slots[i].worker->state == WORKER_READY;
    return n;
}

bool pool_is_complete(const struct pool *pool)
{
    return pool_ready(pool) == pool->wanted;
}

char *pool_print_worker(const struct worker *worker, char *text, size_t size)
{
    snprintf(text, size, "%s/%u", worker->pool->config->name, worker->slot);
    return text;
}

const char *pool_state_name(enum worker_state state)
{
    static const char *const names[] = {
        [WORKER_STARTING] = "starting", [WORKER_READY] = "ready",
        [WORKER_DRAINING] = "draining", [WORKER_STOPPING] = "stopping",
        [WORKER_ABORTING] = "aborting", [WORKER_KILLED] = "killed",
    };

    return names[state];
}

bool pool_counts(const struct pool *pool, const struct worker *worker)
{
    return worker->pool->tally == pool->tally;
}

void pool_totals(const struct pool *pool, struct metrics *into)
{
    metrics_clear(into);
    metrics_merge(into, pool->tally->retired);
    list_for_each (&pool->master->workers, node) {
        const struct worker *worker = list_entry(node, struct worker, node);

        if (pool_counts(pool, worker))
            collector_add(&worker->collected, into);
    }
}

double pool_rate(const struct pool *pool, enum metric id, int64_t now_ns)
{
    int64_t stale_ns = master_stale_ns(pool->master);
    double rate = 0;

    list_for_each (&pool->master->workers, node) {
        const struct worker *worker = list_entry(node, struct worker, node);

        if (pool_counts(pool, worker))
            rate += collector_rate(&worker->collected, id, now_ns, stale_ns);
    }
    return rate;
}
