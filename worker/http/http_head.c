/* SPDX-License-Identifier: MIT */
/*
 * Where two readings of a request are possible, somebody in front of us may take the other one
 * (request smuggling): such a head is refused with 400, and the connection ends. RFC 9112,
 * sections 3.2 and 6; RFC 9110, sections 7.2 and 10.1.1.
 */
#include "worker/http/http_head.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "worker/http/field_params.h"
#include "worker/http/http_chars.h"

#define PORT_DIGITS_MAX 5

static const struct {
    const char *name;
    uint8_t len;
    uint8_t method;
} methods[] = {
    {"GET", 3, COP_METHOD_GET},         {"POST", 4, COP_METHOD_POST},
    {"HEAD", 4, COP_METHOD_HEAD},       {"PUT", 3, COP_METHOD_PUT},
    {"DELETE", 6, COP_METHOD_DELETE},   {"PATCH", 5, COP_METHOD_PATCH},
    {"OPTIONS", 7, COP_METHOD_OPTIONS}, {"TRACE", 5, COP_METHOD_TRACE},
    {"CONNECT", 7, COP_METHOD_CONNECT},
};

static int read_method(struct cop_request *request)
{
    struct cop_slice name = request->method_name;

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (methods[i].len == name.len && memcmp(methods[i].name, name.data, name.len) == 0) {
            request->method = (enum cop_method)methods[i].method;
            return 0;
        }
    }
    return -501;
}

/* A minor version above 1 is served as 1.1 (RFC 9110, section 2.5). */
static int read_version(struct cop_request *request, const struct http_parser *parser)
{
    if (parser->major != 1)
        return parser->major > 1 ? -505 : -400;
    request->version_minor = parser->minor ? 1 : 0;
    return 0;
}

/* "v" hexadecimal digits "." and the rest, which only its version knows (RFC 3986, section 3.2.2).
 */
static bool is_future_address(const char *text, size_t len)
{
    size_t i = 1;

    if (!len || (text[0] | 0x20) != 'v')
        return false;
    while (i < len && http_char_is(text[i], HTTP_CHAR_HEX))
        i++;
    if (i == 1 || i + 1 >= len || text[i] != '.')
        return false;
    while (++i < len)
        if (text[i] != ':' && !http_char_is(text[i], HTTP_CHAR_HOST))
            return false;
    return true;
}

/* "[" IPv6 address, or one of a version to come, "]" at the front of the text. Returns its length,
 * or 0. */
static size_t ip_literal_len(const char *text, size_t len)
{
    const char *end = memchr(text, ']', len);
    size_t inner = end ? (size_t)(end - text) - 1 : 0;
    char address[INET6_ADDRSTRLEN];
    struct in6_addr parsed;

    if (is_future_address(text + 1, inner))
        return inner + 2;
    if (!end || inner >= sizeof(address))
        return 0;
    memcpy(address, text + 1, inner);
    address[inner] = 0;
    return inet_pton(AF_INET6, address, &parsed) == 1 ? inner + 2 : 0;
}

static size_t plain_len(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && http_char_is(text[i], HTTP_CHAR_HOST))
        i++;
    return i;
}

/* A registered name or an IPv4 address; may be empty. */
static size_t host_name_len(const char *text, size_t len)
{
    size_t i = plain_len(text, len);

    while (i + 2 < len && text[i] == '%' && http_chars_are(text + i + 1, 2, HTTP_CHAR_HEX)) {
        i += 3;
        i += plain_len(text + i, len - i);
    }
    return i;
}

/* uri-host [":" port], or nothing at all. */
static bool is_authority(const char *text, size_t len)
{
    bool is_literal = len && text[0] == '[';
    size_t i = is_literal ? ip_literal_len(text, len) : host_name_len(text, len);
    size_t digits = 0;

    if (is_literal && !i)
        return false;
    if (i == len)
        return true;
    if (text[i++] != ':')
        return false;
    while (i < len && text[i] == '0')
        i++;
    while (i + digits < len && text[i + digits] >= '0' && text[i + digits] <= '9')
        digits++;
    return i + digits == len && digits <= PORT_DIGITS_MAX;
}

/* The same for Host. Most requests name the host that the one before named. */
static bool is_host(const char *text, size_t len)
{
    static _Thread_local struct {
        size_t len;
        char text[64];
    } known;

    if (len > 0 && len == known.len && memcmp(text, known.text, len) == 0)
        return true;
    if (!is_authority(text, len))
        return false;
    if (len <= sizeof(known.text)) {
        known.len = len;
        memcpy(known.text, text, len);
    }
    return true;
}

/* Cut "http://authority" off the front; what is left is the path and the query. Returns 0 or -400.
 */
static int cut_authority(struct cop_slice *rest)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]), end = len;

        if (rest->len <= len || strncasecmp(rest->data, schemes[i], len) != 0)
            continue;
        while (end < rest->len && rest->data[end] != '/' && rest->data[end] != '?')
            end++;
        if (end == len || rest->data[len] == ':' || !is_authority(rest->data + len, end - len))
            return -400;
        rest->data += end;
        rest->len -= end;
        return 0;
    }
    return -400;
}

