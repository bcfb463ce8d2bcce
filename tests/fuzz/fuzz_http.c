/* SPDX-License-Identifier: MIT */
/*
 * One connection's input. The first byte says how large the portions are in which it arrives; what
 * the parser and the body's decoder make of it must not depend on that.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "worker/http/http_body.h"
#include "worker/http/http_head.h"

#define HEAD_MAX    4096
#define BODY_MAX    4096
#define FRAMING_MAX 256

struct outcome {
    int head; /* as http_parser_feed and http_head_read say */
    int body; /* its length, 0 when it has no end, or -status */
    uint32_t sum;
};

static size_t end_of_portion(size_t at, size_t portion, size_t len)
{
    return len - at < portion ? len : at + portion;
}

static uint32_t add(uint32_t sum, struct cop_slice slice)
{
    for (size_t i = 0; i < slice.len; i++)
        sum = sum * 31 + (unsigned char)slice.data[i];
    return sum;
}

/* Bytes past the end of each portion belong to somebody else: the sanitizer sees when they are
 * read. */
static int take_head(struct outcome *outcome, struct http_head *head, const char *text, size_t len,
                     size_t portion)
{
    struct http_parser parser;
    struct cop_slice name, value;
    char *bytes = NULL;
    int rc = 0;

    http_parser_init(&parser, HEAD_MAX);
    for (size_t end = end_of_portion(0, portion, len); rc == 0;
         end = end_of_portion(end, portion, len)) {
        free(bytes);
        bytes = malloc(end + 1);
        CHECK(bytes);
        memcpy(bytes, text, end);
        rc = http_parser_feed(&parser, bytes, end);
        if (end == len)
            break;
    }
    if (rc > 0) {
        int status = http_head_read(head, &parser, bytes);

        if (status < 0)
            rc = status;
    }
    outcome->head = rc;
    if (rc > 0) {
        outcome->sum = add(head->request.method, head->request.path);
        outcome->sum = add(outcome->sum, head->request.query);
        for (size_t i = 0; cop_request_field(&head->request, i, &name, &value); i++)
            outcome->sum = add(add(outcome->sum, name), value);
        outcome->sum = outcome->sum * 4 + head->keep_alive * 2u + head->expect_continue;
    }
    free(bytes);
    return rc;
}

static void take_body(struct outcome *outcome, const struct http_head *head, const char *text,
                      size_t len, size_t portion)
{
    struct http_body body;
    size_t at = 0;

    http_body_init(&body, head->chunked, head->content_length, BODY_MAX, FRAMING_MAX);
    while (!http_body_is_done(&body) && at < len) {
        struct cop_slice content;
        ssize_t n = http_body_take(&body, text + at, end_of_portion(at, portion, len) - at,
                                   SIZE_MAX, &content);

        if (n < 0) {
            outcome->body = (int)n;
            return;
        }
        CHECK(n > 0);
        outcome->sum = add(outcome->sum, content);
        at += (size_t)n;
    }
    outcome->body = http_body_is_done(&body) ? (int)at : 0;
}

static struct outcome play(const char *text, size_t len, size_t portion)
{
    struct outcome outcome = {0};
    struct http_head head;
    int head_len = take_head(&outcome, &head, text, len, portion);

    if (head_len > 0)
        take_body(&outcome, &head, text + head_len, len - (size_t)head_len, portion);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, split;

    if (size < 2)
        return 0;
    whole = play((const char *)data + 1, size - 1, size);
    split = play((const char *)data + 1, size - 1, data[0] + 1u);
    /* Which of two faults is met first may depend on the portions; that there is one may not. */
    CHECK((whole.head < 0) == (split.head < 0));
    CHECK(whole.head < 0 || whole.head == split.head);
    CHECK(whole.sum == split.sum || whole.body < 0);
    CHECK(whole.body == split.body);
    return 0;
}
