/* SPDX-License-Identifier: MIT */
#include "common/utf8.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>

START_TEST(utf8_len_of_a_whole_character_is_its_bytes)
{
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_uint_eq(utf8_len(cases[i].text, strlen(cases[i].text)), cases[i].len);
        ck_assert_uint_eq(utf8_len(cases[i].text, strlen(cases[i].text) - 1), 0);
    }
}
END_TEST

START_TEST(utf8_len_of_what_is_no_character_is_zero)
{
    static const char *const bad[] = {
        "",
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2\x41",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xe2\x82\x41",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_uint_eq(utf8_len(bad[i], strlen(bad[i])), 0);
}
END_TEST

START_TEST(text_is_valid_when_all_of_it_is_characters)
{
    char text[100];

    /* A bad byte, or a character that is cut off, at each place of texts of each length. */
    for (size_t len = 1; len < sizeof(text); len++) {
        memset(text, 'a', sizeof(text));
        ck_assert(utf8_is_valid(text, len));
        for (size_t i = 0; i < len; i++) {
            text[i] = '\xff';
            ck_assert(!utf8_is_valid(text, len));
            memcpy(text + i, "\xc3\xa9", i + 1 < len ? 2 : 1);
            ck_assert_int_eq(utf8_is_valid(text, len), i + 1 < len);
            memset(text, 'a', sizeof(text));
        }
    }
    ck_assert(utf8_is_valid("", 0));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, utf8_len_of_a_whole_character_is_its_bytes);
    tcase_add_test(tc, utf8_len_of_what_is_no_character_is_zero);
    tcase_add_test(tc, text_is_valid_when_all_of_it_is_characters);
}

int main(void)
{
    return run_suite("utf8", add);
}
