/* SPDX-License-Identifier: MIT */
#include "common/config_env.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char why[256];

static void ck_assert_expands(const char *text, const char *expected)
{
    char *expanded;

    ck_assert_msg(config_env_expand(text, &expanded, why, sizeof(why)) == 0, "%s: %s", text, why);
    ck_assert_str_eq(expanded, expected);
    free(expanded);
}

static void ck_assert_refuses(const char *text, const char *expected)
{
    char *expanded = NULL;

    ck_assert_msg(config_env_expand(text, &expanded, why, sizeof(why)) == -EINVAL, "%s", text);
    ck_assert_ptr_null(expanded);
    ck_assert_msg(strstr(why, expected), "%s: %s", expected, why);
}

static void set_variables(void)
{
    setenv("CE_PORT", "8080", 1);
    setenv("CE_EMPTY", "", 1);
    setenv("CE_NESTED", "${CE_PORT}", 1);
    setenv("CE_RUBBISH", "\xff", 1);
    unsetenv("CE_UNSET");
}

START_TEST(config_env_expands_variables_and_defaults)
{
    ck_assert_expands("", "");
    ck_assert_expands("plain", "plain");
    ck_assert_expands("127.0.0.1:${CE_PORT}", "127.0.0.1:8080");
    ck_assert_expands("${CE_PORT}${CE_PORT}x", "80808080x");
    ck_assert_expands("${CE_PORT:-9}", "8080");
    ck_assert_expands("${CE_UNSET:-9}", "9");
    ck_assert_expands("${CE_UNSET:-}", "");
    ck_assert_expands("${CE_EMPTY:-9}", "9");
    ck_assert_expands("${CE_EMPTY}", "");
}
END_TEST

START_TEST(config_env_expands_a_value_only_once)
{
    ck_assert_expands("${CE_NESTED}", "${CE_PORT}");
}
END_TEST

START_TEST(config_env_keeps_dollars_that_begin_nothing)
{
    ck_assert_expands("$", "$");
    ck_assert_expands("$$ $x 5$", "$$ $x 5$");
    ck_assert_expands("$${CE_PORT}", "${CE_PORT}");
    ck_assert_expands("$$${CE_PORT}", "$${CE_PORT}");
}
END_TEST

START_TEST(config_env_refuses_what_is_unset_or_no_variable)
{
    ck_assert_refuses("${CE_UNSET}", "${CE_UNSET} is not set, expected");
    ck_assert_refuses("${", "no variable");
    ck_assert_refuses("${}", "no variable");
    ck_assert_refuses("${1A}", "no variable");
    ck_assert_refuses("${A B}", "no variable");
    ck_assert_refuses("${CE_PORT", "no variable");
    ck_assert_refuses("${CE_PORT:9}", "no variable");
    ck_assert_refuses("${CE_RUBBISH}", "no UTF-8");
}
END_TEST

START_TEST(config_env_refuses_a_value_that_grows_too_long)
{
    char text[CONFIG_ENV_TEXT_MAX + 1];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_refuses(text, "too long");
    ck_assert_expands(text + 1, text + 1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_variables, NULL);
    tcase_add_test(tc, config_env_expands_variables_and_defaults);
    tcase_add_test(tc, config_env_expands_a_value_only_once);
    tcase_add_test(tc, config_env_keeps_dollars_that_begin_nothing);
    tcase_add_test(tc, config_env_refuses_what_is_unset_or_no_variable);
    tcase_add_test(tc, config_env_refuses_a_value_that_grows_too_long);
}

int main(void)
{
    return run_suite("config_env", add);
}
