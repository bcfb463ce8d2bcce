/* SPDX-License-Identifier: MIT */
/* A list of entity tags: each lies within it, and matches itself. Or a date: once printed, it is
 * read as the same moment again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "worker/http/conditional.h"
#include "worker/http/http_date.h"

#define NOW 1704067200

static void check_tags(struct cop_slice rest)
{
    const char *end = rest.data + rest.len, *from = rest.data;
    struct cop_slice tag;

    while (conditional_next_tag(&rest, &tag) == 1) {
        CHECK(tag.data >= from && tag.len >= 2 && tag.data + tag.len <= rest.data);
        CHECK(rest.data + rest.len == end);
        CHECK(conditional_tags_match(tag, tag, false));
        CHECK(conditional_tags_match(tag, tag, true) == (tag.data[0] == '"'));
        from = rest.data;
    }
}

static void check_date(struct cop_slice text)
{
    char printed[HTTP_DATE_LEN];
    time_t moment, again;

    if (http_date_read(text, NOW, &moment) < 0)
        return;
    CHECK(http_date_print(printed, moment) == printed + HTTP_DATE_LEN);
    CHECK(http_date_read((struct cop_slice){printed, HTTP_DATE_LEN}, NOW, &again) == 0);
    /* A leap second may end the last year. */
    CHECK(again == moment || again == moment - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size ? size : 1);

    CHECK(text);
    if (size)
        memcpy(text, data, size);
    check_tags((struct cop_slice){text, size});
    check_date((struct cop_slice){text, size});
    free(text);
    return 0;
}
