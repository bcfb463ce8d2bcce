/* SPDX-License-Identifier: MIT */
#include "tests/unit/in_loop.h"
#include "worker/task/sched.h"

static struct cop_group group;

static int sleep_for_ever(void *arg)
{
    int rc = cop_sleep(COP_NEVER);

    note('c');
    return rc;
}

static int return_it(void *arg)
{
    return *(int *)arg;
}

/* What a child does that finishes its work when it is cancelled. */
static int sleep_then_return_it(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    return *(int *)arg;
}

static int zero = 0;
static int eio = -EIO;
static int enoent = -ENOENT;

static int add_after_a_yield(void *arg)
{
    int rc = cop_yield();

    ++*(int *)arg;
    return rc;
}

static int spawn_sum(int n, int *sum)
{
    struct cop_group adders;

    cop_group_enter(&adders);
    for (int i = 0; i < n; i++)
        ck_assert_ptr_nonnull(cop_group_spawn(&adders, add_after_a_yield, sum));
    return cop_group_exit(&adders, 5);
}

LOOP_TEST(exit_joins_all_children_that_point_into_the_frame)
{
    int sum = 0;

    ck_assert_int_eq(spawn_sum(1000, &sum), 5);
    ck_assert_int_eq(sum, 1000);
    ck_assert_uint_eq(loop_here->ntasks, 1);
    return 0;
}

LOOP_TEST(group_without_children_returns_the_result_of_its_body)
{
    int sum = 0;

    ck_assert_int_eq(spawn_sum(0, &sum), 5);
    return 0;
}

LOOP_TEST(first_error_cancels_the_siblings_and_is_returned)
{
    cop_group_enter(&group);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, sleep_for_ever, NULL));
    ck_assert_ptr_nonnull(cop_group_spawn(&group, sleep_for_ever, NULL));
    ck_assert_ptr_nonnull(cop_group_spawn(&group, return_it, &eio));
    ck_assert_int_eq(cop_group_exit(&group, 0), -EIO);
    ck_assert_str_eq(trace, "cc");
    ck_assert(!cop_cancelled());
    return 0;
}

LOOP_TEST(first_error_cancels_the_body)
{
    cop_group_enter(&group);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, return_it, &eio));
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    ck_assert_int_eq(cop_group_exit(&group, -ECANCELED), -EIO);
    ck_assert(!cop_cancelled());
    return 0;
}

LOOP_TEST(error_of_the_body_cancels_the_children)
{
    cop_group_enter(&group);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, sleep_for_ever, NULL));
    let_others_run();
    ck_assert_int_eq(cop_group_exit(&group, -EPROTO), -EPROTO);
    ck_assert_str_eq(trace, "c");
    return 0;
}

LOOP_TEST(every_error_of_the_children_is_kept_in_order)
{
    struct cop_error errors[4];

    cop_group_enter(&group);
    cop_group_keep_errors(&group, errors, 4);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, sleep_then_return_it, &enoent));
    ck_assert_ptr_nonnull(cop_group_spawn(&group, sleep_for_ever, NULL));
    ck_assert_ptr_nonnull(cop_group_spawn(&group, return_it, &eio));
    ck_assert_int_eq(cop_group_exit(&group, 0), -EIO);
    /* The one that was merely cancelled is none of them. */
    ck_assert_uint_eq(cop_group_errors(&group), 2);
    ck_assert_int_eq(errors[0].error, -EIO);
    ck_assert_int_eq(errors[1].error, -ENOENT);
    ck_assert_uint_gt(errors[0].task, errors[1].task);
    ck_assert_ptr_nonnull(strstr(errors[0].site, "test_group.c:"));
    return 0;
}

