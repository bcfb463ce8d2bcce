/* SPDX-License-Identifier: MIT */
#include "master/run_config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/yaml_tree.h"

/* A setting may need a section, a list or map, and its value. */
#define NODES_OF_SETTING 3
#define OTHER_NODES      8

#define POOL_NAME_MAX 24

struct builder {
    struct yaml_node *nodes;
    size_t count;
    size_t max;
};

/* Nodes change none of their texts, which are others'. */
static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text;
}

static struct yaml_node *add(struct builder *builder, struct yaml_node *parent, enum yaml_kind kind,
                             const char *key, const char *place)
{
    struct yaml_node *node = &builder->nodes[builder->count++];
    struct yaml_node **tail = parent ? &parent->child : NULL;

    CHECK(builder->count <= builder->max);
    *node = (struct yaml_node){
        .kind = kind, .key = borrow(key), .mark = {place, 0, 0}, .key_mark = {place, 0, 0}};
    while (tail && *tail)
        tail = &(*tail)->next;
    if (tail)
        *tail = node;
    return node;
}

/* The child of that key; made when there is none. */
static struct yaml_node *child(struct builder *builder, struct yaml_node *parent,
                               enum yaml_kind kind, const char *key, const char *place)
{
    for (struct yaml_node *node = parent->child; node; node = node->next)
        if (strcmp(node->key, key) == 0)
            return node;
    return add(builder, parent, kind, key, place);
}

static void add_setting(struct builder *builder, struct yaml_node *root, struct yaml_node *pool,
                        const struct run_setting *setting)
{
    const struct config_key *key = setting->key;
    struct yaml_node *parent = pool;

    if (strcmp(key->section, CONFIG_KEYS_POOL) != 0)
        parent = child(builder, root, YAML_MAP, key->section, setting->name);
    if (key->type == CONFIG_LISTEN)
        parent = child(builder, parent, YAML_LIST, key->name, setting->name);
    if (key->type == CONFIG_OPTIONS)
        parent = child(builder, parent, YAML_MAP, key->name, setting->name);
    parent = add(builder, parent, YAML_SCALAR,
                 key->type == CONFIG_OPTIONS ? setting->inner : key->name, setting->name);
    parent->text = setting->value;
}

/* "./lib/myapp.so" -> "myapp"; what is no name of a pool becomes "app". */
static void print_pool_name(const char *app, char *name, size_t size)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    const char *slash = strrchr(app, '/');
    const char *base = slash ? slash + 1 : app;
    const char *dot = slash ? strrchr(base, '.') : NULL;
    size_t len = dot ? (size_t)(dot - base) : strlen(base);

    if (len == 0 || len >= size || strspn(base, letters) < len || strchr("_-.", base[0]))
        snprintf(name, size, "app");
    else
        snprintf(name, size, "%.*s", (int)len, base);
}

static void build(struct builder *builder, const struct run_options *options, const char *name)
{
    struct yaml_node *root = add(builder, NULL, YAML_MAP, NULL, options->app);
    struct yaml_node *pools = add(builder, root, YAML_MAP, "pools", options->app);
    struct yaml_node *pool = add(builder, pools, YAML_MAP, name, options->app);

    add(builder, pool, YAML_SCALAR, "app", options->app)->text = options->app;
    for (size_t i = 0; i < options->nsettings; i++)
        add_setting(builder, root, pool, &options->settings[i]);
}

int run_config_build(const struct run_options *options, struct config **config, char *error,
                     size_t size)
{
    struct builder builder = {.max = NODES_OF_SETTING * options->nsettings + OTHER_NODES};
    char name[POOL_NAME_MAX + 1];
    int rc;

    builder.nodes = calloc(builder.max, sizeof(*builder.nodes));
    if (!builder.nodes) {
        snprintf(error, size, "out of memory");
        return -EINVAL;
    }
    print_pool_name(options->app, name, sizeof(name));
    build(&builder, options, name);
    rc = config_load_tree(RUN_CONFIG_NAME, builder.nodes, config, error, size);
    free(builder.nodes);
    return rc;
}
