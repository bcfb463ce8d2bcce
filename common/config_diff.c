/* SPDX-License-Identifier: MIT */
#include "common/config_diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_keys.h"
#include "common/config_print.h"

#define NAME_LEN_MAX 256

struct comparison {
    config_diff_fn fn;
    void *arg;
};

static void tell(const struct comparison *comparison, enum config_diff_kind kind, const char *name,
                 const char *before, const char *after)
{
    const struct config_difference difference = {kind, name, before, after};

    comparison->fn(&difference, comparison->arg);
}

/* NULL: no memory. */
static char *print(const struct config_key *key, const void *base)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);

    if (stream == NULL)
        return NULL;
    config_print_value(key, base, stream);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

static int compare_key(const struct comparison *comparison, const struct config_key *key,
                       const char *pool, const void *before, const void *after)
{
    bool is_secret = key->type == CONFIG_OPTIONS;
    char *old = print(key, before), *new = print(key, after);
    char name[NAME_LEN_MAX];
    int rc = old == NULL || new == NULL ? -ENOMEM : 0;

    if (pool != NULL)
        snprintf(name, sizeof(name), "pools.%s.%s", pool, key->name);
    else
        snprintf(name, sizeof(name), "%s.%s", key->section, key->name);
    if (rc == 0 && strcmp(old, new) != 0)
        tell(comparison, CONFIG_KEY_CHANGED, name, is_secret ? NULL : old, is_secret ? NULL : new);
    free(old);
    free(new);
    return rc;
}

/* pool: the name, and the bases are its two structs; NULL: the bases are the configurations. */
static int compare_keys(const struct comparison *comparison, const char *pool, const void *before,
                        const void *after)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        bool is_of_pool = strcmp(config_keys[i].section, CONFIG_KEYS_POOL) == 0;
        int rc = 0;

        if (is_of_pool == (pool != NULL))
            rc = compare_key(comparison, &config_keys[i], pool, before, after);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static const struct config_pool *find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->npools; i++)
        if (strcmp(config->pools[i].name, name) == 0)
            return &config->pools[i];
    return NULL;
}

int config_diff(const struct config *before, const struct config *after, config_diff_fn fn,
                void *arg)
{
    const struct comparison comparison = {fn, arg};
    int rc = compare_keys(&comparison, NULL, before, after);

    for (size_t i = 0; rc == 0 && i < before->npools; i++)
        if (find(after, before->pools[i].name) == NULL)
            tell(&comparison, CONFIG_POOL_REMOVED, before->pools[i].name, NULL, NULL);
    for (size_t i = 0; rc == 0 && i < after->npools; i++) {
        const struct config_pool *pool = &after->pools[i], *old = find(before, pool->name);

        if (old == NULL)
            tell(&comparison, CONFIG_POOL_ADDED, pool->name, NULL, NULL);
        else
            rc = compare_keys(&comparison, pool->name, old, pool);
    }
    return rc;
}
