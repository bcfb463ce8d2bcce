/* SPDX-License-Identifier: MIT */
/*
 * A struct jsondoc is a json_t under another name; nothing outside this file knows.
 *
 * jansson has no place in a value for "something is missing here", so a failure is remembered
 * beside it, for the thread. A document that was abandoned half built may thus fail the next one:
 * that is the safe side.
 */
#include "common/jsondoc.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

static _Thread_local bool memory_ran_out;

/* The same since the last parse began: jansson calls it an invalid token. */
static _Thread_local bool parse_ran_out;

static void *allocate(size_t size)
{
    void *block = malloc(size);

    parse_ran_out |= !block;
    return block;
}

__attribute__((constructor)) static void give_memory(void)
{
    json_set_alloc_funcs(allocate, free);
}

static json_t *inner(const struct jsondoc *value)
{
    return (json_t *)(uintptr_t)value;
}

static struct jsondoc *outer(json_t *value)
{
    return (struct jsondoc *)value;
}

static struct jsondoc *built(json_t *value)
{
    if (!value)
        memory_ran_out = true;
    return outer(value);
}

struct jsondoc *jsondoc_object(void)
{
    return built(json_object());
}

struct jsondoc *jsondoc_array(void)
{
    return built(json_array());
}

static bool is_utf8(const char *text, size_t len)
{
    size_t n;

    for (size_t i = 0; i < len; i += n) {
        n = utf8_len(text + i, len - i);
        if (n == 0)
            return false;
    }
    return true;
}

static json_t *repaired_string(const char *text, size_t len)
{
    const size_t replacement_len = strlen(UTF8_REPLACEMENT);
    char *repaired;
    size_t used = 0;
    json_t *value;

    if (len > SIZE_MAX / replacement_len)
        return NULL;
    repaired = malloc(len * replacement_len);
    if (!repaired)
        return NULL;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_len(text + i, len - i);

        memcpy(repaired + used, n ? text + i : UTF8_REPLACEMENT, n ? n : replacement_len);
        used += n ? n : replacement_len;
        i += n ? n : 1;
    }
    value = json_stringn(repaired, used);
    free(repaired);
    return value;
}

struct jsondoc *jsondoc_string(const char *text)
{
    size_t len;

    if (!text)
        return jsondoc_null();
    len = strlen(text);
    return built(is_utf8(text, len) ? json_stringn(text, len) : repaired_string(text, len));
}

struct jsondoc *jsondoc_integer(int64_t value)
{
    return built(json_integer(value));
}

struct jsondoc *jsondoc_real(double value)
{
    return isfinite(value) ? built(json_real(value)) : jsondoc_null();
}

struct jsondoc *jsondoc_bool(bool value)
{
    return built(json_boolean(value));
}

struct jsondoc *jsondoc_null(void)
{
    return built(json_null());
}

void jsondoc_set(struct jsondoc *object, const char *key, struct jsondoc *value)
{
    if (json_object_set_new(inner(object), key, inner(value)) < 0)
        memory_ran_out = true;
}

void jsondoc_push(struct jsondoc *array, struct jsondoc *value)
{
    if (json_array_append_new(inner(array), inner(value)) < 0)
        memory_ran_out = true;
}

void jsondoc_free(struct jsondoc *value)
{
    json_decref(inner(value));
}

char *jsondoc_print(const struct jsondoc *value, bool pretty)
{
    /* 15 digits are what a double surely holds: 0.1 is printed as 0.1. */
    size_t flags =
        JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) | (pretty ? JSON_INDENT(2) : JSON_COMPACT);
    bool failed = memory_ran_out;

    memory_ran_out = false;
    return failed || !value ? NULL : json_dumps(inner(value), flags);
}

struct jsondoc *jsondoc_parse(const char *text, size_t len, char *error, size_t size)
{
    json_error_t details;
    json_t *value;

    parse_ran_out = false;
    value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &details);
    if (parse_ran_out)
        snprintf(error, size, "no memory");
    else if (!value)
        snprintf(error, size, "not JSON: %s (line %d, column %d)", details.text, details.line,
                 details.column);
    return outer(value);
}

bool jsondoc_parse_ran_out(void)
{
    return parse_ran_out;
}

const struct jsondoc *jsondoc_get(const struct jsondoc *object, const char *key)
{
    return outer(json_object_get(inner(object), key));
}

const struct jsondoc *jsondoc_at(const struct jsondoc *array, size_t index)
{
    return outer(json_array_get(inner(array), index));
}

size_t jsondoc_len(const struct jsondoc *value)
{
    return json_is_object(inner(value)) ? json_object_size(inner(value))
                                        : json_array_size(inner(value));
}

const char *jsondoc_text(const struct jsondoc *value)
{
    return json_string_value(inner(value));
}

int64_t jsondoc_integer_value(const struct jsondoc *value, int64_t fallback)
{
    return jsondoc_is_integer(value) ? json_integer_value(inner(value)) : fallback;
}

double jsondoc_real_value(const struct jsondoc *value, double fallback)
{
    return json_is_number(inner(value)) ? json_number_value(inner(value)) : fallback;
}

bool jsondoc_bool_value(const struct jsondoc *value, bool fallback)
{
    return json_is_boolean(inner(value)) ? json_is_true(inner(value)) : fallback;
}

bool jsondoc_is_integer(const struct jsondoc *value)
{
    return json_is_integer(inner(value));
}

bool jsondoc_is_array(const struct jsondoc *value)
{
    return json_is_array(inner(value));
}
