/* SPDX-License-Identifier: MIT */
/*
 * A chunked body. The first byte says how large the portions are in which it arrives, the second
 * how much of its content is taken at once: neither may make a difference.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "worker/http/http_body.h"

#define BODY_MAX    4096
#define FRAMING_MAX 256

struct outcome {
    int end; /* where it ends, 0 when it has no end, or -status */
    size_t content;
    uint32_t sum;
};

static struct outcome take(const char *text, size_t len, size_t portion, size_t max)
{
    struct outcome outcome = {0};
    struct http_body body;
    size_t at = 0;

    http_body_init(&body, true, 0, BODY_MAX, FRAMING_MAX);
    while (at < len && !http_body_is_done(&body)) {
        size_t size = len - at < portion ? len - at : portion;
        char *copy = malloc(size);
        struct cop_slice content;
        ssize_t n;

        CHECK(copy);
        memcpy(copy, text + at, size);
        n = http_body_take(&body, copy, size, max, &content);
        CHECK(n < 0 || ((size_t)n <= size && content.len <= max));
        for (size_t i = 0; n >= 0 && i < content.len; i++)
            outcome.sum = outcome.sum * 31 + (unsigned char)content.data[i];
        outcome.content += n < 0 ? 0 : content.len;
        free(copy);
        if (n < 0) {
            outcome.end = (int)n;
            return outcome;
        }
        at += (size_t)n;
    }
    CHECK(outcome.content <= BODY_MAX);
    outcome.end = http_body_is_done(&body) ? (int)at : 0;
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, parts;
    const char *text = (const char *)data + 2;

    if (size < 2 || size > 65536)
        return 0;
    whole = take(text, size - 2, SIZE_MAX, SIZE_MAX);
    parts = take(text, size - 2, data[0] + 1u, data[1] + 1u);
    CHECK(whole.end == parts.end);
    CHECK(whole.end <= 0 || (whole.content == parts.content && whole.sum == parts.sum));
    return 0;
}
