/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/http/range.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "0-0 99-99" for content of 100 bytes; "" when the field is ignored; "!" when it cannot be
 * satisfied. */
static const struct {
    const char *value, *ranges;
} cases[] = {
    {"bytes=0-0", "0-0"},
    {"bytes=5-", "5-99"},
    {"bytes=-1", "99-99"},
    {"bytes=-100", "0-99"},
    {"bytes=-1000", "0-99"},
    {"bytes=0-99", "0-99"},
    {"bytes=0-100", "0-99"},
    {"bytes=99-99", "99-99"},
    {"BYTES=0-0", "0-0"},
    {"bytes= 0-0", "0-0"},
    {"bytes=0-0,-1", "0-0 99-99"},
    {"bytes=0-0\t, -1 ", "0-0 99-99"},
    {"bytes=,,0-0,,-1,", "0-0 99-99"},
    {"bytes=50-59,0-9", "50-59 0-9"},
    {"bytes=0-0,100-", "0-0"},
    {"bytes=-0,7-7", "7-7"},
    /* joined */
    {"bytes=0-9,5-14", "0-14"},
    {"bytes=5-14,0-9", "0-14"},
    {"bytes=0-9,10-19", "0-19"},
    {"bytes=10-19,0-9", "0-19"},
    {"bytes=0-9,11-19", "0-9 11-19"},
    {"bytes=0-0,2-2,4-4,6-6,1-5", "0-6"},
    {"bytes=8-8,0-0,2-2,50-50,1-1", "8-8 0-2 50-50"},
    {"bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-", "0-99"},
    /* the most, and one too many */
    {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30",
     "0-0 2-2 4-4 6-6 8-8 10-10 12-12 14-14 16-16 18-18 20-20 22-22 24-24 26-26 28-28 30-30"},
    {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,"
     "32-32",
     ""},
    /* not to be satisfied */
    {"bytes=100-", "!"},
    {"bytes=100-200,300-", "!"},
    {"bytes=-0", "!"},
    {"bytes=18446744073709551616-18446744073709551620", "!"},
    {"bytes=9223372036854775807-9223372036854775808", "!"},
    {"bytes=4294967296-4294967300", "!"},
    {"bytes=0-99999999999999999999999999", "0-99"},
    {"bytes=0-18446744073709551615", "0-99"},
    {"bytes=-99999999999999999999999999", "0-99"},
    /* ignored */
    {"", ""},
    {"bytes", ""},
    {"bytes=", ""},
    {"bytes=,", ""},
    {"bytes=-", ""},
    {"bytes=--1", ""},
    {"bytes=5-3", ""},
    {"bytes=0-0,5-3", ""},
    {"bytes=a-b", ""},
    {"bytes=0-0,x", ""},
    {"bytes=0x0-1", ""},
    {"bytes=+0-1", ""},
    {"bytes=0 -1", ""},
    {"bytes=0- 1", ""},
    {"bytes=0-1 2-3", ""},
    {"bytes=0-1;2-3", ""},
    {"bytes=1", ""},
    {"bytes =0-0", ""},
    {"bytes:0-0", ""},
    {"items=0-1", ""},
    {"0-1", ""},
    {"bytes=0-0, bytes=2-2", ""},
};

static const char *read_text(const char *value, uint64_t length)
{
    static char text[1024];
    struct range ranges[RANGE_MAX];
    int n = range_read((struct cop_slice){value, strlen(value)}, length, ranges);
    char *at = text;

    *at = 0;
    if (n < 0) {
        ck_assert_int_eq(n, -ERANGE);
        return "!";
    }
    for (int i = 0; i < n; i++)
        at += sprintf(at, "%s%llu-%llu", i ? " " : "", (unsigned long long)ranges[i].first,
                      (unsigned long long)(ranges[i].first + ranges[i].len - 1));
    return text;
}

START_TEST(field_asks_for_these_bytes_of_100)
{
    ck_assert_str_eq(read_text(cases[_i].value, 100), cases[_i].ranges);
}
END_TEST

START_TEST(empty_content_has_no_first_byte_and_its_end_is_all_of_it)
{
    ck_assert_str_eq(read_text("bytes=0-0", 0), "!");
    ck_assert_str_eq(read_text("bytes=0-", 0), "!");
    ck_assert_str_eq(read_text("bytes=-0", 0), "!");
    ck_assert_str_eq(read_text("bytes=-5", 0), "");
}
END_TEST

START_TEST(longest_content_does_not_wrap)
{
    ck_assert_str_eq(read_text("bytes=18446744073709551614-", UINT64_MAX),
                     "18446744073709551614-18446744073709551614");
    ck_assert_str_eq(read_text("bytes=0-18446744073709551615", UINT64_MAX),
                     "0-18446744073709551614");
    ck_assert_str_eq(read_text("bytes=18446744073709551615-", UINT64_MAX), "!");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, field_asks_for_these_bytes_of_100, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tc, empty_content_has_no_first_byte_and_its_end_is_all_of_it);
    tcase_add_test(tc, longest_content_does_not_wrap);
}

int main(void)
{
    return run_suite("range", add);
}
