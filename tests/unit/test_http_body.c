/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/http/http_body.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define BODY_MAX    64
#define FRAMING_MAX 40

/* Take the whole body from the front of the text, `portion` bytes at a time. Returns how long it
 * is, 0 when its end is not there, or -status; its content is appended to `content`. */
static int take(struct http_body *body, const char *text, size_t len, size_t portion, char *content)
{
    size_t at = 0;

    while (!http_body_is_done(body)) {
        size_t end = at + portion < len ? at + portion : len;
        struct cop_slice run;
        ssize_t n;

        if (at == len)
            return 0;
        n = http_body_take(body, text + at, end - at, SIZE_MAX, &run);
        if (n < 0)
            return (int)n;
        strncat(content, run.data, run.len);
        at += (size_t)n;
    }
    return (int)at;
}

static int take_chunks(const char *text, size_t portion, char *content)
{
    struct http_body body;

    content[0] = 0;
    http_body_init(&body, true, 0, BODY_MAX, FRAMING_MAX);
    return take(&body, text, strlen(text), portion, content);
}

static const struct {
    const char *text;
    const char *content;
} good[] = {
    {"0\r\n\r\n", ""},
    {"000\r\n\r\n", ""},
    {"5\r\nhello\r\n0\r\n\r\n", "hello"},
    {"0005\r\nhello\r\n0\r\n\r\n", "hello"},
    {"A\r\n0123456789\r\nb\r\nabcdefghijk\r\n0\r\n\r\n", "0123456789abcdefghijk"},
    {"5;a=b;c=\"d;\"\r\nhello\r\n0;e\r\n\r\n", "hello"},
    {"5;a=\"\\\"\";b\r\nhello\r\n0\r\n\r\n", "hello"},
    {"5\r\nhello\r\n0\r\nX-T: 1\r\nY:\r\n\r\n", "hello"},
};

static const struct {
    int status;
    const char *text;
} bad[] = {
    {400, "\r\nhello\r\n0\r\n\r\n"},
    {400, "0x5\r\nhello\r\n0\r\n\r\n"},
    {400, "-5\r\nhello\r\n0\r\n\r\n"},
    {400, "5 \r\nhello\r\n0\r\n\r\n"},
    {400, " 5\r\nhello\r\n0\r\n\r\n"},
    {400, "5 5\r\nhello\r\n0\r\n\r\n"},
    {400, "5g\r\nhello\r\n0\r\n\r\n"},
    {400, ";a\r\nhello\r\n0\r\n\r\n"},
    {400, "5\nhello\r\n0\r\n\r\n"},
    {400, "5\rhello\r\n0\r\n\r\n"},
    {400, "5;a\nhello\r\n0\r\n\r\n"},
    {400, "5;a=\"x\r\nhello\r\n0\r\n\r\n"},
    {400, "5;a=\"x\\\"\r\nhello\r\n0\r\n\r\n"},
    {400, "5;a=\"x\\\r\nhello\r\n0\r\n\r\n"},
    {400, "5\r\nhello\n0\r\n\r\n"},
    {400, "5\r\nhelloX\r\n0\r\n\r\n"},
    {400, "5\r\nhello\r\n-0\r\n\r\n"},
    {400, "0\r\nX\r\n\r\n"},
    {400, "0\r\nX Y: z\r\n\r\n"},
    {400, "0\r\nX: y\n\r\n"},
    {400, "0\r\nX: y\r\n z\r\n\r\n"},
    {400, "0\r\n: y\r\n\r\n"},
    {400, "0\r\n\n"},
    {413, "41\r\n"},
    {413, "7fffffffffffffff\r\n"},
    {413, "10000000000000005\r\n"},
    {413, "1;eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\r\n"},
    {413,
     "1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n"},
    {431, "0\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n"},
};

START_TEST(chunked_body_is_taken_whole_in_any_portions)
{
    char content[BODY_MAX + 1];

    for (size_t portion = 1; portion <= strlen(good[_i].text); portion++) {
        ck_assert_int_eq(take_chunks(good[_i].text, portion, content), (int)strlen(good[_i].text));
        ck_assert_str_eq(content, good[_i].content);
    }
}
END_TEST

START_TEST(bad_chunk_is_refused_in_any_portions)
{
    char content[BODY_MAX + 1];

    for (size_t portion = 1; portion <= strlen(bad[_i].text); portion++)
        ck_assert_int_eq(take_chunks(bad[_i].text, portion, content), -bad[_i].status);
}
END_TEST

START_TEST(large_chunks_cost_no_framing_budget)
{
    struct http_body body;
    char content[1024] = "", text[1024] = "";

    for (int i = 0; i < 20; i++)
        strcat(text, "10\r\n0123456789abcdef\r\n");
    strcat(text, "0\r\n\r\n");
    http_body_init(&body, true, 0, 320, FRAMING_MAX);
    ck_assert_int_eq(take(&body, text, strlen(text), 7, content), (int)strlen(text));
    ck_assert_uint_eq(strlen(content), 320);
}
END_TEST

START_TEST(body_by_length_ends_after_that_many_bytes)
{
    struct http_body body;
    char content[16] = "";

    http_body_init(&body, false, 5, BODY_MAX, FRAMING_MAX);
    ck_assert(!http_body_is_done(&body));
    ck_assert_int_eq(take(&body, "helloGET", 8, 3, content), 5);
    ck_assert_str_eq(content, "hello");
    http_body_init(&body, false, 0, BODY_MAX, FRAMING_MAX);
    ck_assert(http_body_is_done(&body));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, chunked_body_is_taken_whole_in_any_portions, 0,
                        sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(tc, bad_chunk_is_refused_in_any_portions, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tc, large_chunks_cost_no_framing_budget);
    tcase_add_test(tc, body_by_length_ends_after_that_many_bytes);
}

int main(void)
{
    return run_suite("http_body", add);
}
