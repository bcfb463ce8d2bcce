/* SPDX-License-Identifier: MIT */
#include "master/generation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"

/* What pools of this name have counted so far; NULL: there is none. */
static struct tally *find_tally(const struct master *master, const char *name)
{
    struct tally *tally = NULL;

    list_for_each (&master->generations, node) {
        const struct pool *pool = generation_pool(list_entry(node, struct generation, node), name);

        if (pool != NULL)
            tally = pool->tally;
    }
    return tally;
}

struct generation *generation_new(struct master *master, struct config *config)
{
    struct generation *generation = calloc(1, sizeof(*generation));

    if (generation == NULL) {
        config_free(config);
        return NULL;
    }
    list_init(&generation->node);
    generation->master = master;
    generation->number = ++master->last_generation;
    generation->config = config;
    generation->pools = calloc(config->npools + 1, sizeof(struct pool *));
    for (size_t i = 0; generation->pools != NULL && i < config->npools; i++) {
        struct config_pool *pool = &config->pools[i];

        generation->pools[i] = pool_new(generation, pool, find_tally(master, pool->name));
        if (generation->pools[i] == NULL)
            break;
        generation->npools++;
    }
    if (generation->npools == config->npools)
        return generation;
    generation_free(generation);
    return NULL;
}

void generation_free(struct generation *generation)
{
    if (generation == NULL)
        return;
    CHECK(!generation_has_workers(generation));
    list_remove(&generation->node);
    for (size_t i = 0; i < generation->npools; i++)
        pool_free(generation->pools[i]);
    free(generation->pools);
    config_free(generation->config);
    free(generation);
}

int generation_open(struct generation *generation, char *error, size_t size)
{
    for (size_t i = 0; i < generation->npools; i++) {
        struct pool *pool = generation->pools[i];
        const struct config_mark *mark = &pool->config->mark;
        const struct config_error place = {error, size};
        char why[POOL_TEXT_MAX];
        int rc = sockets_open(&pool->sockets, &generation->master->listeners, generation->number,
                              pool->config, pool->wanted, why, sizeof(why));

        if (rc == 0)
            continue;
        if (mark->file != NULL)
            (void)config_mark_fail(&place, mark, "pool %s: %s", pool->config->name, why);
        else
            snprintf(error, size, "pool %s: %s", pool->config->name, why);
        generation_close(generation);
        return rc;
    }
    return 0;
}

void generation_close(struct generation *generation)
{
    for (size_t i = 0; i < generation->npools; i++)
        sockets_close(&generation->pools[i]->sockets);
}

void generation_fail(struct generation *generation, const char *format, ...)
{
    va_list args;

    if (generation->has_failed)
        return;
    generation->has_failed = true;
    va_start(args, format);
    vsnprintf(generation->failure, sizeof(generation->failure), format, args);
    va_end(args);
}

bool generation_is_complete(const struct generation *generation)
{
    for (size_t i = 0; i < generation->npools; i++)
        if (!pool_is_complete(generation->pools[i]))
            return false;
    return true;
}

bool generation_has_workers(const struct generation *generation)
{
    list_for_each (&generation->master->workers, node)
        if (list_entry(node, struct worker, node)->pool->generation == generation)
            return true;
    return false;
}

struct pool *generation_pool(const struct generation *generation, const char *name)
{
    for (size_t i = 0; i < generation->npools; i++)
        if (strcmp(generation->pools[i]->config->name, name) == 0)
            return generation->pools[i];
    return NULL;
}
