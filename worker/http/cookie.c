/* SPDX-License-Identifier: MIT */
#include "worker/http/cookie.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "worker/http/http_chars.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct cop_slice trim(struct cop_slice slice)
{
    while (slice.len && is_space(slice.data[0])) {
        slice.data++;
        slice.len--;
    }
    while (slice.len && is_space(slice.data[slice.len - 1]))
        slice.len--;
    return slice;
}

/* Split "name=value". Returns false when it is none. */
static bool split(struct cop_slice pair, struct cop_slice *name, struct cop_slice *value)
{
    const char *equals = pair.len ? memchr(pair.data, '=', pair.len) : NULL;

    if (!equals)
        return false;
    *name = trim((struct cop_slice){pair.data, (size_t)(equals - pair.data)});
    *value = trim((struct cop_slice){equals + 1, pair.len - (size_t)(equals - pair.data) - 1});
    if (value->len >= 2 && value->data[0] == '"' && value->data[value->len - 1] == '"')
        *value = (struct cop_slice){value->data + 1, value->len - 2};
    return name->len > 0;
}

bool cop_cookie_next(struct cop_slice *cookies, struct cop_slice *name, struct cop_slice *value)
{
    while (cookies->len) {
        const char *end = memchr(cookies->data, ';', cookies->len);
        size_t len = end ? (size_t)(end - cookies->data) : cookies->len;
        struct cop_slice pair = {cookies->data, len};

        cookies->data += len + (end ? 1 : 0);
        cookies->len -= len + (end ? 1 : 0);
        if (split(pair, name, value))
            return true;
    }
    return false;
}

struct cop_slice cop_request_cookie(const struct cop_request *request, const char *name)
{
    struct cop_slice field, cookies, found, value;

    for (size_t i = 0; cop_request_field(request, i, &field, &cookies); i++) {
        if (field.len != 6 || strncasecmp(field.data, "cookie", 6) != 0)
            continue;
        while (cop_cookie_next(&cookies, &found, &value))
            if (cop_slice_equal(found, name))
                return value;
    }
    return (struct cop_slice){NULL, 0};
}

/* Nothing that ends the piece of the field in which it stands. */
static bool is_plain(const char *text)
{
    return !text ||
           (!strpbrk(text, ";,\\\" ") && http_chars_are(text, strlen(text), HTTP_CHAR_VALUE));
}

int cop_response_cookie(struct cop_response *response, const struct cop_cookie *cookie)
{
    char text[COP_RESPONSE_FIELDS_MAX], age[40] = "";
    int len;

    if (!*cookie->name || !http_chars_are(cookie->name, strlen(cookie->name), HTTP_CHAR_TOKEN) ||
        !is_plain(cookie->value) || !is_plain(cookie->path) || !is_plain(cookie->domain) ||
        !is_plain(cookie->same_site))
        return -EINVAL;
    if (cookie->max_age)
        snprintf(age, sizeof(age), "; Max-Age=%" PRId64, cookie->max_age > 0 ? cookie->max_age : 0);
    len =
        snprintf(text, sizeof(text), "%s=%s%s%s%s%s%s%s%s%s%s", cookie->name, cookie->value,
                 cookie->path ? "; Path=" : "", cookie->path ? cookie->path : "",
                 cookie->domain ? "; Domain=" : "", cookie->domain ? cookie->domain : "", age,
                 cookie->same_site ? "; SameSite=" : "", cookie->same_site ? cookie->same_site : "",
                 cookie->secure ? "; Secure" : "", cookie->http_only ? "; HttpOnly" : "");
    if (len < 0 || (size_t)len >= sizeof(text))
        return -ENOSPC;
    return cop_response_header(response, "Set-Cookie", text);
}
