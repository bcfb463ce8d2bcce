/* SPDX-License-Identifier: MIT */
#include "common/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_keys.h"
#include "common/config_value.h"

/* ---- the whole ---- */

static int set_defaults(struct config *config)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        const char *section = config_keys[i].section;
        int rc;

        if (strcmp(section, CONFIG_KEYS_POOL) == 0)
            continue;
        rc = config_value_set_defaults(section, config);
        if (rc < 0)
            return rc;
    }
    return 0;
}

struct config *config_new(void)
{
    struct config *config = calloc(1, sizeof(*config));

    if (config && set_defaults(config) < 0) {
        config_free(config);
        return NULL;
    }
    return config;
}

static void pool_fini(struct config_pool *pool)
{
    config_value_free(CONFIG_KEYS_POOL, pool);
    for (size_t i = 0; i < pool->nlisten; i++)
        free(pool->listen_text[i]);
    for (size_t i = 0; i < pool->noptions; i++) {
        free(pool->options[i].name);
        free(pool->options[i].value);
    }
    free(pool->listen);
    free(pool->listen_text);
    free(pool->options);
    free(pool->name);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->npools; i++)
        pool_fini(&config->pools[i]);
    for (size_t i = 0; i < config_keys_count; i++)
        if (strcmp(config_keys[i].section, CONFIG_KEYS_POOL) != 0)
            config_value_free(config_keys[i].section, config);
    for (size_t i = 0; i < config->nfiles; i++)
        free(config->files[i]);
    free(config->files);
    free(config->pools);
    free(config->path);
    free(config);
}

/* ---- additions ---- */

struct config_pool *config_add_pool(struct config *config, const char *name, const char *app)
{
    struct config_pool *pools = reallocarray(config->pools, config->npools + 1, sizeof(*pools));
    struct config_pool pool = {.mark = {"-", 1, 1}};

    if (!pools)
        return NULL;
    config->pools = pools;
    pool.name = strdup(name);
    pool.app = strdup(app);
    if (!pool.name || !pool.app || config_value_set_defaults(CONFIG_KEYS_POOL, &pool) < 0) {
        pool_fini(&pool);
        return NULL;
    }
    pools[config->npools] = pool;
    return &pools[config->npools++];
}

int config_add_option(struct config_pool *pool, const char *name, const char *value)
{
    struct config_option *options =
        reallocarray(pool->options, pool->noptions + 1, sizeof(*options));
    struct config_option option = {.mark = pool->mark};

    if (!options)
        return -ENOMEM;
    pool->options = options;
    option.name = strdup(name);
    option.value = strdup(value);
    if (!option.name || !option.value) {
        free(option.name);
        free(option.value);
        return -ENOMEM;
    }
    options[pool->noptions++] = option;
    return 0;
}

int config_add_listen(struct config_pool *pool, const struct cop_address *address, const char *text)
{
    struct cop_address *listen = reallocarray(pool->listen, pool->nlisten + 1, sizeof(*listen));
    char **texts;
    char *copy;

    if (!listen)
        return -ENOMEM;
    pool->listen = listen;
    texts = reallocarray(pool->listen_text, pool->nlisten + 1, sizeof(*texts));
    if (!texts)
        return -ENOMEM;
    pool->listen_text = texts;
    copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    listen[pool->nlisten] = *address;
    texts[pool->nlisten++] = copy;
    return 0;
}
