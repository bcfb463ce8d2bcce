/* SPDX-License-Identifier: MIT */
/* The public face of common/jsondoc.h, under the names of the app API. */
#include "worker/http/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/jsondoc.h"
#include "worker/http/query.h"

static struct cop_json *out(struct jsondoc *value)
{
    return (struct cop_json *)value;
}

static struct jsondoc *in(struct cop_json *value)
{
    return (struct jsondoc *)value;
}

static const struct jsondoc *look(const struct cop_json *value)
{
    return (const struct jsondoc *)value;
}

struct cop_json *cop_json_object(void)
{
    return out(jsondoc_object());
}

struct cop_json *cop_json_array(void)
{
    return out(jsondoc_array());
}

struct cop_json *cop_json_string(const char *text)
{
    return out(jsondoc_string(text));
}

struct cop_json *cop_json_integer(int64_t value)
{
    return out(jsondoc_integer(value));
}

struct cop_json *cop_json_real(double value)
{
    return out(jsondoc_real(value));
}

struct cop_json *cop_json_bool(bool value)
{
    return out(jsondoc_bool(value));
}

struct cop_json *cop_json_null(void)
{
    return out(jsondoc_null());
}

void cop_json_set(struct cop_json *object, const char *key, struct cop_json *value)
{
    jsondoc_set(in(object), key, in(value));
}

void cop_json_push(struct cop_json *array, struct cop_json *value)
{
    jsondoc_push(in(array), in(value));
}

void cop_json_free(struct cop_json *value)
{
    jsondoc_free(in(value));
}

const struct cop_json *cop_json_get(const struct cop_json *object, const char *key)
{
    return (const struct cop_json *)jsondoc_get(look(object), key);
}

const struct cop_json *cop_json_at(const struct cop_json *array, size_t index)
{
    return (const struct cop_json *)jsondoc_at(look(array), index);
}

size_t cop_json_len(const struct cop_json *value)
{
    return jsondoc_len(look(value));
}

const char *cop_json_text(const struct cop_json *value)
{
    return jsondoc_text(look(value));
}

int64_t cop_json_integer_value(const struct cop_json *value, int64_t fallback)
{
    return jsondoc_integer_value(look(value), fallback);
}

double cop_json_real_value(const struct cop_json *value, double fallback)
{
    return jsondoc_real_value(look(value), fallback);
}

bool cop_json_bool_value(const struct cop_json *value, bool fallback)
{
    return jsondoc_bool_value(look(value), fallback);
}

int cop_response_json(struct cop_response *response, struct cop_json *value)
{
    char *text = jsondoc_print(in(value), false);

    jsondoc_free(in(value));
    if (!text)
        return -ENOMEM;
    cop_response_body(response, "application/json", text, strlen(text));
    return cop_response_defer(response, free, text);
}

static void free_value(void *arg)
{
    jsondoc_free(arg);
}

static bool is_json(const struct cop_request *request)
{
    struct cop_slice type = cop_request_header(request, "content-type");
    size_t len = type.data ? strcspn(type.data, "; \t\r") : 0;

    return !type.data || cop_request_is(request, "application/json") ||
           (len > 5 && memcmp(type.data + len - 5, "+json", 5) == 0);
}

int cop_request_json(struct cop_request *request, size_t max, const struct cop_json **value)
{
    struct cop_slice body;
    struct jsondoc *parsed;
    char error[128];
    bool is_readable = is_json(request) && !cop_request_is_coded(request);
    int rc = is_readable ? cop_request_body(request, max, &body) : -415;

    if (rc < 0)
        return rc;
    parsed = jsondoc_parse(body.data, body.len, error, sizeof(error));
    if (!parsed)
        return jsondoc_parse_ran_out() ? -ENOMEM : -400;
    rc = cop_request_defer(request, free_value, parsed);
    if (rc == 0)
        *value = out(parsed);
    return rc;
}
