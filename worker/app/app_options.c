/* SPDX-License-Identifier: MIT */
#include "worker/app/app_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    char place[CONFIG_MARK_TEXT_MAX] = "options";

    if (mark->file)
        config_mark_print(mark, place);
    snprintf(error, size, "%s: %s \"%s\"%s%s", place, what, name,
             *expected == ' ' ? "" : ", expected ", expected);
    return -EINVAL;
}

/* "root, index (did you mean ...)", cut where the text is full. */
static void print_names(const struct config_key *table, const char *wrong, char *text, size_t size)
{
    struct suggest suggest;
    size_t len = 0;

    suggest_init(&suggest, wrong);
    snprintf(text, size, "no option at all");
    for (; table->name && len < size; table++) {
        suggest_offer(&suggest, table->name);
        len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "", table->name);
    }
    len = strlen(text);
    suggest_print(&suggest, text + len, size - len);
}

static int refuse_name(const struct config_key *table, const struct config_option *option,
                       char *error, size_t size)
{
    char names[256];

    print_names(table, option->name, names, sizeof(names));
    return refuse(&option->mark, error, size, "the app has no option", option->name, names);
}

/* A path that is not absolute is one from where the server was started. */
static int set_path(const struct config_key *key, void *state, const char *path)
{
    char *folder = getcwd(NULL, 0), *whole = NULL;
    int rc = -ENOMEM;

    if (folder && asprintf(&whole, "%s/%s", folder, path) >= 0) {
        rc = config_value_set(key, state, whole);
        free(whole);
    }
    free(folder);
    return rc;
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
    if (rc == -EINVAL && key->type == CONFIG_PATH && *option->value)
        rc = set_path(key, state, option->value);
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

/* ---- the table ---- */

/* Bytes of a field; 0: no option is of that kind. */
static size_t field_size(enum config_type type)
{
    switch (type) {
    case CONFIG_BOOL:
        return sizeof(bool);
    case CONFIG_INTEGER:
        return sizeof(unsigned);
    case CONFIG_DURATION:
        return sizeof(int64_t);
    case CONFIG_SIZE:
        return sizeof(uint64_t);
    case CONFIG_STRING:
    case CONFIG_PATH:
        return sizeof(char *);
    default:
        return 0;
    }
}

static int check_key(const struct config_key *key, size_t state_size, char *error, size_t size)
{
    size_t expected = field_size(key->type);

    if (expected == 0)
        snprintf(error, size,
                 "the option \"%s\" is of no kind for options, expected CONFIG_BOOL, INTEGER, "
                 "DURATION, SIZE, STRING or PATH",
                 key->name);
    else if (key->size != expected)
        snprintf(error, size, "the option \"%s\" has a field of %zu bytes, expected %zu for a %s",
                 key->name, key->size, expected, config_keys_type_name(key));
    else if (key->offset > state_size || key->size > state_size - key->offset)
        snprintf(error, size,
                 "the option \"%s\" lies beyond .state_size, expected the size of its struct",
                 key->name);
    else
        return 0;
    return -EINVAL;
}

int app_options_check(const struct config_key *table, size_t state_size, char *error, size_t size)
{
    int rc = 0;

    for (; table && table->name && rc == 0; table++)
        rc = check_key(table, state_size, error, size);
    return rc;
}

/* ---- reading ---- */

static int set_default(const struct config_key *key, void *state, char *error, size_t size)
{
    char expected[CONFIG_KEYS_TEXT_MAX];
    int rc = config_value_set(key, state, key->fallback);

    if (rc == 0 || rc == -ENOMEM)
        return rc;
    snprintf(error, size, "the default \"%s\" of the option \"%s\", expected %s", key->fallback,
             key->name, config_keys_print_expected(key, expected));
    return -EINVAL;
}

static const struct config_key no_options[] = {{.name = NULL}};

int app_options_read(const struct config_key *table, const struct config_pool *pool, void *state,
                     char *error, size_t size)
{
    char expected[CONFIG_KEYS_TEXT_MAX];
    int rc = 0;

    if (!table)
        table = no_options;
    for (const struct config_key *key = table; rc == 0 && key->name; key++)
        if (key->fallback)
            rc = set_default(key, state, error, size);
    for (size_t i = 0; rc == 0 && i < pool->noptions; i++)
        rc = read_option(table, &pool->options[i], state, error, size);
    /* Last: one that is missing may be there with another spelling. */
    for (const struct config_key *key = table; rc == 0 && key->name; key++)
        if (!key->fallback && !is_given(pool, key->name))
            rc = refuse(&pool->mark, error, size, "the app needs the option", key->name,
                        config_keys_print_expected(key, expected));
    return rc;
}

void app_options_free(const struct config_key *table, void *state)
{
    for (; table && table->name; table++)
        if (table->type == CONFIG_STRING || table->type == CONFIG_PATH)
            free(*(char **)(void *)((char *)state + table->offset));
}
