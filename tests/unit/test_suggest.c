/* SPDX-License-Identifier: MIT */
#include "common/suggest.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

START_TEST(suggest_distance_counts_each_slip_once)
{
    ck_assert_uint_eq(suggest_distance("timeout", "timeout"), 0);
    ck_assert_uint_eq(suggest_distance("timeot", "timeout"), 1);
    ck_assert_uint_eq(suggest_distance("timeoutt", "timeout"), 1);
    ck_assert_uint_eq(suggest_distance("timwout", "timeout"), 1);
    ck_assert_uint_eq(suggest_distance("tiemout", "timeout"), 1);
    ck_assert_uint_eq(suggest_distance("TimeOut", "timeout"), 0);
    ck_assert_uint_eq(suggest_distance("", "abc"), 3);
    ck_assert_uint_eq(suggest_distance("abc", ""), 3);
    ck_assert_uint_eq(suggest_distance("kitten", "sitting"), 3);
}
END_TEST

START_TEST(suggest_distance_of_a_word_that_is_too_long_is_infinite)
{
    char word[65];

    memset(word, 'x', 64);
    word[64] = '\0';
    ck_assert_uint_eq(suggest_distance(word, "x"), SIZE_MAX);
    ck_assert_uint_eq(suggest_distance("x", word), SIZE_MAX);
    ck_assert_uint_eq(suggest_distance(word + 1, word + 1), 0);
}
END_TEST

START_TEST(suggest_offer_keeps_the_nearest)
{
    struct suggest suggest;
    char text[64];

    suggest_init(&suggest, "worker");
    suggest_offer(&suggest, "threads");
    ck_assert_ptr_null(suggest.best);
    suggest_offer(&suggest, "walkers");
    suggest_offer(&suggest, "workers");
    suggest_offer(&suggest, "walker");
    ck_assert_str_eq(suggest.best, "workers");
    ck_assert_str_eq(suggest_print(&suggest, text, sizeof(text)), " (did you mean \"workers\"?)");
}
END_TEST

START_TEST(suggest_offer_of_nothing_near_suggests_nothing)
{
    struct suggest suggest;
    char text[64];

    suggest_init(&suggest, "a");
    suggest_offer(&suggest, "b");
    suggest_offer(&suggest, "app");
    ck_assert_str_eq(suggest_print(&suggest, text, sizeof(text)), "");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, suggest_distance_counts_each_slip_once);
    tcase_add_test(tc, suggest_distance_of_a_word_that_is_too_long_is_infinite);
    tcase_add_test(tc, suggest_offer_keeps_the_nearest);
    tcase_add_test(tc, suggest_offer_of_nothing_near_suggests_nothing);
}

int main(void)
{
    return run_suite("suggest", add);
}