/* Split at the first '?'; refuse what may not stand in a target, and an encoded NUL. */
static int split_target(struct cop_request *request, struct cop_slice rest)
{
    const char *query = NULL;

    for (size_t i = 0; i < rest.len; i++) {
        char c = rest.data[i];

        if (!http_char_is(c, HTTP_CHAR_TARGET))
            return -400;
        if (c == '?' && !query)
            query = rest.data + i + 1;
        else if (c == '%' && i + 2 < rest.len && rest.data[i + 1] == '0' && rest.data[i + 2] == '0')
            return -400;
    }
    request->path = rest;
    request->query = (struct cop_slice){NULL, 0};
    if (query) {
        request->path.len = (size_t)(query - rest.data) - 1;
        request->query = (struct cop_slice){query, rest.len - request->path.len - 1};
    }
    if (!request->path.len)
        request->path = (struct cop_slice){"/", 1};
    return 0;
}

static int read_target(struct cop_request *request)
{
    struct cop_slice rest = request->target;

    if (request->method == COP_METHOD_CONNECT) {
        request->path = rest;
        request->query = (struct cop_slice){NULL, 0};
        return is_authority(rest.data, rest.len) ? 0 : -400;
    }
    if (rest.data[0] == '*') {
        if (rest.len != 1 || request->method != COP_METHOD_OPTIONS)
            return -400;
    } else if (rest.data[0] != '/') {
        int rc = cut_authority(&rest);

        if (rc < 0)
            return rc;
    }
    return split_target(request, rest);
}

/* `name` is of the same length and has small letters. A field's name is a token. */
static bool name_is(const struct cop_request *request, const struct http_field *field,
                    const char *name)
{
    const char *own = request->head + field->name;

    for (uint32_t i = 0; i < field->name_len; i++)
        if ((own[i] | 0x20) != name[i])
            return false;
    return true;
}

static bool is_chunked(const char *text, size_t len)
{
    return len == 7 && strncasecmp(text, "chunked", 7) == 0;
}

/* Is "chunked" among the codings, but the last one? Codings are parted by commas and white space.
 */
static bool is_chunked_too_early(const char *text, size_t len)
{
    bool early = false;
    size_t start = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i < len && text[i] != ',' && text[i] != ' ' && text[i] != '\t')
            continue;
        if (i < len && is_chunked(text + start, i - start))
            early = true;
        start = i + 1;
    }
    return early;
}

/* "chunked", once and alone, is served. With Content-Length, in HTTP/1.0, twice, or not last: 400;
 * another coding: 501. */
static int read_coding(struct http_head *head, const struct http_parser *parser,
                       const struct http_field *field)
{
    const char *value = head->request.head + field->value;

    if (parser->has_length || !head->request.version_minor || head->chunked || !field->value_len)
        return -400;
    if (is_chunked_too_early(value, field->value_len))
        return -400;
    if (!is_chunked(value, field->value_len))
        return -501;
    head->chunked = true;
    return 0;
}

static bool option_is(struct cop_slice option, const char *name)
{
    return option.len == strlen(name) && strncasecmp(option.data, name, option.len) == 0;
}

static struct cop_slice value_of(const struct http_head *head, const struct http_field *field)
{
    return (struct cop_slice){head->request.head + field->value, field->value_len};
}

/* A list, whose empty members count for nothing. */
static int read_expectation(struct http_head *head, const struct http_field *field)
{
    struct cop_slice list = value_of(head, field);

    while (list.len && head->request.version_minor) {
        struct cop_slice option = field_params_take(&list);

        if (option_is(option, "100-continue"))
            head->expect_continue = true;
        else if (option.len)
            return -417;
    }
    return 0;
}

/* Each line is a list of options, and all lines are one list. */
static void read_connection(struct http_head *head, const struct http_field *field)
{
    struct cop_slice list = value_of(head, field);

    while (list.len) {
        struct cop_slice option = field_params_take(&list);

        if (option_is(option, "close"))
            head->wants_close = true;
        else if (option_is(option, "keep-alive"))
            head->keep_alive = true;
    }
}

/* The fields that bear on framing, routing and the connection; the rest is the handler's. */
static int read_fields(struct http_head *head, const struct http_parser *parser)
{
    const struct cop_request *request = &head->request;
    unsigned hosts = 0;

    for (uint32_t i = 0; i < parser->nfields; i++) {
        const struct http_field *field = &parser->fields[i];
        int rc = 0;

        if (field->name_len == 4 && name_is(request, field, "host")) {
            hosts++;
            rc = is_host(request->head + field->value, field->value_len) ? 0 : -400;
        } else if (field->name_len == 6 && name_is(request, field, "expect")) {
            rc = read_expectation(head, field);
        } else if (field->name_len == 10 && name_is(request, field, "connection")) {
            read_connection(head, field);
        } else if (field->name_len == 17 && name_is(request, field, "transfer-encoding")) {
            rc = read_coding(head, parser, field);
        }
        if (rc < 0)
            return rc;
    }
    return hosts > 1 || (!hosts && request->version_minor) ? -400 : 0;
}

int http_head_read(struct http_head *head, const struct http_parser *parser, const char *message)
{
    struct cop_request *request = &head->request;
    int rc;

    request->head = message;
    request->fields = parser->fields;
    request->nfields = parser->nfields;
    request->nparams = 0;
    request->method_name =
        (struct cop_slice){message + parser->skipped, parser->target - parser->skipped - 1};
    request->target = (struct cop_slice){message + parser->target, parser->target_len};
    head->content_length = parser->has_length ? parser->content_length : 0;
    head->chunked = false;
    head->expect_continue = false;
    head->wants_close = false;
    rc = read_version(request, parser);
    if (rc == 0)
        rc = read_method(request);
    if (rc == 0)
        rc = read_target(request);
    if (rc < 0)
        return rc;
    head->keep_alive = request->version_minor > 0;
    rc = read_fields(head, parser);
    head->keep_alive &= !head->wants_close;
    return rc;
}
