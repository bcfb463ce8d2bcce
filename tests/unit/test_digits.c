/* SPDX-License-Identifier: MIT */
#include "common/digits.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#include "tests/unit/suite.h"

static const uint64_t numbers[] = {0,      1,          9,          10,  99, 100, 4711, 1000000,
                                   999999, UINT32_MAX, UINT64_MAX, 255, 16, 15,  4096};

START_TEST(number_is_printed_as_printf_does)
{
    char expected[32], printed[DECIMAL_MAX + 1];

    snprintf(expected, sizeof(expected), "%" PRIu64, numbers[_i]);
    *decimal_print(printed, numbers[_i]) = 0;
    ck_assert_str_eq(printed, expected);
}
END_TEST

START_TEST(padded_number_has_its_last_digits)
{
    char expected[32], printed[32];

    snprintf(expected, sizeof(expected), "%03" PRIu64, numbers[_i] % 1000);
    *decimal_print_padded(printed, numbers[_i], 3) = 0;
    ck_assert_str_eq(printed, expected);
    snprintf(expected, sizeof(expected), "%04" PRIx64, numbers[_i] & 0xffff);
    *hex_print(printed, numbers[_i], 4) = 0;
    ck_assert_str_eq(printed, expected);
}
END_TEST

START_TEST(hexadecimal_digits_have_their_values)
{
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(hex_value("0123456789abcdef"[i]), i);
        ck_assert_int_eq(hex_value("0123456789ABCDEF"[i]), i);
    }
    for (const char *none = "/:@G`g \xff"; *none; none++)
        ck_assert_int_eq(hex_value(*none), -1);
    ck_assert_int_eq(hex_value(0), -1);
}
END_TEST

static void add(TCase *tc)
{
    int n = sizeof(numbers) / sizeof(numbers[0]);

    tcase_add_loop_test(tc, number_is_printed_as_printf_does, 0, n);
    tcase_add_loop_test(tc, padded_number_has_its_last_digits, 0, n);
    tcase_add_test(tc, hexadecimal_digits_have_their_values);
}

int main(void)
{
    return run_suite("digits", add);
}
