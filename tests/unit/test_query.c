/* SPDX-License-Identifier: MIT */
#include "worker/http/query.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/fake_request.h"
#include "tests/unit/suite.h"

static const struct {
    const char *query;
    const char *pairs; /* "[name=value]...", and the result that ended it */
} cases[] = {
    {"", "0"},
    {"a=1&b=2", "[a=1][b=2]0"},
    {"a", "[a=]0"},
    {"=1", "[=1]0"},
    {"a==b=", "[a==b=]0"},
    {"&&a=1&&", "[a=1]0"},
    {"a+b=%20%2B+", "[a b= + ]0"},
    {"a=%c3%A4", "[a=\xc3\xa4]0"},
    {"a=1&b=%", "[a=1]-400"},
    {"%zz=1", "-400"},
    {"a=%00", "-400"},
    {"a;b=1", "[a;b=1]0"},
};

START_TEST(query_is_split_and_decoded)
{
    static struct fake_request fake;
    struct cop_request *request = fake_request_init(&fake, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    struct cop_slice rest = {cases[_i].query, strlen(cases[_i].query)}, name, value;
    char text[256] = "";
    int rc;

    while ((rc = cop_query_next(request, &rest, &name, &value)) == 1)
        sprintf(text + strlen(text), "[%.*s=%.*s]", (int)name.len, name.data, (int)value.len,
                value.data);
    sprintf(text + strlen(text), "%d", rc);
    ck_assert_str_eq(text, cases[_i].pairs);
    fake_request_fini(&fake);
}
END_TEST

START_TEST(first_value_of_a_name_is_found)
{
    static struct fake_request fake;
    struct cop_request *request =
        fake_request_init(&fake, "GET /?a=1&b=x%20y&b=z HTTP/1.1\r\nHost: x\r\n\r\n");
    struct cop_slice value;

    ck_assert_int_eq(cop_request_query(request, "b", &value), 1);
    ck_assert(cop_slice_equal(value, "x y"));
    ck_assert_int_eq(cop_request_query(request, "c", &value), 0);
    fake_request_fini(&fake);
}
END_TEST

START_TEST(media_type_is_compared_without_its_parameters)
{
    static struct fake_request fake;
    struct cop_request *request = fake_request_init(
        &fake, "GET / HTTP/1.1\r\nHost: x\r\nContent-Type: Text/HTML;charset=x\r\n\r\n");

    ck_assert(cop_request_is(request, "text/html"));
    ck_assert(!cop_request_is(request, "text/htm"));
    ck_assert(!cop_request_is(request, "text/html5"));
    fake_request_fini(&fake);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, query_is_split_and_decoded, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tc, first_value_of_a_name_is_found);
    tcase_add_test(tc, media_type_is_compared_without_its_parameters);
}

int main(void)
{
    return run_suite("query", add);
}
