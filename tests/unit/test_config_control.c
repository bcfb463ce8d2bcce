/* SPDX-License-Identifier: MIT */
#include "common/config.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[108];

START_TEST(config_control_path_of_a_path_is_itself)
{
    ck_assert_int_eq(config_control_path("/run/x.sock", path, sizeof(path)), 0);
    ck_assert_str_eq(path, "/run/x.sock");
}
END_TEST

START_TEST(config_control_path_of_none_is_no_entry)
{
    ck_assert_int_eq(config_control_path("none", path, sizeof(path)), -ENOENT);
}
END_TEST

START_TEST(config_control_path_of_auto_is_in_the_first_run_directory)
{
    setenv("RUNTIME_DIRECTORY", "/run/a:/run/b", 1);
    ck_assert_int_eq(config_control_path("auto", path, sizeof(path)), 0);
    ck_assert_str_eq(path, "/run/a/control.sock");
}
END_TEST

START_TEST(config_control_path_of_auto_without_service_is_the_users)
{
    char expected[108] = "/run/coppice/control.sock";

    unsetenv("RUNTIME_DIRECTORY");
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    if (geteuid() != 0)
        strcpy(expected, "/run/user/7/coppice/control.sock");
    ck_assert_int_eq(config_control_path("auto", path, sizeof(path)), 0);
    ck_assert_str_eq(path, expected);
    unsetenv("XDG_RUNTIME_DIR");
    if (geteuid() != 0)
        snprintf(expected, sizeof(expected), "/tmp/coppice-%u/control.sock", (unsigned)geteuid());
    ck_assert_int_eq(config_control_path("auto", path, sizeof(path)), 0);
    ck_assert_str_eq(path, expected);
}
END_TEST

START_TEST(config_control_path_of_own_is_beside_it_with_the_pid_and_fits_the_pattern)
{
    char expected[64], pattern[108];

    setenv("RUNTIME_DIRECTORY", "/run/a", 1);
    snprintf(expected, sizeof(expected), "/run/a/run-%d.sock", (int)getpid());
    ck_assert_int_eq(config_control_path("own", path, sizeof(path)), 0);
    ck_assert_str_eq(path, expected);
    ck_assert_int_eq(config_control_pattern(pattern, sizeof(pattern)), 0);
    ck_assert_int_eq(fnmatch(pattern, path, FNM_PATHNAME), 0);
    ck_assert_int_eq(config_control_pattern(pattern, 8), -ENAMETOOLONG);
}
END_TEST

START_TEST(config_control_path_that_does_not_fit_is_refused)
{
    ck_assert_int_eq(config_control_path("/12345678", path, 9), -ENAMETOOLONG);
    ck_assert_int_eq(config_control_path("/1234567", path, 9), 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, config_control_path_of_a_path_is_itself);
    tcase_add_test(tc, config_control_path_of_none_is_no_entry);
    tcase_add_test(tc, config_control_path_of_auto_is_in_the_first_run_directory);
    tcase_add_test(tc, config_control_path_of_auto_without_service_is_the_users);
    tcase_add_test(tc, config_control_path_of_own_is_beside_it_with_the_pid_and_fits_the_pattern);
    tcase_add_test(tc, config_control_path_that_does_not_fit_is_refused);
}

int main(void)
{
    return run_suite("config_control", add);
}
