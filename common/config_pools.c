/* SPDX-License-Identifier: MIT */
#include "common/config_pools.h"

#include <stdlib.h>
#include <string.h>

#include "common/access_format.h"
#include "common/config_model.h"

#define POOLS_MAX       64
#define POOL_NAME_MAX   24
#define OPTION_NAME_MAX 64
#define FORMAT_WHY_MAX  256

static int check_conflicts(const struct config_loader *loader, const struct cop_address *address,
                           const struct yaml_node *node, const char *text)
{
    char first[CONFIG_MARK_TEXT_MAX];

    for (size_t i = 0; i < loader->config->npools; i++) {
        const struct config_pool *pool = &loader->config->pools[i];

        for (size_t j = 0; j < pool->nlisten; j++)
            if (address_conflicts(address, &pool->listen[j]))
                return CONFIG_FAIL(loader, &node->mark,
                                   "\"%s\" is taken by \"%s\" of the pool \"%s\" (%s), expected an "
                                   "address of its own",
                                   text, pool->listen_text[j], pool->name,
                                   config_mark_print(&pool->mark, first));
    }
    return 0;
}

static int add_listen(const struct config_loader *loader, struct config_pool *pool,
                      const struct yaml_node *node, const char *text)
{
    struct cop_address address;
    const char *why;
    int rc;

    if (cop_address_parse(text, &address, &why) < 0)
        return CONFIG_FAIL(loader, &node->mark, "\"%.60s\" is no address, %s", text, why);
    rc = check_conflicts(loader, &address, node, text);
    if (rc < 0)
        return rc;
    return config_add_listen(pool, &address, text) < 0
               ? config_loader_no_memory(loader, &node->mark)
               : 0;
}

static int load_address(const struct config_loader *loader, const struct config_place *place,
                        const struct config_key *key, struct config_pool *pool,
                        const struct yaml_node *node)
{
    char *text;
    int rc;

    if (!config_loader_is_value(node) || (int64_t)pool->nlisten >= key->max)
        return config_loader_refuse_kind(loader, place, key, node);
    rc = config_loader_expand(loader, node, &text);
    if (rc < 0)
        return rc;
    rc = add_listen(loader, pool, node, text);
    free(text);
    return rc;
}

