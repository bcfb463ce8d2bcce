/* SPDX-License-Identifier: MIT */
/*
 * What is not valid never matches: of two mistakes, to send what the client has already and to
 * refuse a change are the harmless ones. A date that is not valid is as if it were not there.
 */
#include "worker/http/conditional.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "worker/http/field_params.h"
#include "worker/http/http_date.h"

static void skip(struct cop_slice *rest, size_t len)
{
    rest->data += len;
    rest->len -= len;
}

static bool is_weak(struct cop_slice tag)
{
    return tag.len >= 2 && memcmp(tag.data, "W/", 2) == 0;
}

static size_t tag_len(struct cop_slice rest)
{
    size_t i = rest.len >= 2 && memcmp(rest.data, "W/", 2) == 0 ? 2 : 0;

    if (i == rest.len || rest.data[i++] != '"')
        return 0;
    for (; i < rest.len; i++) {
        unsigned char c = (unsigned char)rest.data[i];

        if (c == '"')
            return i + 1;
        if (c < 0x21 || c == 0x7f)
            return 0;
    }
    return 0;
}

int conditional_next_tag(struct cop_slice *list, struct cop_slice *tag)
{
    size_t len;

    while (list->len && strchr(" \t,", list->data[0]) && list->data[0])
        skip(list, 1);
    if (!list->len)
        return 0;
    len = tag_len(*list);
    if (!len)
        return -EINVAL;
    *tag = (struct cop_slice){list->data, len};
    skip(list, len);
    while (list->len && (list->data[0] == ' ' || list->data[0] == '\t'))
        skip(list, 1);
    return !list->len || list->data[0] == ',' ? 1 : -EINVAL;
}

bool conditional_tags_match(struct cop_slice a, struct cop_slice b, bool strong)
{
    if (strong && (is_weak(a) || is_weak(b)))
        return false;
    skip(&a, is_weak(a) ? 2 : 0);
    skip(&b, is_weak(b) ? 2 : 0);
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool line_matches(struct cop_slice list, const struct cop_version *version, bool strong)
{
    struct cop_slice tag, current;

    if (version->missing)
        return false;
    if (cop_slice_equal(field_params_trim(list), "*"))
        return true;
    if (!version->etag)
        return false;
    current = (struct cop_slice){version->etag, strlen(version->etag)};
    while (conditional_next_tag(&list, &tag) == 1)
        if (conditional_tags_match(tag, current, strong))
            return true;
    return false;
}

/* Find the i-th or a later field of that name. Returns its place, or nfields. */
static size_t find_line(const struct cop_request *request, const char *name, size_t i,
                        struct cop_slice *value)
{
    size_t len = strlen(name);
    struct cop_slice found;

    for (; cop_request_field(request, i, &found, value); i++)
        if (found.len == len && strncasecmp(found.data, name, len) == 0)
            break;
    return i;
}

/* All lines of a list are one list. Returns -1 without the field, or whether a tag matches. */
static int list_matches(const struct cop_request *request, const char *name,
                        const struct cop_version *version, bool strong)
{
    struct cop_slice list;
    int rc = -1;

    for (size_t i = 0; rc < 1; i++) {
        i = find_line(request, name, i, &list);
        if (i == request->nfields)
            break;
        rc = line_matches(list, version, strong);
    }
    return rc;
}

struct cop_slice conditional_single(const struct cop_request *request, const char *name)
{
    struct cop_slice value, again;
    size_t i = find_line(request, name, 0, &value);

    if (i == request->nfields || find_line(request, name, i + 1, &again) < request->nfields)
        return (struct cop_slice){NULL, 0};
    return field_params_trim(value);
}

/* Returns -1 without a date to compare with, or whether it changed after that. */
static int is_newer(const struct cop_request *request, const char *name,
                    const struct cop_version *version)
{
    struct cop_slice text = conditional_single(request, name);
    time_t date;

    if (version->missing || version->modified == 0 || !text.data ||
        http_date_read(text, time(NULL), &date) < 0)
        return -1;
    return version->modified > date;
}

int cop_request_condition(const struct cop_request *request, const struct cop_version *version)
{
    bool is_read = request->method == COP_METHOD_GET || request->method == COP_METHOD_HEAD;
    int match = list_matches(request, "If-Match", version, true);

    if (match < 0)
        match = is_newer(request, "If-Unmodified-Since", version) != 1;
    if (match == 0)
        return 412;
    match = list_matches(request, "If-None-Match", version, false);
    if (match < 0 && is_read)
        match = is_newer(request, "If-Modified-Since", version) == 0;
    if (match <= 0)
        return 0;
    return is_read ? 304 : 412;
}

bool conditional_range(const struct cop_request *request, const struct cop_version *version,
                       time_t now)
{
    struct cop_slice value;
    time_t date;

    if (find_line(request, "If-Range", 0, &value) == request->nfields)
        return true;
    value = conditional_single(request, "If-Range");
    if (!value.data)
        return false;
    if (tag_len(value) == value.len && value.len)
        return version->etag &&
               conditional_tags_match(
                   value, (struct cop_slice){version->etag, strlen(version->etag)}, true);
    return http_date_read(value, now, &date) == 0 && version->modified != 0 &&
           date == version->modified && date < now;
}