LOOP_TEST(errors_beyond_the_room_are_counted)
{
    struct cop_error errors[2] = {{0}};

    cop_group_enter(&group);
    cop_group_keep_errors(&group, errors, 1);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_nonnull((cop_group_spawn)(&group, return_it, &eio));
    ck_assert_int_eq(cop_group_exit(&group, 0), -EIO);
    ck_assert_uint_eq(cop_group_errors(&group), 3);
    ck_assert_str_eq(errors[0].site, "");
    ck_assert_int_eq(errors[1].error, 0);
    return 0;
}

LOOP_TEST(cancelled_child_is_no_error_of_the_group)
{
    struct cop_task *child;

    cop_group_enter(&group);
    child = cop_group_spawn(&group, sleep_for_ever, NULL);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, return_it, &zero));
    let_others_run();
    ck_assert(cop_task_cancel(child));
    let_others_run();
    ck_assert(!cop_cancelled());
    ck_assert_int_eq(cop_group_exit(&group, 0), 0);
    return 0;
}

LOOP_TEST(group_that_is_cancelled_by_its_body_returns_0)
{
    cop_group_enter(&group);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, sleep_for_ever, NULL));
    let_others_run();
    cop_group_cancel(&group);
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, sleep_for_ever, NULL));
    ck_assert_int_eq(cop_group_exit(&group, -ECANCELED), 0);
    ck_assert_str_eq(trace, "cc");
    return 0;
}

static int join_sleepers(void *arg)
{
    struct cop_group inner;

    cop_group_enter(&inner);
    ck_assert_ptr_nonnull(cop_group_spawn(&inner, sleep_for_ever, NULL));
    ck_assert_ptr_nonnull(cop_group_spawn(&inner, sleep_for_ever, NULL));
    return cop_group_exit(&inner, 7);
}

LOOP_TEST(cancelled_parent_cancels_and_joins_its_children)
{
    struct cop_task *parent = start(join_sleepers, NULL);

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(parent), -ECANCELED);
    ck_assert_str_eq(trace, "cc");
    return 0;
}

LOOP_TEST(deadline_around_a_group_cancels_its_children)
{
    ck_assert_int_eq(cop_wait_for(join_sleepers, NULL, COP_MS), -ETIMEDOUT);
    ck_assert_str_eq(trace, "cc");
    return 0;
}

static int join_a_group_that_joins(void *arg)
{
    struct cop_group outer;

    cop_group_enter(&outer);
    ck_assert_ptr_nonnull(cop_group_spawn(&outer, join_sleepers, NULL));
    ck_assert_ptr_nonnull(cop_group_spawn(&outer, join_sleepers, NULL));
    return cop_group_exit(&outer, 0);
}

LOOP_TEST(nested_groups_are_cancelled_from_the_outside_in)
{
    ck_assert_int_eq(cop_wait_for(join_a_group_that_joins, NULL, COP_MS), -ETIMEDOUT);
    ck_assert_str_eq(trace, "cccc");
    return 0;
}

static int join_one_who_finishes(void *arg)
{
    struct cop_group inner;

    cop_group_enter(&inner);
    ck_assert_ptr_nonnull(cop_group_spawn(&inner, sleep_then_return_it, &zero));
    return cop_group_exit(&inner, 7);
}

static int sleep_beside_one_who_fails(void *arg)
{
    struct cop_group inner;

    cop_group_enter(&inner);
    ck_assert_ptr_nonnull(cop_group_spawn(&inner, sleep_then_return_it, &eio));
    return cop_group_exit(&inner, cop_sleep(COP_NEVER));
}

LOOP_TEST(error_of_a_child_goes_before_the_cancelling_of_the_body)
{
    struct cop_task *parent = start(sleep_beside_one_who_fails, NULL);

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(parent), -EIO);
    return 0;
}

LOOP_TEST(group_whose_children_complete_beats_the_cancelling)
{
    struct cop_task *parent = start(join_one_who_finishes, NULL);

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(parent), 7);
    return 0;
}

