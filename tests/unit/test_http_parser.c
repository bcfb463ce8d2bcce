/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/http/http_parser.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/http/http_head.h"

#define HEAD_MAX 2048
#define TEXT_MAX 4096

static const char *const good[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD /a/b?c=d?e HTTP/1.1\r\nHost: example.org:8080\r\nX-Empty:\r\nX-Pad: \t a b \t \r\n\r\n",
    "GET /\x80\xff HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
    "GET HTTP://a.b?q HTTP/1.1\r\nHost:\r\nConnection: keep-alive, close\r\n\r\n",
    "POST / HTTP/1.9\r\nHost: a%41b\r\nContent-Length: 42\r\nExpect: 100-Continue\r\n\r\n",
    "PATCH //x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
    "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [v1f.a:~]:80\r\n\r\n",
    "\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length:\t42 \t\t \r\nX-Next:\tb\t\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a:0000080\r\nExpect: , 100-continue ,100-continue\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: ,\r\nContent-Length: 1\r\n\r\n",
};

static const struct {
    int status;
    const char *head;
} bad[] = {
    {400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\nHost: a\n\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\n\n"},
    {400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /\r\n\r\n"},
    {400, "GET / RTSP/1.0\r\nHost: a\r\n\r\n"},
    {400, "GET /\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\t2\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\t\r\n 2\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\t,\t4\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\t\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\t\r\nContent-Length: 4\t\r\n\r\n"},
    {400, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.x\r\nHost: a\r\n\r\n"},
    {505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
    {501, "FOO / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {501, "get / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {501, "PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {501, "DESCRIBE / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "DESCRIBE / RTSP/1.0\r\nHost: a\r\n\r\n"},
    {501, "PRI / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {501, "PRI * HTTP/1.1\r\nHost: a\r\n\r\n"},
    {501, "PRIX / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {505, "PRI * HTTP/2.0\r\n"},
    {505, "PRI * HTTP/2.0\r\nHost: a\r\n\r\n"},
    {400, "PRI\r\n\r\n"},
    {400, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GETGETGETGETGETGETGETGETGETGETG@T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {501, "GETGETGETGETGETGETGETGETGETGETGE@T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {501, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    {400, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET *a HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: [v.a]\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: [v1.]\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: [vg.a]\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: [v1.a/]\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a:b:c\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a:0123456\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: [::g]\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"},
    {413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n"},
    {413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 00999999999999999999999\t\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1844674407370955161x6\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"},
    {400, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"},
    {417, "GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n"},
    {417, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, more\r\n\r\n"},
    {417, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue more\r\n\r\n"},
};

/* Feed `text` in portions that end at `first`, `second` and its end, each time from another place
 * in memory, and print all that came of it. */
static void feed(const char *text, size_t len, size_t first, size_t second, char *printed)
{
    const size_t ends[] = {first, second, len};
    struct http_parser parser;
    struct http_head head;
    char *bytes = NULL;
    int rc = 0;

    http_parser_init(&parser, HEAD_MAX);
    for (size_t i = 0; i < 3 && rc == 0; i++) {
        free(bytes);
        bytes = malloc(ends[i] + 1);
        memcpy(bytes, text, ends[i]);
        bytes[ends[i]] = '\n'; /* must not be looked at */
        rc = http_parser_feed(&parser, bytes, ends[i]);
    }
    if (rc > 0) {
        int status = http_head_read(&head, &parser, bytes);

        rc = status < 0 ? status : rc;
    }
    printed += sprintf(printed, "%d", rc);
    if (rc > 0) {
        struct cop_slice name, value;

        printed += sprintf(
            printed, " %d %.*s|%.*s|%.*s|%d keep %d expect %d chunked %d length %llu",
            head.request.method, (int)head.request.method_name.len, head.request.method_name.data,
            (int)head.request.path.len, head.request.path.data, (int)head.request.query.len,
            head.request.query.len ? head.request.query.data : "", head.request.version_minor,
            head.keep_alive, head.expect_continue, head.chunked,
            (unsigned long long)head.content_length);
        for (size_t i = 0; cop_request_field(&head.request, i, &name, &value); i++)
            printed += sprintf(printed, "|%.*s=%.*s", (int)name.len, name.data, (int)value.len,
                               value.data);
    }
    free(bytes);
}

static void check_every_split(const char *text)
{
    size_t len = strlen(text);
    char whole[TEXT_MAX], split[TEXT_MAX];

    feed(text, len, 0, 0, whole);
    for (size_t first = 0; first <= len; first++) {
        for (size_t second = first; second <= len; second++) {
            feed(text, len, first, second, split);
            ck_assert_msg(strcmp(whole, split) == 0, "split at %zu and %zu of %s\n%s\n%s", first,
                          second, text, whole, split);
        }
    }
}

START_TEST(good_head_means_the_same_however_it_is_split)
{
    char printed[TEXT_MAX];

    feed(good[_i], strlen(good[_i]), 0, 0, printed);
    ck_assert_int_eq(atoi(printed), (int)strlen(good[_i]));
    check_every_split(good[_i]);
}
END_TEST

START_TEST(bad_head_is_refused_alike_however_it_is_split)
{
    char printed[TEXT_MAX];

    feed(bad[_i].head, strlen(bad[_i].head), 0, 0, printed);
    ck_assert_msg(atoi(printed) == -bad[_i].status, "%s: %s", bad[_i].head, printed);
    check_every_split(bad[_i].head);
}
END_TEST

static int feed_whole(const char *text, size_t len)
{
    struct http_parser parser;

    http_parser_init(&parser, HEAD_MAX);
    return http_parser_feed(&parser, text, len);
}

START_TEST(connection_is_kept_as_the_options_of_connection_say)
{
    static const struct {
        int minor;
        const char *fields;
        int keep;
    } cases[] = {
        {1, "", 1},
        {0, "", 0},
        {1, "Connection: close\r\n", 0},
        {1, "Connection: closed, xclose\r\n", 1},
        {1, "Connection: a,\tCLOSE ,b\r\n", 0},
        {0, "Connection: Keep-Alive\r\n", 1},
        {0, "Connection: a\r\nConnection: keep-alive\r\n", 1},
        {0, "Connection: close\r\nConnection: keep-alive\r\n", 0},
        {1, "Proxy-Connection: close\r\n", 1},
        {0, "Proxy-Connection: keep-alive\r\n", 0},
    };
    const char *keep;
    char head[TEXT_MAX], printed[TEXT_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(head, sizeof(head), "GET / HTTP/1.%d\r\nHost: a\r\n%s\r\n", cases[i].minor,
                 cases[i].fields);
        feed(head, strlen(head), 0, 0, printed);
        keep = strstr(printed, "keep ");
        ck_assert_msg(keep && atoi(keep + 5) == cases[i].keep, "%s: %s", head, printed);
    }
}
END_TEST

START_TEST(parts_of_a_head_are_found)
{
    char printed[TEXT_MAX];

    feed(good[2], strlen(good[2]), 0, 0, printed);
    ck_assert_str_eq(strchr(printed, ' ') + 1,
                     "1 HEAD|/a/b|c=d?e|1 keep 1 expect 0 chunked 0 length 0"
                     "|Host=example.org:8080|X-Empty=|X-Pad=a b");
    feed(good[5], strlen(good[5]), 0, 0, printed);
    ck_assert_str_eq(strchr(printed, ' ') + 1, "0 GET|/|q|1 keep 0 expect 0 chunked 0 length 0"
                                               "|Host=|Connection=keep-alive, close");
    feed(good[6], strlen(good[6]), 0, 0, printed);
    ck_assert_ptr_nonnull(strstr(printed, "keep 1 expect 1 chunked 0 length 42"));
    feed(good[10], strlen(good[10]), 0, 0, printed);
    ck_assert_ptr_nonnull(strstr(printed, "length 42|Host=a|Content-Length=42|X-Next=b"));
    feed(good[11], strlen(good[11]), 0, 0, printed);
    ck_assert_ptr_nonnull(strstr(printed, "expect 1 "));
    feed(good[12], strlen(good[12]), 0, 0, printed);
    ck_assert_ptr_nonnull(strstr(printed, "expect 0 "));
}
END_TEST

START_TEST(header_is_found_in_any_case_of_letters)
{
    struct http_parser parser;
    struct http_head head;

    http_parser_init(&parser, HEAD_MAX);
    ck_assert_int_gt(http_parser_feed(&parser, good[2], strlen(good[2])), 0);
    ck_assert_int_eq(http_head_read(&head, &parser, good[2]), 0);
    ck_assert(cop_slice_equal(cop_request_header(&head.request, "x-pad"), "a b"));
    ck_assert(cop_slice_equal(cop_request_header(&head.request, "x-empty"), ""));
    ck_assert_ptr_null(cop_request_header(&head.request, "x-pa").data);
}
END_TEST

START_TEST(bytes_after_a_head_are_left_alone)
{
    ck_assert_int_eq(feed_whole("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / garbage", 41), 27);
}
END_TEST

START_TEST(target_or_fields_beyond_the_limit_are_told_apart)
{
    char head[2 * HEAD_MAX];
    int len = sprintf(head, "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", HEAD_MAX, 0);

    ck_assert_int_eq(feed_whole(head, (size_t)len), -414);
    len = sprintf(head, "GET / HTTP/1.1\r\nHost: a\r\nX: %0*d\r\n\r\n", HEAD_MAX, 0);
    ck_assert_int_eq(feed_whole(head, (size_t)len), -431);
    ck_assert_int_eq(feed_whole(head, HEAD_MAX), -431);
    ck_assert_int_eq(feed_whole(head, HEAD_MAX - 1), 0);
    len = sprintf(head, "%0*d", HEAD_MAX, 0);
    ck_assert_int_eq(feed_whole(head, (size_t)len), -501);
}
END_TEST

START_TEST(head_of_exactly_the_limit_is_taken)
{
    char head[2 * HEAD_MAX];
    int frame = (int)strlen("GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n");
    int len = sprintf(head, "GET / HTTP/1.1\r\nHost: a\r\nX: %0*d\r\n\r\n", HEAD_MAX - frame, 0);

    ck_assert_int_eq(len, HEAD_MAX);
    ck_assert_int_eq(feed_whole(head, (size_t)len), HEAD_MAX);
}
END_TEST

START_TEST(too_many_fields_are_431)
{
    char head[HEAD_MAX] = "GET / HTTP/1.1\r\n";

    for (int i = 0; i < HTTP_FIELDS_MAX; i++)
        strcat(head, "X: y\r\n");
    strcat(head, "\r\n");
    ck_assert_int_gt(feed_whole(head, strlen(head)), 0);
    strcpy(head + strlen(head) - 2, "X: y\r\n\r\n");
    ck_assert_int_eq(feed_whole(head, strlen(head)), -431);
}
END_TEST

START_TEST(nul_is_refused_wherever_it_stands)
{
    static const char text[] = "GET /a HTTP/1.1\r\nHost: a\r\nX-Y: b\r\n\r\n";
    char head[sizeof(text)];

    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        memcpy(head, text, sizeof(text));
        head[i] = 0;
        ck_assert_msg(feed_whole(head, sizeof(text) - 1) == -400, "at %zu", i);
    }
}
END_TEST

START_TEST(empty_lines_alone_are_no_request)
{
    struct http_parser parser;

    http_parser_init(&parser, HEAD_MAX);
    ck_assert_int_eq(http_parser_feed(&parser, "\r\n", 2), 0);
    ck_assert(http_parser_is_idle(&parser, 2));
    ck_assert_int_eq(http_parser_feed(&parser, "\r\nG", 3), 0);
    ck_assert(!http_parser_is_idle(&parser, 3));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, good_head_means_the_same_however_it_is_split, 0,
                        sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(tc, bad_head_is_refused_alike_however_it_is_split, 0,
                        sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tc, connection_is_kept_as_the_options_of_connection_say);
    tcase_add_test(tc, parts_of_a_head_are_found);
    tcase_add_test(tc, header_is_found_in_any_case_of_letters);
    tcase_add_test(tc, bytes_after_a_head_are_left_alone);
    tcase_add_test(tc, target_or_fields_beyond_the_limit_are_told_apart);
    tcase_add_test(tc, head_of_exactly_the_limit_is_taken);
    tcase_add_test(tc, too_many_fields_are_431);
    tcase_add_test(tc, nul_is_refused_wherever_it_stands);
    tcase_add_test(tc, empty_lines_alone_are_no_request);
}

int main(void)
{
    return run_suite("http_parser", add);
}
