/* SPDX-License-Identifier: MIT */
#include "worker/http/accept_encoding.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "worker/http/field_params.h"

#define WEIGHT_MAX 1000

static bool is_named(struct cop_slice name, const char *coding)
{
    return name.len == strlen(coding) && strncasecmp(name.data, coding, name.len) == 0;
}

/* Section 8.4.1.3: "x-gzip" is "gzip". */
static bool is_coding(struct cop_slice name, const char *coding)
{
    return is_named(name, coding) || (strcmp(coding, "gzip") == 0 && is_named(name, "x-gzip"));
}

/* A qvalue: 0 or 1, and up to three digits behind a point. Returns thousandths, or -EINVAL. */
static int read_weight(struct cop_slice text)
{
    int weight = 0, unit = WEIGHT_MAX;

    if (text.len < 1 || text.len > 5 || (text.data[0] != '0' && text.data[0] != '1') ||
        (text.len > 1 && text.data[1] != '.'))
        return -EINVAL;
    for (size_t i = 0; i < text.len; i++) {
        if (i == 1)
            continue;
        if (text.data[i] < '0' || text.data[i] > '9')
            return -EINVAL;
        weight += (text.data[i] - '0') * unit;
        unit /= 10;
    }
    return weight <= WEIGHT_MAX ? weight : -EINVAL;
}

/* A member with its parameters. Returns its weight, or -errno for another coding, or nonsense. */
static int read_member(struct cop_slice member, const char *coding)
{
    const char *end = memchr(member.data, ';', member.len);
    size_t len = end ? (size_t)(end - member.data) : member.len;
    struct cop_slice weight;

    if (!is_coding(field_params_trim((struct cop_slice){member.data, len}), coding))
        return -ENOENT;
    if (!end)
        return WEIGHT_MAX;
    weight = field_params_find(member, "q");
    return weight.data ? read_weight(weight) : -EINVAL;
}

int accept_encoding_find(struct cop_slice value, const char *coding)
{
    while (value.len > 0) {
        const char *comma = memchr(value.data, ',', value.len);
        size_t len = comma ? (size_t)(comma - value.data) : value.len;
        int rc = read_member((struct cop_slice){value.data, len}, coding);

        if (rc >= 0)
            return rc;
        value.data += comma ? len + 1 : len;
        value.len -= comma ? len + 1 : len;
    }
    return -ENOENT;
}

/* In all fields of that name; *found says whether there is one. */
static int find(const struct cop_request *request, const char *coding, bool *found)
{
    struct cop_slice name, value;
    int rc = -ENOENT;

    *found = false;
    for (size_t i = 0; rc < 0 && cop_request_field(request, i, &name, &value); i++) {
        if (!is_named(name, "Accept-Encoding"))
            continue;
        *found = true;
        rc = accept_encoding_find(value, coding);
    }
    return rc;
}

int cop_request_coding(const struct cop_request *request, const char *coding)
{
    bool is_identity = strcmp(coding, "identity") == 0, found;
    int weight = find(request, coding, &found);

    if (!found)
        return is_identity ? WEIGHT_MAX : 0;
    if (weight < 0)
        weight = find(request, "*", &found);
    if (weight < 0)
        weight = is_identity ? 1 : 0;
    return weight;
}