static int load_listen(const struct config_loader *loader, const struct config_place *place,
                       const struct config_key *key, struct config_pool *pool,
                       const struct yaml_node *node)
{
    if (node->kind != YAML_LIST)
        return load_address(loader, place, key, pool, node);
    if (!node->child)
        return CONFIG_FAIL(loader, &node->mark, "%s.%s is empty, expected at least one address",
                           place->text, key->name);
    for (const struct yaml_node *item = node->child; item; item = item->next) {
        int rc = load_address(loader, place, key, pool, item);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int load_option(const struct config_loader *loader, const struct config_place *place,
                       const struct config_key *key, struct config_pool *pool,
                       const struct yaml_node *node)
{
    size_t len = strlen(node->key);
    char *value;
    int rc;

    if (node->kind != YAML_SCALAR || (int64_t)pool->noptions >= key->max)
        return config_loader_refuse_kind(loader, place, key, node);
    if (len == 0 || len > OPTION_NAME_MAX)
        return CONFIG_FAIL(loader, &node->key_mark, "%s.%s: a name of %zu bytes, expected 1 to %d",
                           place->text, key->name, len, OPTION_NAME_MAX);
    rc = config_loader_expand(loader, node, &value);
    if (rc < 0)
        return rc;
    rc = config_add_option(pool, node->key, yaml_tree_is_null(node) ? "" : value);
    free(value);
    if (rc < 0)
        return config_loader_no_memory(loader, &node->mark);
    pool->options[pool->noptions - 1].mark = node->mark;
    return 0;
}

static int load_options(const struct config_loader *loader, const struct config_place *place,
                        const struct config_key *key, struct config_pool *pool,
                        const struct yaml_node *node)
{
    if (node->kind != YAML_MAP)
        return yaml_tree_is_null(node) ? 0 : config_loader_refuse_kind(loader, place, key, node);
    for (const struct yaml_node *option = node->child; option; option = option->next) {
        int rc = load_option(loader, place, key, pool, option);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int load_pool_key(const struct config_loader *loader, const struct config_place *place,
                         struct config_pool *pool, const struct yaml_node *node)
{
    const struct config_key *key = config_keys_find(CONFIG_KEYS_POOL, node->key);

    if (!key)
        return config_loader_refuse_key(loader, node, CONFIG_KEYS_POOL, "a pool");
    if (key->type == CONFIG_LISTEN)
        return load_listen(loader, place, key, pool, node);
    if (key->type == CONFIG_OPTIONS)
        return load_options(loader, place, key, pool, node);
    return config_loader_value(loader, place, key, pool, node);
}

static const struct yaml_node *child_of(const struct yaml_node *map, const char *key)
{
    for (const struct yaml_node *node = map->child; node; node = node->next)
        if (strcmp(node->key, key) == 0)
            return node;
    return NULL;
}

static int check_pool(const struct config_loader *loader, const struct config_pool *pool,
                      const struct yaml_node *map)
{
    const struct yaml_node *reuse_port = child_of(map, "reuse_port");
    const struct yaml_node *node = child_of(map, "access_format");
    char expected[CONFIG_KEYS_TEXT_MAX], why[FORMAT_WHY_MAX] = "no memory";
    struct access_format *format;

    for (size_t i = 0; i < config_keys_count; i++) {
        const struct config_key *key = &config_keys[i];

        if (strcmp(key->section, CONFIG_KEYS_POOL) == 0 && !key->fallback &&
            !child_of(map, key->name))
            return CONFIG_FAIL(loader, &pool->mark, "the pool \"%s\" has no \"%s\", expected %s",
                               pool->name, key->name, config_keys_print_expected(key, expected));
    }
    if (access_format_compile(pool->access_format, &format, why, sizeof(why)) < 0)
        return CONFIG_FAIL(loader, node ? &node->mark : &pool->mark, "access_format: %s", why);
    access_format_free(format);
    for (size_t i = 0; pool->reuse_port && i < pool->nlisten; i++)
        if (pool->listen[i].sockaddr.ss_family == AF_UNIX)
            return CONFIG_FAIL(loader, &reuse_port->mark,
                               "reuse_port with \"%s\", expected only addresses with a port",
                               pool->listen_text[i]);
    return 0;
}

/* The model goes first, so that the numbers beside it win over its own wherever they stand. */
static int load_pool_keys(const struct config_loader *loader, struct config_pool *pool,
                          const struct yaml_node *map)
{
    const struct yaml_node *model = child_of(map, "model");
    struct config_place place;
    int rc = 0;

    snprintf(place.text, sizeof(place.text), "pools.%s", pool->name);
    if (model) {
        rc = load_pool_key(loader, &place, pool, model);
        if (rc < 0)
            return rc;
        config_model_apply(pool);
    }
    for (const struct yaml_node *node = map->child; node && rc == 0; node = node->next)
        if (node != model)
            rc = load_pool_key(loader, &place, pool, node);
    return rc < 0 ? rc : check_pool(loader, pool, map);
}

static bool is_pool_name(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    size_t len = strlen(name);

    return len > 0 && len <= POOL_NAME_MAX && strspn(name, letters) == len &&
           !strchr("_-.", name[0]);
}

static int load_pool(struct config_loader *loader, const struct yaml_node *node)
{
    struct config *config = loader->config;
    struct config_pool *pool;

    if (!is_pool_name(node->key))
        return CONFIG_FAIL(
            loader, &node->key_mark,
            "\"%.60s\" is no name of a pool, expected 1 to %d letters, digits, \"_\", \"-\" "
            "and \".\", a letter or digit first",
            node->key, POOL_NAME_MAX);
    for (size_t i = 0; i < config->npools; i++)
        if (strcmp(config->pools[i].name, node->key) == 0)
            return CONFIG_FAIL(
                loader, &node->key_mark,
                "the pool \"%s\" is here twice, expected it once (first at %s:%u:%u)", node->key,
                config->pools[i].mark.file, config->pools[i].mark.line,
                config->pools[i].mark.column);
    if (node->kind != YAML_MAP && !yaml_tree_is_null(node))
        return CONFIG_FAIL(loader, &node->mark, "the pool \"%s\" is %s, expected a map of keys",
                           node->key, yaml_tree_kind(node));
    if (config->npools == POOLS_MAX)
        return CONFIG_FAIL(loader, &node->key_mark, "too many pools, expected at most %d",
                           POOLS_MAX);
    pool = config_add_pool(config, node->key, "");
    if (!pool)
        return config_loader_no_memory(loader, &node->key_mark);
    pool->mark = node->key_mark;
    return load_pool_keys(loader, pool, node);
}

int config_pools_load(struct config_loader *loader, const struct yaml_node *node)
{
    if (!loader->pools.file)
        loader->pools = node->key_mark;
    if (node->kind != YAML_MAP && !yaml_tree_is_null(node))
        return CONFIG_FAIL(loader, &node->mark, "pools is %s, expected a map of names and pools",
                           yaml_tree_kind(node));
    for (const struct yaml_node *pool = node->child; pool; pool = pool->next) {
        int rc = load_pool(loader, pool);

        if (rc < 0)
            return rc;
    }
    return 0;
}
