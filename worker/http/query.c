/* SPDX-License-Identifier: MIT */
#include "worker/http/query.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "worker/http/percent.h"

int cop_query_next(struct cop_request *request, struct cop_slice *pairs, struct cop_slice *name,
                   struct cop_slice *value)
{
    struct cop_slice pair = {NULL, 0}, first, second = {"", 0};
    const char *equals;
    int rc;

    while (pairs->len && !pair.len) {
        const char *end = memchr(pairs->data, '&', pairs->len);

        pair = *pairs;
        pair.len = end ? (size_t)(end - pairs->data) : pairs->len;
        pairs->data += pair.len + (end ? 1 : 0);
        pairs->len -= pair.len + (end ? 1 : 0);
    }
    if (!pair.len)
        return 0;
    first = pair;
    equals = memchr(pair.data, '=', pair.len);
    if (equals) {
        first.len = (size_t)(equals - pair.data);
        second = (struct cop_slice){equals + 1, pair.len - first.len - 1};
    }
    rc = percent_decode_slice(request, &first, true);
    if (rc == 0)
        rc = percent_decode_slice(request, &second, true);
    if (rc < 0)
        return rc;
    *name = first;
    *value = second;
    return 1;
}

int cop_query_find(struct cop_request *request, struct cop_slice pairs, const char *name,
                   struct cop_slice *value)
{
    struct cop_slice found, found_value;
    int rc;

    while ((rc = cop_query_next(request, &pairs, &found, &found_value)) == 1) {
        if (cop_slice_equal(found, name)) {
            *value = found_value;
            return 1;
        }
    }
    return rc;
}

int cop_request_query(struct cop_request *request, const char *name, struct cop_slice *value)
{
    return cop_query_find(request, request->query, name, value);
}

bool cop_request_is(const struct cop_request *request, const char *media_type)
{
    struct cop_slice type = cop_request_header(request, "content-type");
    size_t len = strlen(media_type);

    return type.len >= len && strncasecmp(type.data, media_type, len) == 0 &&
           (type.len == len || strchr("; \t", type.data[len]));
}

bool cop_request_is_coded(const struct cop_request *request)
{
    struct cop_slice name, coding;

    for (size_t i = 0; cop_request_field(request, i, &name, &coding); i++) {
        if (name.len != 16 || strncasecmp(name.data, "content-encoding", 16) != 0)
            continue;
        if (coding.len > 0 && (coding.len != 8 || strncasecmp(coding.data, "identity", 8) != 0))
            return true;
    }
    return false;
}

int cop_request_form(struct cop_request *request, size_t max, struct cop_slice *pairs)
{
    if (!cop_request_is(request, "application/x-www-form-urlencoded") ||
        cop_request_is_coded(request))
        return -415;
    return cop_request_body(request, max, pairs);
}