static int wait_for_a_cancelled_future(void *arg)
{
    struct cop_future future = {0};
    struct cop_group inner;

    ck_assert_int_eq(cop_future_cancel(&future), 0);
    cop_group_enter(&inner);
    ck_assert_ptr_nonnull(cop_group_spawn(&inner, sleep_for_ever, NULL));
    ck_assert_int_eq(cop_yield(), 0);
    return cop_group_exit(&inner, cop_future_wait(&future));
}

LOOP_TEST(ecanceled_of_a_body_that_nobody_cancelled_is_returned)
{
    ck_assert_int_eq(wait_for_a_cancelled_future(NULL), -ECANCELED);
    ck_assert_str_eq(trace, "c");
    ck_assert(!cop_cancelled());
    return 0;
}

static int clean_up_for_long(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    ck_assert_int_eq(cop_shield(sleep_for_ever, NULL, COP_MS), -ETIMEDOUT);
    return -ECANCELED;
}

static int cancel_the_group(void *arg)
{
    cop_group_cancel(arg);
    return 0;
}

LOOP_TEST(body_that_had_ended_when_the_group_is_cancelled_keeps_its_result)
{
    struct cop_task *task;

    cop_group_enter(&group);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, clean_up_for_long, NULL));
    task = start(cancel_the_group, &group);
    ck_assert_int_eq(cop_group_exit(&group, 7), 7);
    ck_assert_int_eq(cop_await(task), 0);
    return 0;
}

static int start_another(void *arg)
{
    int rc = cop_sleep(COP_NEVER);

    ck_assert_ptr_nonnull(cop_group_spawn(&group, sleep_for_ever, NULL));
    return rc;
}

LOOP_TEST(child_that_a_cancelled_child_starts_is_cancelled_and_joined_too)
{
    cop_group_enter(&group);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, start_another, NULL));
    ck_assert_int_eq(cop_yield(), 0);
    cop_group_cancel(&group);
    ck_assert_int_eq(cop_group_exit(&group, 0), 0);
    ck_assert_str_eq(trace, "c");
    return 0;
}

static int start_then_sleep(void *arg)
{
    ck_assert_int_eq(cop_yield(), 0);
    note('s');
    cop_task_started();
    return cop_sleep(COP_NEVER);
}

LOOP_TEST(start_returns_when_the_child_says_that_it_is_ready)
{
    cop_group_enter(&group);
    ck_assert_int_eq(cop_group_start(&group, start_then_sleep, NULL), 0);
    ck_assert_str_eq(trace, "s");
    ck_assert_uint_eq(group.nchildren, 1);
    cop_group_cancel(&group);
    ck_assert_int_eq(cop_group_exit(&group, 0), 0);
    return 0;
}

LOOP_TEST(child_that_fails_to_start_is_an_error_of_start_and_not_of_the_group)
{
    cop_group_enter(&group);
    ck_assert_int_eq(cop_group_start(&group, return_it, &eio), -EIO);
    ck_assert_int_eq(cop_group_start(&group, return_it, &zero), -ESRCH);
    ck_assert_uint_eq(cop_group_errors(&group), 0);
    ck_assert_int_eq(cop_group_exit(&group, 0), 0);
    return 0;
}

static int start_one_that_never_starts(void *arg)
{
    struct cop_group inner;
    int rc;

    cop_group_enter(&inner);
    rc = cop_group_start(&inner, sleep_for_ever, NULL);
    note('d');
    return cop_group_exit(&inner, rc);
}

LOOP_TEST(cancelled_start_ends_its_child)
{
    struct cop_task *starter = start(start_one_that_never_starts, NULL);

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(starter), -ECANCELED);
    ck_assert_str_eq(trace, "cd");
    return 0;
}

