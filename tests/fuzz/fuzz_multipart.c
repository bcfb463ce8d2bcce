/* SPDX-License-Identifier: MIT */
/*
 * A form with the boundary "XX". The first byte says how large the portions are in which it
 * arrives: that may not make a difference.
 */
#include <stdint.h>
#include <string.h>

#include "common/check.h"
#include "worker/http/multipart.h"

struct source {
    const uint8_t *data;
    size_t len;
    size_t portion;
};

struct outcome {
    int rc;
    unsigned parts;
    uint32_t sum;
};

static ssize_t read_source(void *arg, void *buffer, size_t size)
{
    struct source *source = arg;
    size_t n = source->portion < size ? source->portion : size;

    CHECK(size > 0);
    if (n > source->len)
        n = source->len;
    memcpy(buffer, source->data, n);
    source->data += n;
    source->len -= n;
    return (ssize_t)n;
}

static uint32_t add(uint32_t sum, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + (unsigned char)data[i];
    return sum;
}

static struct outcome take(struct source source)
{
    struct outcome outcome = {0};
    struct cop_multipart form;
    struct cop_part part;

    multipart_init(&form, (struct cop_slice){"XX", 2}, read_source, &source);
    while ((outcome.rc = cop_multipart_next(&form, &part)) == 1) {
        char buffer[100];
        ssize_t n;

        outcome.parts++;
        outcome.sum = add(outcome.sum, part.name.data, part.name.len);
        outcome.sum = add(outcome.sum, part.filename.data, part.filename.len);
        outcome.sum = add(outcome.sum, part.content_type.data, part.content_type.len);
        while ((n = cop_multipart_read(&form, buffer, sizeof(buffer))) > 0)
            outcome.sum = add(outcome.sum, buffer, (size_t)n);
        if (n < 0) {
            outcome.rc = (int)n;
            break;
        }
    }
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, parts;

    if (size < 1 || size > 65536)
        return 0;
    whole = take((struct source){data + 1, size - 1, SIZE_MAX});
    parts = take((struct source){data + 1, size - 1, data[0] + 1u});
    CHECK(whole.rc == parts.rc && whole.parts == parts.parts);
    CHECK(whole.rc < 0 || whole.sum == parts.sum);
    return 0;
}
