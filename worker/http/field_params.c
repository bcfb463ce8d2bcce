/* SPDX-License-Identifier: MIT */
#include "worker/http/field_params.h"

#include <string.h>
#include <strings.h>

struct cop_slice field_params_trim(struct cop_slice slice)
{
    while (slice.len && (slice.data[0] == ' ' || slice.data[0] == '\t')) {
        slice.data++;
        slice.len--;
    }
    while (slice.len && (slice.data[slice.len - 1] == ' ' || slice.data[slice.len - 1] == '\t'))
        slice.len--;
    return slice;
}

struct cop_slice field_params_take(struct cop_slice *list)
{
    const char *comma = memchr(list->data, ',', list->len);
    size_t len = comma ? (size_t)(comma - list->data) : list->len;
    struct cop_slice member = {list->data, len};

    len += comma != NULL;
    list->data += len;
    list->len -= len;
    return field_params_trim(member);
}

/* Bytes up to the next ';' that stands outside of quotes. */
static size_t param_len(struct cop_slice rest)
{
    bool quoted = false;

    for (size_t i = 0; i < rest.len; i++) {
        if (rest.data[i] == '"')
            quoted = !quoted;
        else if (rest.data[i] == '\\' && quoted)
            i++;
        else if (rest.data[i] == ';' && !quoted)
            return i;
    }
    return rest.len;
}

static struct cop_slice unquote(struct cop_slice value)
{
    if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
        return (struct cop_slice){value.data + 1, value.len - 2};
    return value;
}

struct cop_slice field_params_find(struct cop_slice value, const char *name)
{
    size_t len = strlen(name);
    size_t skip = param_len(value);

    while (skip < value.len) {
        struct cop_slice param;

        value.data += skip + 1;
        value.len -= skip + 1;
        skip = param_len(value);
        param = field_params_trim((struct cop_slice){value.data, skip});
        if (param.len > len && strncasecmp(param.data, name, len) == 0 && param.data[len] == '=')
            return unquote((struct cop_slice){param.data + len + 1, param.len - len - 1});
    }
    return (struct cop_slice){NULL, 0};
}
