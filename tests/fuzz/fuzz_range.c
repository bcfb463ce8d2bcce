/* SPDX-License-Identifier: MIT */
/* A length, 8 octets, and a Range field for it: what comes out lies within it and stands apart. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "worker/http/range.h"

static void check_apart(const struct range *a, const struct range *b)
{
    CHECK(a->first + a->len < b->first || b->first + b->len < a->first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct range ranges[RANGE_MAX];
    uint64_t length;
    char *text;
    int n;

    if (size < sizeof(length))
        return 0;
    memcpy(&length, data, sizeof(length));
    size -= sizeof(length);
    text = malloc(size ? size : 1);
    CHECK(text);
    memcpy(text, data + sizeof(length), size);
    n = range_read((struct cop_slice){text, size}, length, ranges);
    CHECK(n == -ERANGE || (n >= 0 && n <= RANGE_MAX));
    for (int i = 0; i < n; i++) {
        CHECK(ranges[i].len > 0 && ranges[i].first < length);
        CHECK(ranges[i].len <= length - ranges[i].first);
        for (int k = 0; k < i; k++)
            check_apart(&ranges[k], &ranges[i]);
    }
    free(text);
    return 0;
}
