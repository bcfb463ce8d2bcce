/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/http/http_date.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#define NOW 1704067200 /* Mon, 01 Jan 2024 00:00:00 GMT */

static struct cop_slice slice(const char *text)
{
    return (struct cop_slice){text, strlen(text)};
}

static const char *print(time_t moment)
{
    static char text[HTTP_DATE_LEN + 1];
    char *end = http_date_print(text, moment);

    ck_assert_int_eq(end - text, HTTP_DATE_LEN);
    *end = 0;
    return text;
}

static const struct {
    time_t moment;
    const char *text;
} moments[] = {
    {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
    {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
    {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
    {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
    {1709251199, "Thu, 29 Feb 2024 23:59:59 GMT"},
    {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
    {-62135596800, "Mon, 01 Jan 0001 00:00:00 GMT"},
    {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
};

START_TEST(moment_is_printed_and_read_again)
{
    time_t again;

    ck_assert_str_eq(print(moments[_i].moment), moments[_i].text);
    ck_assert_int_eq(http_date_read(slice(moments[_i].text), NOW, &again), 0);
    ck_assert_int_eq(again, moments[_i].moment);
}
END_TEST

START_TEST(every_day_of_400_years_agrees_with_the_library)
{
    for (time_t moment = NOW; moment < NOW + (time_t)146098 * 86400; moment += 86400) {
        char text[64];
        struct tm tm;

        gmtime_r(&moment, &tm);
        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        ck_assert_str_eq(print(moment), text);
    }
}
END_TEST

START_TEST(moment_without_four_digits_is_the_nearest_that_has_them)
{
    ck_assert_str_eq(print(253402300800), "Fri, 31 Dec 9999 23:59:59 GMT");
    ck_assert_str_eq(print(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    ck_assert_str_eq(print(INT64_MIN), "Mon, 01 Jan 0001 00:00:00 GMT");
}
END_TEST

static const struct {
    const char *text;
    time_t now, moment;
} others[] = {
    {"Sunday, 06-Nov-94 08:49:37 GMT", NOW, 784111777},
    {"Sun Nov  6 08:49:37 1994", NOW, 784111777},
    {"Wed Nov 16 08:49:37 1994", NOW, 784975777},
    {"Mon, 06 Nov 1994 08:49:37 GMT", NOW, 784111777}, /* of another day */
    {"Sat, 31 Dec 2016 23:59:60 GMT", NOW, 1483228800},
    /* 50 years ahead to the second, and one more. */
    {"Monday, 01-Jan-74 00:00:00 GMT", NOW, 3281990400},
    {"Tuesday, 01-Jan-74 00:00:01 GMT", NOW, 126230401},
    {"Saturday, 01-Jan-00 00:00:00 GMT", 4070908800 /* 2099 */, 4102444800},
    {"Friday, 01-Jan-99 00:00:00 GMT", 946684800 /* 2000 */, 915148800},
};

START_TEST(obsolete_forms_are_read)
{
    time_t moment = 0;

    ck_assert_int_eq(http_date_read(slice(others[_i].text), others[_i].now, &moment), 0);
    ck_assert_int_eq(moment, others[_i].moment);
}
END_TEST

static const char *const wrong[] = {
    "",
    "0",
    "784111777",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 GMT ",
    " Sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun,  06 Nov 1994 08:49:37 GMT",
    "sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Sun, 29 Feb 1900 08:49:37 GMT",
    "Sun, 06 Nov 0000 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06-Nov-94 08:49:37 GMT",
    "Sunday, 06-Nov-1994 08:49:37 GMT",
    "Sun Nov 6 08:49:37 1994",
    "Sun Nov  0 08:49:37 1994",
    "Sun Nov  6 08:49:37 1994 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
};

START_TEST(what_is_no_date_is_refused)
{
    time_t moment = 7;

    ck_assert_int_eq(http_date_read(slice(wrong[_i]), NOW, &moment), -EINVAL);
    ck_assert_int_eq(moment, 7);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, moment_is_printed_and_read_again, 0,
                        sizeof(moments) / sizeof(moments[0]));
    tcase_add_test(tc, every_day_of_400_years_agrees_with_the_library);
    tcase_add_test(tc, moment_without_four_digits_is_the_nearest_that_has_them);
    tcase_add_loop_test(tc, obsolete_forms_are_read, 0, sizeof(others) / sizeof(others[0]));
    tcase_add_loop_test(tc, what_is_no_date_is_refused, 0, sizeof(wrong) / sizeof(wrong[0]));
}

int main(void)
{
    return run_suite("http_date", add);
}
