/* SPDX-License-Identifier: MIT */
#include "common/config_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/config.h"
#include "common/units.h"
#include "common/utf8.h"

bool config_value_is_single(const struct config_key *key)
{
    return key->type != CONFIG_LISTEN && key->type != CONFIG_OPTIONS;
}

static void *field_of(const struct config_key *key, void *base)
{
    return (char *)base + key->offset;
}

/* ---- from text ---- */

static int parse_bool(const char *text, bool *value)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return -EINVAL;
    *value = text[0] == 't';
    return 0;
}

static int parse_mode(const char *text, int64_t *mode)
{
    int64_t sum = 0;
    size_t len = strlen(text);

    if (len < 3 || len > 4 || strspn(text, "01234567") != len)
        return -EINVAL;
    for (size_t i = 0; i < len; i++)
        sum = sum * 8 + (text[i] - '0');
    *mode = sum;
    return 0;
}

/* Returns the index, or -EINVAL. */
static int find_choice(const char *const *choices, const char *text)
{
    for (int i = 0; choices && choices[i]; i++)
        if (strcmp(choices[i], text) == 0)
            return i;
    return -EINVAL;
}

static int parse_number(const struct config_key *key, const char *text, int64_t *number)
{
    int64_t parsed = 0;
    int rc;

    switch (key->type) {
    case CONFIG_INTEGER:
    case CONFIG_WORKERS:
        rc = units_parse_integer(text, &parsed);
        break;
    case CONFIG_MODE:
        rc = parse_mode(text, &parsed);
        break;
    case CONFIG_DURATION:
        rc = units_parse_duration(text, &parsed);
        break;
    case CONFIG_SIZE:
        rc = units_parse_size(text, &parsed);
        break;
    default:
        rc = -EINVAL;
    }
    if (rc == 0 && (parsed < key->min || parsed > key->max))
        rc = -ERANGE;
    if (rc == 0)
        *number = parsed;
    return rc;
}

static int set_text(const struct config_key *key, char **field, const char *text)
{
    size_t len = strlen(text);
    char *copy;

    if (key->type == CONFIG_PATH && find_choice(key->choices, text) < 0 && text[0] != '/')
        return -EINVAL;
    if ((int64_t)len < key->min || (int64_t)len > key->max)
        return -ERANGE;
    copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    free(*field);
    *field = copy;
    return 0;
}

static int set_number(const struct config_key *key, void *field, const char *text)
{
    int64_t number = 0;
    int rc = parse_number(key, text, &number);

    if (rc < 0)
        return rc;
    if (key->type == CONFIG_DURATION)
        *(int64_t *)field = number;
    else if (key->type == CONFIG_SIZE)
        *(uint64_t *)field = (uint64_t)number;
    else
        *(unsigned *)field = (unsigned)number;
    return 0;
}

int config_value_set(const struct config_key *key, void *base, const char *text)
{
    void *field = field_of(key, base);
    int choice;

    switch (key->type) {
    case CONFIG_BOOL:
        return parse_bool(text, field);
    case CONFIG_CHOICE:
        choice = find_choice(key->choices, text);
        if (choice >= 0)
            *(unsigned *)field = (unsigned)choice;
        return choice < 0 ? choice : 0;
    case CONFIG_STRING:
    case CONFIG_PATH:
        return set_text(key, field, text);
    case CONFIG_WORKERS:
        if (strcmp(text, "auto") == 0) {
            *(unsigned *)field = config_auto_workers();
            return 0;
        }
        return set_number(key, field, text);
    default:
        CHECK(config_value_is_single(key));
        return set_number(key, field, text);
    }
}

int config_value_set_defaults(const char *section, void *base)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        const struct config_key *key = &config_keys[i];
        int rc;

        if (strcmp(key->section, section) != 0 || !key->fallback || !config_value_is_single(key))
            continue;
        rc = config_value_set(key, base, key->fallback);
        CHECK_MSG(rc == 0 || rc == -ENOMEM, "a default is not of its key's type and range");
        if (rc < 0)
            return rc;
    }
    return 0;
}

void config_value_free(const char *section, void *base)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        const struct config_key *key = &config_keys[i];
        char **field = field_of(key, base);

        if (strcmp(key->section, section) != 0 ||
            (key->type != CONFIG_STRING && key->type != CONFIG_PATH))
            continue;
        free(*field);
        *field = NULL;
    }
}

/* ---- to text ---- */

/* The code point of the n bytes at text, which are one character. */
static unsigned decode(const char *text, size_t n)
{
    unsigned code = (unsigned char)text[0];

    if (n > 1)
        code &= 0xffu >> (n + 1);
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

void config_value_print_text(const char *text, bool is_value, FILE *stream)
{
    size_t len = strlen(text);

    fputc('"', stream);
    for (size_t i = 0, n; i < len; i += n) {
        unsigned code;

        n = utf8_len(text + i, len - i);
        CHECK(n > 0);
        code = decode(text + i, n);
        if (is_value && strncmp(text + i, "${", 2) == 0)
            fputc('$', stream);
        if (code == '"' || code == '\\')
            fprintf(stream, "\\%c", (char)code);
        else if (code >= 0x20 && code < 0x7f)
            fputc((int)code, stream);
        else
            fprintf(stream, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
    }
    fputc('"', stream);
}

void config_value_print(const struct config_key *key, const void *base, FILE *stream)
{
    const void *field = (const char *)base + key->offset;
    char text[UNITS_TEXT_MAX];

    switch (key->type) {
    case CONFIG_BOOL:
        fputs(*(const bool *)field ? "true" : "false", stream);
        break;
    case CONFIG_INTEGER:
    case CONFIG_WORKERS:
        fprintf(stream, "%u", *(const unsigned *)field);
        break;
    case CONFIG_MODE:
        fprintf(stream, "\"%04o\"", *(const unsigned *)field);
        break;
    case CONFIG_CHOICE:
        fputs(key->choices[*(const unsigned *)field], stream);
        break;
    case CONFIG_DURATION:
        fputs(units_print_duration(*(const int64_t *)field, text), stream);
        break;
    case CONFIG_SIZE:
        fputs(units_print_size((int64_t) * (const uint64_t *)field, text), stream);
        break;
    default:
        CHECK(config_value_is_single(key));
        config_value_print_text(*(char *const *)field, true, stream);
    }
}
