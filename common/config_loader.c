/* SPDX-License-Identifier: MIT */
#include "common/config_loader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_env.h"
#include "common/config_value.h"

#define WHY_MAX 256

int config_loader_no_memory(const struct config_loader *loader, const struct config_mark *mark)
{
    return CONFIG_FAIL(loader, mark, "out of memory");
}

int config_loader_expand(const struct config_loader *loader, const struct yaml_node *node,
                         char **text)
{
    char why[WHY_MAX];
    int rc = config_env_expand(node->text, text, why, sizeof(why));

    if (rc == -ENOMEM)
        return config_loader_no_memory(loader, &node->mark);
    return rc < 0 ? CONFIG_FAIL(loader, &node->mark, "%s", why) : 0;
}

/* "pools.web.listen", or nothing for what the command line says, whose place is its name. */
static const char *print_name(const struct config_place *place, const struct config_key *key,
                              const struct yaml_node *node, char *text)
{
    text[0] = '\0';
    if (node->mark.line != 0)
        snprintf(text, CONFIG_KEYS_TEXT_MAX, "%s.%s: ", place->text, key->name);
    return text;
}

static int refuse_value(const struct config_loader *loader, const struct config_place *place,
                        const struct config_key *key, const struct yaml_node *node,
                        const char *text, int reason)
{
    char expected[CONFIG_KEYS_TEXT_MAX], hint[CONFIG_KEYS_TEXT_MAX], name[CONFIG_KEYS_TEXT_MAX];
    struct suggest suggest;

    suggest_init(&suggest, text);
    for (size_t i = 0; key->choices && key->choices[i]; i++)
        suggest_offer(&suggest, key->choices[i]);
    return CONFIG_FAIL(
        loader, &node->mark, "%s\"%.60s\" is %s, expected %s%s", print_name(place, key, node, name),
        text, reason == -ERANGE ? "out of range" : "not allowed",
        config_keys_print_expected(key, expected), suggest_print(&suggest, hint, sizeof(hint)));
}

int config_loader_refuse_kind(const struct config_loader *loader, const struct config_place *place,
                              const struct config_key *key, const struct yaml_node *node)
{
    char expected[CONFIG_KEYS_TEXT_MAX];

    return CONFIG_FAIL(loader, &node->mark, "%s.%s is %s, expected %s", place->text, key->name,
                       yaml_tree_kind(node), config_keys_print_expected(key, expected));
}

bool config_loader_is_value(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && !yaml_tree_is_null(node);
}

int config_loader_value(const struct config_loader *loader, const struct config_place *place,
                        const struct config_key *key, void *base, const struct yaml_node *node)
{
    char *text;
    int rc;

    if (!config_loader_is_value(node))
        return config_loader_refuse_kind(loader, place, key, node);
    rc = config_loader_expand(loader, node, &text);
    if (rc < 0)
        return rc;
    rc = config_value_set(key, base, text);
    if (rc == -ENOMEM)
        rc = config_loader_no_memory(loader, &node->mark);
    else if (rc < 0)
        rc = refuse_value(loader, place, key, node, text, rc);
    free(text);
    return rc;
}

int config_loader_refuse_word(const struct config_loader *loader, const struct yaml_node *node,
                              const struct suggest *suggest, const char *where)
{
    char hint[CONFIG_KEYS_TEXT_MAX];

    return CONFIG_FAIL(loader, &node->key_mark, "unknown key \"%.60s\", expected a key of %s%s",
                       node->key, where, suggest_print(suggest, hint, sizeof(hint)));
}

int config_loader_refuse_key(const struct config_loader *loader, const struct yaml_node *node,
                             const char *section, const char *where)
{
    struct suggest suggest;

    suggest_init(&suggest, node->key);
    for (size_t i = 0; i < config_keys_count; i++)
        if (strcmp(config_keys[i].section, section) == 0)
            suggest_offer(&suggest, config_keys[i].name);
    return config_loader_refuse_word(loader, node, &suggest, where);
}
