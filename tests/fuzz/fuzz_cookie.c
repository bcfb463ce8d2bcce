/* SPDX-License-Identifier: MIT */
/* A Cookie field: what comes out lies within it, and names are never empty. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "worker/http/cookie.h"
#include "worker/http/field_params.h"

static void check_within(const char *text, size_t size, struct cop_slice slice)
{
    CHECK(slice.data >= text && slice.data + slice.len <= text + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size ? size : 1);
    struct cop_slice rest = {text, size}, name, value;
    size_t n = 0;

    CHECK(text);
    if (size)
        memcpy(text, data, size);
    while (cop_cookie_next(&rest, &name, &value)) {
        check_within(text, size, name);
        check_within(text, size, value);
        CHECK(name.len > 0 && !memchr(name.data, '=', name.len));
        CHECK(++n <= size);
    }
    value = field_params_find((struct cop_slice){text, size}, "name");
    if (value.data)
        check_within(text, size, value);
    free(text);
    return 0;
}
