/* SPDX-License-Identifier: MIT */
#include "worker/http/response.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/check.h"
#include "worker/http/http_chars.h"

#define CONTENT_TYPE_MAX 256

void cop_response_body(struct cop_response *response, const char *content_type, const void *data,
                       size_t len)
{
    size_t len_of_type = strlen(content_type);

    CHECK_MSG(len_of_type < CONTENT_TYPE_MAX && !memchr(content_type, '\n', len_of_type),
              "a content type is one short line");
    response->content_type = (struct cop_slice){content_type, len_of_type};
    response->body = (struct cop_slice){data, len};
}

void cop_response_text(struct cop_response *response, const char *text)
{
    cop_response_body(response, "text/plain; charset=utf-8", text, strlen(text));
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
