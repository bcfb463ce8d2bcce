/* SPDX-License-Identifier: MIT */
#include "master/pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/clock.h"
#include "master/master.h"

struct pool *pool_new(struct master *master, const struct config_pool *config)
{
    struct pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return NULL;
    pool->master = master;
    pool->config = config;
    pool->sockets.pool = config;
    list_init(&pool->workers);
    pool->retired = metrics_new();
    if (pool->retired == NULL || pool_set_wanted(pool, config->workers) < 0) {
        pool_free(pool);
        return NULL;
    }
    return pool;
}

void pool_free(struct pool *pool)
{
    if (pool == NULL)
        return;
    CHECK(list_is_empty(&pool->workers));
    sockets_fini(&pool->sockets);
    window_fini(&pool->window);
    metrics_free(pool->retired);
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

void pool_totals(const struct pool *pool, struct metrics *into)
{
    metrics_clear(into);
    metrics_merge(into, pool->retired);
    list_for_each (&pool->workers, node)
        collector_add(&list_entry(node, struct worker, node)->collected, into);
}

double pool_rate(const struct pool *pool, enum metric id, int64_t now_ns)
{
    int64_t stale_ns = master_stale_ns(pool->master);
    double rate = 0;

    list_for_each (&pool->workers, node)
        rate +=
            collector_rate(&list_entry(node, struct worker, node)->collected, id, now_ns, stale_ns);
    return rate;
}
