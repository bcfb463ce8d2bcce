/* SPDX-License-Identifier: MIT */
#include "common/config_model.h"

#include <stdbool.h>

#include "common/check.h"

struct model {
    const char *name;
    unsigned workers; /* 0: auto */
    unsigned threads;
    unsigned tasks;
    /* What a mix must have to be called so. */
    bool is_one_worker;
    bool is_one_thread;
    bool is_blocking;
};

static const struct model models[] = {
    [CONFIG_HYBRID] = {"hybrid", 0, 1, 10000, false, true, false},
    [CONFIG_ASYNC] = {"async", 1, 1, 10000, true, true, false},
    [CONFIG_THREADS] = {"threads", 1, 16, 1, true, false, true},
    [CONFIG_PROCESSES] = {"processes", 8, 1, 1, false, true, true},
};

#define NMODELS (sizeof(models) / sizeof(models[0]))

void config_model_apply(struct config_pool *pool)
{
    const struct model *model;

    CHECK(pool->model < NMODELS);
    model = &models[pool->model];
    pool->workers = model->workers ? model->workers : config_auto_workers();
    pool->threads = model->threads;
    pool->tasks = model->tasks;
}

static bool fits(const struct model *model, const struct config_pool *pool)
{
    return (!model->is_one_worker || pool->workers == 1) &&
           (!model->is_one_thread || pool->threads == 1) &&
           model->is_blocking == (pool->tasks == 1);
}

const char *config_model_name(const struct config_pool *pool)
{
    CHECK(pool->model < NMODELS);
    if (fits(&models[pool->model], pool))
        return models[pool->model].name;
    for (size_t i = 0; i < NMODELS; i++)
        if (fits(&models[i], pool))
            return models[i].name;
    return "mixed";
}
