/* SPDX-License-Identifier: MIT */
#include "common/units.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tests/unit/suite.h"

START_TEST(units_parse_duration_takes_every_unit)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"0", 0},
        {"0s", 0},
        {"7ns", 7},
        {"500us", 500 * NS_PER_US},
        {"250ms", 250 * NS_PER_MS},
        {"30s", 30 * NS_PER_S},
        {"5m", 300 * NS_PER_S},
        {"1h", 3600 * NS_PER_S},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns = -1;

        ck_assert_int_eq(units_parse_duration(cases[i].text, &ns), 0);
        ck_assert_int_eq(ns, cases[i].ns);
    }
}
END_TEST

START_TEST(units_parse_size_takes_binary_and_decimal_units)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } cases[] = {
        {"0", 0},
        {"512", 512},
        {"512B", 512},
        {"64KiB", 65536},
        {"1MiB", 1 << 20},
        {"1kB", 1000},
        {"3MB", 3000000},
        {"2GiB", INT64_C(2) << 30},
        {"1GB", 1000000000},
        {"1TB", INT64_C(1000000000000)},
        {"1TiB", INT64_C(1) << 40},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t bytes = -1;

        ck_assert_int_eq(units_parse_size(cases[i].text, &bytes), 0);
        ck_assert_int_eq(bytes, cases[i].bytes);
    }
}
END_TEST

START_TEST(units_parse_of_what_is_no_value_fails_and_leaves_the_output_alone)
{
    static const char *const bad[] = {"",   "s",   "-1s", "+1s", " 1s", "1s ", "1 s", "1.5s",
                                      "1d", "01s", "1S",  "1kb", "1K",  "0x1", "1e3", "00"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t value = 77;

        ck_assert_msg(units_parse_duration(bad[i], &value) == -EINVAL, "%s", bad[i]);
        ck_assert_msg(units_parse_size(bad[i], &value) == -EINVAL, "%s", bad[i]);
        ck_assert_msg(units_parse_integer(bad[i], &value) == -EINVAL, "%s", bad[i]);
        ck_assert_int_eq(value, 77);
    }
}
END_TEST

START_TEST(units_parse_duration_without_a_unit_is_only_zero)
{
    int64_t ns;

    ck_assert_int_eq(units_parse_duration("30", &ns), -EINVAL);
}
END_TEST

START_TEST(units_parse_of_what_does_not_fit_is_out_of_range)
{
    int64_t value = 77;

    ck_assert_int_eq(units_parse_integer("9223372036854775808", &value), -ERANGE);
    ck_assert_int_eq(units_parse_integer("18446744073709551617", &value), -ERANGE);
    ck_assert_int_eq(units_parse_duration("9223372037s", &value), -ERANGE);
    ck_assert_int_eq(units_parse_size("8388608TiB", &value), -ERANGE);
    ck_assert_int_eq(value, 77);
    ck_assert_int_eq(units_parse_integer("9223372036854775807", &value), 0);
    ck_assert_int_eq(value, INT64_MAX);
}
END_TEST

START_TEST(units_print_takes_the_largest_exact_unit)
{
    char text[UNITS_TEXT_MAX];

    ck_assert_str_eq(units_print_duration(0, text), "0");
    ck_assert_str_eq(units_print_duration(60 * NS_PER_S, text), "1m");
    ck_assert_str_eq(units_print_duration(65 * NS_PER_S, text), "65s");
    ck_assert_str_eq(units_print_duration(1500 * NS_PER_MS, text), "1500ms");
    ck_assert_str_eq(units_print_duration(1, text), "1ns");
    ck_assert_str_eq(units_print_size(0, text), "0");
    ck_assert_str_eq(units_print_size(65536, text), "64KiB");
    ck_assert_str_eq(units_print_size(1000, text), "1000");
}
END_TEST

START_TEST(units_print_and_parse_make_the_same_value)
{
    uint64_t random = 88172645463325252u;

    for (int i = 0; i < 20000; i++) {
        char text[UNITS_TEXT_MAX];
        int64_t value, again = -1;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        value = (int64_t)(random >> 1) >> (i % 63);
        ck_assert_int_eq(units_parse_duration(units_print_duration(value, text), &again), 0);
        ck_assert_int_eq(again, value);
        value &= ~((INT64_C(1) << (i % 41)) - 1);
        ck_assert_int_eq(units_parse_size(units_print_size(value, text), &again), 0);
        ck_assert_int_eq(again, value);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, units_parse_duration_takes_every_unit);
    tcase_add_test(tc, units_parse_size_takes_binary_and_decimal_units);
    tcase_add_test(tc, units_parse_of_what_is_no_value_fails_and_leaves_the_output_alone);
    tcase_add_test(tc, units_parse_duration_without_a_unit_is_only_zero);
    tcase_add_test(tc, units_parse_of_what_does_not_fit_is_out_of_range);
    tcase_add_test(tc, units_print_takes_the_largest_exact_unit);
    tcase_add_test(tc, units_print_and_parse_make_the_same_value);
}

int main(void)
{
    return run_suite("units", add);
}
