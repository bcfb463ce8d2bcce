/* SPDX-License-Identifier: MIT */
#include "common/connection_limit.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <sys/resource.h>

static unsigned limit_with(rlim_t files, unsigned threads, unsigned tasks)
{
    const struct config_pool pool = {.threads = threads, .tasks = tasks};
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = files;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return connection_limit(&pool);
}

START_TEST(tasks_are_the_limit_where_descriptors_abound)
{
    ck_assert_uint_eq(limit_with(1024, 1, 100), 100);
}
END_TEST

START_TEST(few_descriptors_leave_some_for_the_rest)
{
    ck_assert_uint_eq(limit_with(64, 1, 10000), 64 - 8 - 16);
}
END_TEST

START_TEST(loops_of_a_process_share_its_descriptors)
{
    ck_assert_uint_eq(limit_with(64, 4, 10000), (64 - 8 - 16) / 4);
}
END_TEST

START_TEST(no_descriptors_to_speak_of_are_room_for_one)
{
    ck_assert_uint_eq(limit_with(8, 1, 10000), 1);
    ck_assert_uint_eq(limit_with(32, 16, 10000), 1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, tasks_are_the_limit_where_descriptors_abound);
    tcase_add_test(tc, few_descriptors_leave_some_for_the_rest);
    tcase_add_test(tc, loops_of_a_process_share_its_descriptors);
    tcase_add_test(tc, no_descriptors_to_speak_of_are_room_for_one);
}

int main(void)
{
    return run_suite("connection_limit", add);
}
