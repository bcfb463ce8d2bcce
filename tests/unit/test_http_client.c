/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "worker/http/http_client.h"

/* Feed the text in pieces of `piece` bytes. Returns bytes used, or the first error. */
static ssize_t feed(struct http_response_parser *parser, const char *text, size_t piece)
{
    size_t len = strlen(text);
    size_t used = 0;

    http_response_parser_init(parser);
    while (used < len && !parser->response.complete) {
        size_t n = len - used < piece ? len - used : piece;
        ssize_t rc = http_response_parser_feed(parser, text + used, n);

        if (rc < 0)
            return rc;
        used += (size_t)rc;
    }
    return (ssize_t)used;
}

struct answer_case {
    const char *text;
    unsigned status;
    uint64_t body;
    bool keep_alive;
};

static const struct answer_case answers[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello", 200, 5, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, 0, true},
    {"HTTP/1.1 204 No Content\r\n\r\n", 204, 0, true},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 304, 0, true},
    {"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", 503, 2, false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, 2, false},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200, 2, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
     200, 13, true},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, 1, true},
};

START_TEST(answer_in_pieces_of_any_size_is_understood)
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct answer_case *c = &answers[i];

        for (size_t piece = 1; piece <= strlen(c->text); piece++) {
            struct http_response_parser parser;

            ck_assert_int_eq(feed(&parser, c->text, piece), strlen(c->text));
            ck_assert_msg(parser.response.complete, "in pieces of %zu: %s", piece, c->text);
            ck_assert_uint_eq(parser.response.status, c->status);
            ck_assert_uint_eq(parser.response.body, c->body);
            ck_assert_int_eq(parser.response.keep_alive, c->keep_alive);
        }
    }
}
END_TEST

START_TEST(answer_without_length_ends_with_the_stream)
{
    struct http_response_parser parser;

    feed(&parser, "HTTP/1.1 200 OK\r\n\r\nall of this", 4);
    ck_assert(!parser.response.complete);
    ck_assert_int_eq(http_response_parser_finish(&parser), 0);
    ck_assert(parser.response.complete);
    ck_assert_uint_eq(parser.response.body, 11);
    ck_assert(!parser.response.keep_alive);
}
END_TEST

START_TEST(stream_that_ends_inside_an_answer_is_an_error)
{
    static const char *const cut[] = {
        "",
        "HTTP/1.1 20",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    };

    for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        struct http_response_parser parser;

        ck_assert_int_eq(feed(&parser, cut[i], 3), strlen(cut[i]));
        ck_assert_int_eq(http_response_parser_finish(&parser), -ENODATA);
        ck_assert(!parser.response.complete);
    }
}
END_TEST

START_TEST(bytes_after_an_answer_are_not_used)
{
    struct http_response_parser parser;
    const char *text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK";

    ck_assert_int_eq(feed(&parser, text, 1000), strlen(text) - strlen("HTTP/1.1 200 OK"));
    ck_assert(parser.response.complete);
}
END_TEST

START_TEST(what_is_not_http_is_refused)
{
    static const char *const wrong[] = {
        "GET / HTTP/1.1\r\n\r\n",
        "hello, world\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct http_response_parser parser;

        ck_assert_int_eq(feed(&parser, wrong[i], 1), -EBADMSG);
    }
}
END_TEST

START_TEST(request_is_built_whole_or_not_at_all)
{
    char buffer[256];
    int len = http_client_build_get(buffer, sizeof(buffer), "127.0.0.1:80", "/a?b", false);

    ck_assert_int_eq(len, strlen(buffer));
    ck_assert_ptr_eq(strstr(buffer, "GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:80\r\n"), buffer);
    ck_assert_ptr_nonnull(strstr(buffer, "\r\nConnection: close\r\n"));
    ck_assert_str_eq(buffer + len - 4, "\r\n\r\n");

    len = http_client_build_get(buffer, sizeof(buffer), "127.0.0.1:80", "/", true);
    ck_assert_int_gt(len, 0);
    ck_assert_ptr_null(strstr(buffer, "Connection"));
    ck_assert_int_eq(http_client_build_get(buffer, (size_t)len, "127.0.0.1:80", "/", true),
                     -ENAMETOOLONG);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, answer_in_pieces_of_any_size_is_understood);
    tcase_add_test(tc, answer_without_length_ends_with_the_stream);
    tcase_add_test(tc, stream_that_ends_inside_an_answer_is_an_error);
    tcase_add_test(tc, bytes_after_an_answer_are_not_used);
    tcase_add_test(tc, what_is_not_http_is_refused);
    tcase_add_test(tc, request_is_built_whole_or_not_at_all);
}

int main(void)
{
    return run_suite("http_client", add);
}
