/* SPDX-License-Identifier: MIT */
#include "worker/http/request.h"

#include <string.h>
#include <strings.h>

#include "worker/http/http_parser.h"

struct cop_slice cop_request_header(const struct cop_request *request, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < request->nfields; i++) {
        const struct http_field *field = &request->fields[i];

        if (field->name_len == len && strncasecmp(request->head + field->name, name, len) == 0)
            return (struct cop_slice){request->head + field->value, field->value_len};
    }
    return (struct cop_slice){NULL, 0};
}

bool cop_request_field(const struct cop_request *request, size_t i, struct cop_slice *name,
                       struct cop_slice *value)
{
    const struct http_field *field;

    if (i >= request->nfields)
        return false;
    field = &request->fields[i];
    *name = (struct cop_slice){request->head + field->name, field->name_len};
    *value = (struct cop_slice){request->head + field->value, field->value_len};
    return true;
}

bool cop_slice_equal(struct cop_slice slice, const char *text)
{
    return slice.len == strlen(text) && memcmp(slice.data, text, slice.len) == 0;
}
