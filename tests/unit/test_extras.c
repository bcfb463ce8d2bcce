/* SPDX-License-Identifier: MIT */
#include "worker/task/extras.h"

#include "tests/unit/in_loop.h"

static int return_five(void *arg)
{
    cop_task_started();
    return 5;
}

static int name_length(void *arg)
{
    return (int)strlen(cop_task_name(cop_current_task()));
}

LOOP_TEST(task_has_the_name_of_its_options_and_none_without)
{
    struct cop_task_options options = {.name = "a name"};
    struct cop_task *task = cop_create_task_with(name_length, NULL, &options);

    ck_assert_ptr_nonnull(task);
    ck_assert_str_eq(cop_task_name(task), "a name");
    ck_assert_int_eq(cop_await(task), 6);
    task = cop_create_task_with(name_length, NULL, NULL);
    ck_assert_ptr_nonnull(task);
    ck_assert_int_eq(cop_await(task), 0);
    return 0;
}

LOOP_TEST(name_is_copied_and_cut_off_at_31_bytes)
{
    char name[] = "0123456789012345678901234567890123456789";
    struct cop_task *self = cop_current_task();

    cop_task_set_name(self, name);
    name[0] = 'x';
    ck_assert_str_eq(cop_task_name(self), "0123456789012345678901234567890");
    cop_task_set_name(self, NULL);
    ck_assert_str_eq(cop_task_name(self), "");
    return 0;
}

LOOP_TEST(result_is_eagain_until_the_task_has_ended_and_stays_for_await)
{
    struct cop_task *task = (cop_create_task)(return_five, NULL);

    ck_assert_ptr_nonnull(task);
    ck_assert(!cop_task_done(task));
    ck_assert_int_eq(cop_task_result(task), -EAGAIN);
    let_others_run();
    ck_assert(cop_task_done(task));
    ck_assert_int_eq(cop_task_result(task), 5);
    ck_assert(!cop_task_cancel(task));
    ck_assert_int_eq(cop_await(task), 5);
    return 0;
}

LOOP_TEST(task_for_which_there_is_no_stack_is_null)
{
    struct cop_task_options options = {.name = "none"};

    if (!leave_stacks_for(0))
        return 0;
    ck_assert_ptr_null(cop_create_task_with(return_five, NULL, &options));
    ck_assert_ptr_null((cop_create_task)(return_five, NULL));
    return 0;
}

static void add(TCase *tc)
{
    tcase_add_test(tc, task_has_the_name_of_its_options_and_none_without);
    tcase_add_test(tc, name_is_copied_and_cut_off_at_31_bytes);
    tcase_add_test(tc, task_for_which_there_is_no_stack_is_null);
    tcase_add_test(tc, result_is_eagain_until_the_task_has_ended_and_stays_for_await);
}

int main(void)
{
    return run_suite("extras", add);
}
