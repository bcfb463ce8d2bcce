/* SPDX-License-Identifier: MIT */
#include "worker/http/cookie.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/fake_request.h"
#include "tests/unit/suite.h"

static const struct {
    const char *cookies;
    const char *pairs;
} cases[] = {
    {"", ""},
    {"a=1; b=2", "[a=1][b=2]"},
    {"a=1;b=2;", "[a=1][b=2]"},
    {" a = 1 ;; x; =y; b=\"q\"", "[a=1][b=q]"},
    {"a=b=c", "[a=b=c]"},
    {"a=\"", "[a=\"]"},
};

START_TEST(cookies_are_split)
{
    struct cop_slice rest = {cases[_i].cookies, strlen(cases[_i].cookies)}, name, value;
    char text[256] = "";

    while (cop_cookie_next(&rest, &name, &value))
        sprintf(text + strlen(text), "[%.*s=%.*s]", (int)name.len, name.data, (int)value.len,
                value.data);
    ck_assert_str_eq(text, cases[_i].pairs);
}
END_TEST

START_TEST(cookie_is_found_in_any_of_the_fields)
{
    static struct fake_request fake;
    const struct cop_request *request = fake_request_init(
        &fake, "GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\ncookie: b=2; a=3\r\n\r\n");

    ck_assert(cop_slice_equal(cop_request_cookie(request, "a"), "1"));
    ck_assert(cop_slice_equal(cop_request_cookie(request, "b"), "2"));
    ck_assert_ptr_null(cop_request_cookie(request, "c").data);
    fake_request_fini(&fake);
}
END_TEST

START_TEST(cookie_is_set_with_what_is_given)
{
    struct cop_response response = {.fields_len = 0};
    struct cop_cookie cookie = {.name = "id", .value = "7"};

    ck_assert_int_eq(cop_response_cookie(&response, &cookie), 0);
    cookie = (struct cop_cookie){"id", "7", "/", "x.org", "Strict", 60, true, true};
    ck_assert_int_eq(cop_response_cookie(&response, &cookie), 0);
    response.fields[response.fields_len] = 0;
    ck_assert_str_eq(response.fields,
                     "Set-Cookie: id=7\r\n"
                     "Set-Cookie: id=7; Path=/; Domain=x.org; Max-Age=60; SameSite=Strict; Secure; "
                     "HttpOnly\r\n");
}
END_TEST

START_TEST(cookie_that_would_say_more_is_refused)
{
    struct cop_response response = {.fields_len = 0};
    struct cop_cookie bad[] = {
        {.name = "", .value = "7"},
        {.name = "a b", .value = "7"},
        {.name = "a", .value = "7; b=8"},
        {.name = "a", .value = "7\r\nb: 8"},
        {.name = "a", .value = "7", .path = "/; Domain=x"},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(cop_response_cookie(&response, &bad[i]), -EINVAL);
    ck_assert_uint_eq(response.fields_len, 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, cookies_are_split, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tc, cookie_is_found_in_any_of_the_fields);
    tcase_add_test(tc, cookie_is_set_with_what_is_given);
    tcase_add_test(tc, cookie_that_would_say_more_is_refused);
}

int main(void)
{
    return run_suite("cookie", add);
}
