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

#include "common/digits.h"
#include "common/jsontext.h"
#include "common/small_blocks.h"
#include "common/utf8.h"

/* Deeper documents, and values that contain themselves, are not printed: each level takes stack. */
#define DEPTH_MAX 512

static _Thread_local bool memory_ran_out;

/* The same since the last parse began: jansson calls it an invalid token. */
static _Thread_local bool parse_ran_out;

static void *allocate(size_t size)
{
    void *block = small_blocks_allocate(size);

    parse_ran_out |= !block;
    return block;
}

__attribute__((constructor)) static void give_memory(void)
{
    json_set_alloc_funcs(allocate, small_blocks_free);
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
    value = json_stringn_nocheck(repaired, used);
    free(repaired);
    return value;
}

struct jsondoc *jsondoc_string(const char *text)
{
    size_t len;

    if (!text)
        return jsondoc_null();
    len = strlen(text);
    return built(utf8_is_valid(text, len) ? json_stringn_nocheck(text, len)
                                          : repaired_string(text, len));
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

struct jsondoc *jsondoc_copy(const struct jsondoc *value)
{
    return outer(json_deep_copy(inner(value)));
}

static void print_value(struct jsontext *text, const json_t *value, unsigned depth);

static void print_object(struct jsontext *text, const json_t *object, unsigned depth)
{
    json_t *value = (json_t *)(uintptr_t)object;
    char separator = '{';

    for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
        const char *key = json_object_iter_key(at);

        jsontext_put_char(text, separator);
        jsontext_put_string(text, key, strlen(key));
        jsontext_put_char(text, ':');
        print_value(text, json_object_iter_value(at), depth + 1);
        separator = ',';
    }
    if (separator == '{')
        jsontext_put_char(text, '{');
    jsontext_put_char(text, '}');
}

static void print_array(struct jsontext *text, const json_t *array, unsigned depth)
{
    jsontext_put_char(text, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            jsontext_put_char(text, ',');
        print_value(text, json_array_get(array, i), depth + 1);
    }
    jsontext_put_char(text, ']');
}

static void print_integer(struct jsontext *text, json_int_t number)
{
    uint64_t magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number;
    char digits[DECIMAL_MAX];

    if (number < 0)
        jsontext_put_char(text, '-');
    jsontext_put(text, digits, (size_t)(decimal_print(digits, magnitude) - digits));
}

/* 15 digits are what a double surely holds: 0.1 is printed as 0.1. */
#define PRINT_FLAGS (JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

static void print_real(struct jsontext *text, const json_t *value)
{
    char number[64];
    size_t len = json_dumpb(value, number, sizeof(number), PRINT_FLAGS);

    if (len == 0 || len > sizeof(number))
        text->failed = true;
    else
        jsontext_put(text, number, len);
}

static void print_word(struct jsontext *text, const char *word)
{
    jsontext_put(text, word, strlen(word));
}

static void print_value(struct jsontext *text, const json_t *value, unsigned depth)
{
    if (depth == DEPTH_MAX)
        text->failed = true;
    if (text->failed)
        return;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        print_object(text, value, depth);
        break;
    case JSON_ARRAY:
        print_array(text, value, depth);
        break;
    case JSON_STRING:
        jsontext_put_string(text, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        print_integer(text, json_integer_value(value));
        break;
    case JSON_REAL:
        print_real(text, value);
        break;
    case JSON_TRUE:
        print_word(text, "true");
        break;
    case JSON_FALSE:
        print_word(text, "false");
        break;
    case JSON_NULL:
        print_word(text, "null");
        break;
    }
}

static char *print_line(const json_t *value)
{
    struct jsontext text = {0};

    print_value(&text, value, 0);
    return jsontext_finish(&text);
}

char *jsondoc_print(const struct jsondoc *value, bool pretty)
{
    bool failed = memory_ran_out;

    memory_ran_out = false;
    if (failed || !value)
        return NULL;
    return pretty ? json_dumps(inner(value), PRINT_FLAGS | JSON_INDENT(2))
                  : print_line(inner(value));
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
