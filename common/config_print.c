/* SPDX-License-Identifier: MIT */
#include "common/config_print.h"

#include <errno.h>
#include <string.h>

#include "common/config.h"
#include "common/config_keys.h"
#include "common/config_value.h"

static void print_listen(const struct config_pool *pool, FILE *stream)
{
    fputc('[', stream);
    for (size_t i = 0; i < pool->nlisten; i++) {
        if (i > 0)
            fputs(", ", stream);
        config_value_print_text(pool->listen_text[i], true, stream);
    }
    fputc(']', stream);
}

static void print_options(const struct config_pool *pool, FILE *stream)
{
    fputc('{', stream);
    for (size_t i = 0; i < pool->noptions; i++) {
        if (i > 0)
            fputs(", ", stream);
        config_value_print_text(pool->options[i].name, false, stream);
        fputs(": ", stream);
        config_value_print_text(pool->options[i].value, true, stream);
    }
    fputc('}', stream);
}

void config_print_value(const struct config_key *key, const void *base, FILE *stream)
{
    if (key->type == CONFIG_LISTEN)
        print_listen(base, stream);
    else if (key->type == CONFIG_OPTIONS)
        print_options(base, stream);
    else
        config_value_print(key, base, stream);
}

static void print_pool(const struct config_pool *pool, FILE *stream)
{
    fprintf(stream, "  %s:\n", pool->name);
    for (size_t i = 0; i < config_keys_count; i++) {
        const struct config_key *key = &config_keys[i];

        if (strcmp(key->section, CONFIG_KEYS_POOL) != 0)
            continue;
        fprintf(stream, "    %s: ", key->name);
        config_print_value(key, pool, stream);
        fputc('\n', stream);
    }
}

int config_print(const struct config *config, FILE *stream)
{
    const char *section = "";

    for (size_t i = 0; i < config_keys_count; i++) {
        const struct config_key *key = &config_keys[i];

        if (strcmp(key->section, CONFIG_KEYS_POOL) == 0)
            continue;
        if (strcmp(key->section, section) != 0)
            fprintf(stream, "%s:\n", key->section);
        section = key->section;
        fprintf(stream, "  %s: ", key->name);
        config_print_value(key, config, stream);
        fputc('\n', stream);
    }
    fputs("pools:\n", stream);
    for (size_t i = 0; i < config->npools; i++)
        print_pool(&config->pools[i], stream);
    return fflush(stream) == 0 && !ferror(stream) ? 0 : -EIO;
}
