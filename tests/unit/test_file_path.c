/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "worker/app/file_path.h"

static const struct {
    const char *path;
    int rc; /* below 0: refused; else `name` is expected */
    const char *name;
} cases[] = {
    {"/", 0, ""},
    {"/a/b.txt", 0, "a/b.txt"},
    {"//a///b/", 0, "a/b/"},
    {"/a%20b", 0, "a b"},
    {"/a%2520b", 0, "a%20b"},
    {"/a/./b/../c", 0, "a/c"},
    {"/../../etc/passwd", 0, "etc/passwd"},
    {"/%2e%2e/x", 0, "x"},
    {"/sub/..", 0, ""},
    {"/a/b/..", 0, "a/"},
    {"/a%2fb", -404, NULL},
    {"/a%00", -400, NULL},
    {"/a%", -400, NULL},
    {"/a%g0", -400, NULL},
    {"/.hidden", -404, NULL},
    {"/.git/config", -404, NULL},
    {"/a%2", -400, NULL},
};

START_TEST(a_path_becomes_a_name_below_the_root_or_a_status)
{
    char name[64];
    int rc = file_path_read(cases[_i].path, strlen(cases[_i].path), 0, name, sizeof(name));

    if (cases[_i].rc < 0) {
        ck_assert_int_eq(rc, cases[_i].rc);
    } else {
        ck_assert_int_eq(rc, (int)strlen(cases[_i].name));
        ck_assert_str_eq(name, cases[_i].name);
    }
}
END_TEST

START_TEST(a_name_that_does_not_fit_is_not_found)
{
    char name[4];

    ck_assert_int_eq(file_path_read("/abcd", 5, 0, name, sizeof(name)), -404);
    ck_assert_int_eq(file_path_read("/.ab", 4, 1, name, sizeof(name)), 3);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, a_path_becomes_a_name_below_the_root_or_a_status, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tc, a_name_that_does_not_fit_is_not_found);
}

int main(void)
{
    return run_suite("file_path", add);
}
