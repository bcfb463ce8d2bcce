/* SPDX-License-Identifier: MIT */
#include "worker/app/app_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_value.h"
#include "common/suggest.h"

static const struct config_key *find(const struct config_key *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static int refuse(const struct config_mark *mark, char *error, size_t size, const char *what,
                  const char *name, const char *expected)
{
    snprintf(error, size, "%s:%u:%u: %s \"%s\"%s%s", mark->file ? mark->file : "options",
             mark->line, mark->column, what, name, *expected == ' ' ? "" : ", expected ", expected);
    return -EINVAL;
}

static int refuse_name(const struct config_key *table, const struct config_option *option,
                       char *error, size_t size)
{
    struct suggest suggest;
    char text[64];

    suggest_init(&suggest, option->name);
    for (; table->name; table++)
        suggest_offer(&suggest, table->name);
    suggest_print(&suggest, text, sizeof(text));
    return refuse(&option->mark, error, size, "the app has no option", option->name,
                  *text ? text : "none of that name");
}

static int read_option(const struct config_key *table, const struct config_option *option,
                       void *state, char *error, size_t size)
{
    const struct config_key *key = find(table, option->name);
    char expected[CONFIG_KEYS_TEXT_MAX];
    int rc;

    if (!key)
        return refuse_name(table, option, error, size);
    rc = config_value_set(key, state, option->value);
    if (rc == 0 || rc == -ENOMEM)
        return rc;
    return refuse(&option->mark, error, size, "a wrong value for", option->name,
                  config_keys_print_expected(key, expected));
}

static bool is_given(const struct config_pool *pool, const char *name)
{
    for (size_t i = 0; i < pool->noptions; i++)
        if (strcmp(pool->options[i].name, name) == 0)
            return true;
    return false;
}

int app_options_read(const struct config_key *table, const struct config_pool *pool, void *state,
                     char *error, size_t size)
{
    char expected[CONFIG_KEYS_TEXT_MAX];
    int rc = 0;

    for (const struct config_key *key = table; rc == 0 && key->name; key++) {
        if (key->fallback)
            rc = config_value_set(key, state, key->fallback);
        else if (!is_given(pool, key->name))
            rc = refuse(&pool->mark, error, size, "the app needs the option", key->name,
                        config_keys_print_expected(key, expected));
    }
    for (size_t i = 0; rc == 0 && i < pool->noptions; i++)
        rc = read_option(table, &pool->options[i], state, error, size);
    return rc;
}

void app_options_free(const struct config_key *table, void *state)
{
    for (; table->name; table++)
        if (table->type == CONFIG_STRING || table->type == CONFIG_PATH)
            free(*(char **)(void *)((char *)state + table->offset));
}
