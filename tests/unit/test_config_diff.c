/* SPDX-License-Identifier: MIT */
#include "common/config_diff.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static char told[2048];

static void tell(const struct config_difference *difference, void *arg)
{
    static const char *const kinds[] = {"added", "removed", "changed"};
    size_t len = strlen(told);

    ck_assert_ptr_eq(arg, told);
    snprintf(told + len, sizeof(told) - len, "%s %s %s %s\n", kinds[difference->kind],
             difference->name, difference->before != NULL ? difference->before : "-",
             difference->after != NULL ? difference->after : "-");
}

static void ck_assert_differences(const char *before, const char *after, const char *expected)
{
    struct config *old = NULL, *new = NULL;
    char error[256];

    told[0] = 0;
    ck_assert_msg(config_load_text("old", before, strlen(before), &old, error, sizeof(error)) == 0,
                  "%s", error);
    ck_assert_msg(config_load_text("new", after, strlen(after), &new, error, sizeof(error)) == 0,
                  "%s", error);
    ck_assert_int_eq(config_diff(old, new, tell, told), 0);
    ck_assert_str_eq(told, expected);
    config_free(old);
    config_free(new);
}

START_TEST(equal_configurations_have_no_difference)
{
    const char *text = "pools: {web: {listen: '*:1', app: hello, options: {a: b}}}\n";

    ck_assert_differences(text, text, "");
    ck_assert_differences(
        text, "pools:\n  web:\n    app: hello\n    options: {a: b}\n    listen: ['*:1']\n", "");
}
END_TEST

START_TEST(key_of_a_section_and_of_a_pool_is_told_with_both_values)
{
    ck_assert_differences("pools: {web: {listen: '*:1', app: hello, workers: 2}}\n",
                          "log: {level: warn}\n"
                          "pools: {web: {listen: ['*:1', '*:2'], app: hello, workers: 3}}\n",
                          "changed log.level info warn\n"
                          "changed pools.web.listen [\"*:1\"] [\"*:1\", \"*:2\"]\n"
                          "changed pools.web.workers 2 3\n");
}
END_TEST

START_TEST(pools_are_found_by_name)
{
    ck_assert_differences("pools: {a: {listen: '*:1', app: x}, b: {listen: '*:2', app: x}}\n",
                          "pools: {c: {listen: '*:3', app: x}, a: {listen: '*:1', app: x}}\n",
                          "removed b - -\nadded c - -\n");
}
END_TEST

START_TEST(options_are_told_without_their_values)
{
    ck_assert_differences("pools: {web: {listen: '*:1', app: x, options: {password: one}}}\n",
                          "pools: {web: {listen: '*:1', app: x, options: {password: two}}}\n",
                          "changed pools.web.options - -\n");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, equal_configurations_have_no_difference);
    tcase_add_test(tc, key_of_a_section_and_of_a_pool_is_told_with_both_values);
    tcase_add_test(tc, pools_are_found_by_name);
    tcase_add_test(tc, options_are_told_without_their_values);
}

int main(void)
{
    return run_suite("config_diff", add);
}
