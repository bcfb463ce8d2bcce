/* SPDX-License-Identifier: MIT */
#include "worker/http/accept_encoding.h"

#include <check.h>
#include <stdio.h>

#include "tests/unit/fake_request.h"
#include "tests/unit/suite.h"

/* What the client says, and what it then thinks of gzip, br and identity. */
static const struct {
    const char *fields;
    int gzip, br, identity;
} cases[] = {
    {"", 0, 0, 1000},
    {"Accept-Encoding:\r\n", 0, 0, 1},
    {"Accept-Encoding: gzip\r\n", 1000, 0, 1},
    {"Accept-Encoding: GZip, BR\r\n", 1000, 1000, 1},
    {"accept-encoding: x-gzip;q=0.5\r\n", 500, 0, 1},
    {"Accept-Encoding: gzip;q=0.8, br;q=1.0, identity;q=0.25\r\n", 800, 1000, 250},
    {"Accept-Encoding: gzip ;\tq=0.123 ,br; Q=0.001\r\n", 123, 1, 1},
    {"Accept-Encoding: *\r\n", 1000, 1000, 1000},
    {"Accept-Encoding: *;q=0.5, gzip\r\n", 1000, 500, 500},
    {"Accept-Encoding: *;q=0\r\n", 0, 0, 0},
    {"Accept-Encoding: *;q=0, identity\r\n", 0, 0, 1000},
    {"Accept-Encoding: identity;q=0\r\n", 0, 0, 0},
    {"Accept-Encoding: gzip;q=0, *;q=1\r\n", 0, 1000, 1000},
    {"Accept-Encoding: , ,gzip,,\r\n", 1000, 0, 1},
    {"Accept-Encoding: gzip\r\nAccept: x\r\nAccept-Encoding: br;q=0.5\r\n", 1000, 500, 1},
    {"Accept-Encoding: gzip;q=0.2, gzip;q=0.9\r\n", 200, 0, 1},
    /* Not valid: as if it were not there. */
    {"Accept-Encoding: gzip;q=1.001, br;q=2\r\n", 0, 0, 1},
    {"Accept-Encoding: gzip;q=, br;q=0.1234\r\n", 0, 0, 1},
    {"Accept-Encoding: gzip;q=-1, br;q=.5\r\n", 0, 0, 1},
    {"Accept-Encoding: gzip;level=9, br;q=0x\r\n", 0, 0, 1},
    {"Accept-Encoding: gzip br\r\n", 0, 0, 1},
    {"Accept-Encoding: gzipped, xbr\r\n", 0, 0, 1},
};

START_TEST(each_coding_has_the_weight_that_the_client_gives_it)
{
    static struct fake_request fake;
    char text[512];
    struct cop_request *request;

    snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", cases[_i].fields);
    request = fake_request_init(&fake, text);
    ck_assert_int_eq(cop_request_coding(request, "gzip"), cases[_i].gzip);
    ck_assert_int_eq(cop_request_coding(request, "br"), cases[_i].br);
    ck_assert_int_eq(cop_request_coding(request, "identity"), cases[_i].identity);
    fake_request_fini(&fake);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, each_coding_has_the_weight_that_the_client_gives_it, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
}

int main(void)
{
    return run_suite("accept_encoding", add);
}