/* tasks: 1, where the body of a connection is the thread itself. */
START_TEST(group_on_a_blocking_loop_runs_its_children_until_it_is_joined)
{
    struct cop_loop *loop = loop_new(&(struct loop_options){.blocking = true});
    int sum = 0;

    ck_assert_ptr_nonnull(loop);
    ck_assert_int_eq(spawn_sum(100, &sum), 5);
    ck_assert_int_eq(sum, 100);

    cop_group_enter(&group);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, return_it, &eio));
    ck_assert_ptr_nonnull(cop_group_spawn(&group, sleep_for_ever, NULL));
    ck_assert_int_eq(cop_group_exit(&group, cop_sleep(COP_NEVER)), -EIO);

    ck_assert_int_eq(cop_wait_for(join_a_group_that_joins, NULL, COP_MS), -ETIMEDOUT);
    ck_assert_uint_eq(loop->ntasks, 0);
    loop_free(loop);
}
END_TEST

LOOP_TEST(group_without_memory_for_a_child_goes_on_without_it)
{
    if (!leave_stacks_for(1))
        return 0;
    cop_group_enter(&group);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, return_it, &zero));
    ck_assert_ptr_null(cop_group_spawn(&group, return_it, &zero));
    ck_assert_int_eq(cop_group_start(&group, start_then_sleep, NULL), -ENOMEM);
    ck_assert_uint_eq(group.nchildren, 1);
    return cop_group_exit(&group, 0);
}

static int exit_it(void *arg)
{
    return cop_group_exit(&group, 0);
}

LOOP_TEST(exit_by_another_task_aborts)
{
    cop_group_enter(&group);
    return cop_await(start(exit_it, NULL));
}

LOOP_TEST(awaiting_a_child_of_a_group_aborts)
{
    cop_group_enter(&group);
    return cop_await(cop_group_spawn(&group, sleep_for_ever, NULL));
}

static void add(TCase *tc)
{
    tcase_add_test(tc, exit_joins_all_children_that_point_into_the_frame);
    tcase_add_test(tc, group_without_children_returns_the_result_of_its_body);
    tcase_add_test(tc, first_error_cancels_the_siblings_and_is_returned);
    tcase_add_test(tc, first_error_cancels_the_body);
    tcase_add_test(tc, error_of_the_body_cancels_the_children);
    tcase_add_test(tc, every_error_of_the_children_is_kept_in_order);
    tcase_add_test(tc, errors_beyond_the_room_are_counted);
    tcase_add_test(tc, cancelled_child_is_no_error_of_the_group);
    tcase_add_test(tc, group_that_is_cancelled_by_its_body_returns_0);
    tcase_add_test(tc, cancelled_parent_cancels_and_joins_its_children);
    tcase_add_test(tc, deadline_around_a_group_cancels_its_children);
    tcase_add_test(tc, nested_groups_are_cancelled_from_the_outside_in);
    tcase_add_test(tc, group_on_a_blocking_loop_runs_its_children_until_it_is_joined);
    tcase_add_test(tc, error_of_a_child_goes_before_the_cancelling_of_the_body);
    tcase_add_test(tc, group_whose_children_complete_beats_the_cancelling);
    tcase_add_test(tc, ecanceled_of_a_body_that_nobody_cancelled_is_returned);
    tcase_add_test(tc, body_that_had_ended_when_the_group_is_cancelled_keeps_its_result);
    tcase_add_test(tc, child_that_a_cancelled_child_starts_is_cancelled_and_joined_too);
    tcase_add_test(tc, start_returns_when_the_child_says_that_it_is_ready);
    tcase_add_test(tc, child_that_fails_to_start_is_an_error_of_start_and_not_of_the_group);
    tcase_add_test(tc, cancelled_start_ends_its_child);
    tcase_add_test(tc, group_without_memory_for_a_child_goes_on_without_it);
    tcase_add_test_raise_signal(tc, exit_by_another_task_aborts, SIGABRT);
    tcase_add_test_raise_signal(tc, awaiting_a_child_of_a_group_aborts, SIGABRT);
}

int main(void)
{
    return run_suite("group", add);
}
