/* SPDX-License-Identifier: MIT */
#include "worker/http/response.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/check.h"
#include "worker/http/http_chars.h"
#include "worker/http/http_session.h"

#define CONTENT_TYPE_MAX 256

static void set_type(struct cop_response *response, const char *content_type)
{
    size_t len_of_type = strlen(content_type);

    CHECK_MSG(len_of_type < CONTENT_TYPE_MAX && !memchr(content_type, '\n', len_of_type),
              "a content type is one short line");
    response->content_type = (struct cop_slice){content_type, len_of_type};
}

void cop_response_body(struct cop_response *response, const char *content_type, const void *data,
                       size_t len)
{
    set_type(response, content_type);
    response->source = HTTP_FROM_MEMORY;
    response->memory = data;
    response->has_length = true;
    response->length = len;
}

void cop_response_text(struct cop_response *response, const char *text)
{
    cop_response_body(response, "text/plain; charset=utf-8", text, strlen(text));
}

int cop_response_print(struct cop_response *response, const char *format, ...)
{
    va_list args;
    char *text;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = len < 0 ? NULL : arena_alloc(&response->session->arena, (size_t)len + 1);
    if (!text)
        return -ENOMEM;
    va_start(args, format);
    len = vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    cop_response_body(response, "text/plain; charset=utf-8", text, (size_t)len);
    return 0;
}

void cop_response_file(struct cop_response *response, const char *content_type, int file,
                       off_t offset, uint64_t len)
{
    set_type(response, content_type);
    response->source = HTTP_FROM_FILE;
    response->file = file;
    response->offset = offset;
    response->has_length = true;
    response->length = len;
}

void cop_response_stream(struct cop_response *response, const char *content_type, cop_body_fn fn,
                         void *arg)
{
    set_type(response, content_type);
    response->source = HTTP_FROM_FUNCTION;
    response->body_fn = fn;
    response->body_arg = arg;
    response->has_length = false;
}

void cop_response_begin(struct cop_response *response, const char *content_type, int64_t length)
{
    set_type(response, content_type);
    response->source = HTTP_FROM_WRITER;
    response->has_length = length >= 0;
    response->length = length >= 0 ? (uint64_t)length : 0;
}

/* A second copy of these would make the answer ambiguous. */
static bool is_servers_own(const char *name)
{
    static const char *const names[] = {"connection", "content-length", "content-type", "date",
                                        "transfer-encoding"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

int cop_response_header(struct cop_response *response, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);
    char *at = response->fields + response->fields_len;

    if (!name_len || !http_chars_are(name, name_len, HTTP_CHAR_TOKEN) ||
        !http_chars_are(value, value_len, HTTP_CHAR_VALUE) || is_servers_own(name))
        return -EINVAL;
    if (name_len + value_len + 4 > sizeof(response->fields) - response->fields_len)
        return -ENOSPC;
    at = mempcpy(at, name, name_len);
    at = mempcpy(at, ": ", 2);
    at = mempcpy(at, value, value_len);
    at = mempcpy(at, "\r\n", 2);
    response->fields_len = (uint32_t)(at - response->fields);
    return 0;
}
