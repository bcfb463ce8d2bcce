/* SPDX-License-Identifier: MIT */
#include "tests/unit/in_loop.h"

static int return_it(void *arg)
{
    return (int)(intptr_t)arg;
}

static int yield_then_return_it(void *arg)
{
    int rc = cop_yield();

    return rc < 0 ? rc : (int)(intptr_t)arg;
}

static int sleep_for_ever(void *arg)
{
    return cop_sleep(COP_NEVER);
}

static int sleep_then_return_it(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    return (int)(intptr_t)arg;
}

LOOP_TEST(gather_has_all_results_in_their_places)
{
    struct cop_call calls[100];

    for (intptr_t i = 0; i < 100; i++)
        calls[i] =
            (struct cop_call){.fn = i % 2 ? return_it : yield_then_return_it, .arg = (void *)i};
    ck_assert_int_eq(cop_gather(calls, 100, 0), 0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(calls[i].rc, i);
    return 0;
}

LOOP_TEST(gather_returns_the_first_error_and_cancels_the_others)
{
    struct cop_call calls[] = {
        {.fn = sleep_for_ever},
        {.fn = yield_then_return_it, .arg = (void *)-EIO},
        {.fn = return_it, .arg = (void *)-ENOENT},
        {.fn = return_it, .arg = (void *)5},
    };

    ck_assert_int_eq(cop_gather(calls, 4, 0), -ENOENT);
    ck_assert_int_eq(calls[0].rc, -ECANCELED);
    ck_assert_int_eq(calls[2].rc, -ENOENT);
    ck_assert_int_eq(calls[3].rc, 5);
    ck_assert(!cop_cancelled());
    return 0;
}

LOOP_TEST(gather_with_return_exceptions_lets_all_end_and_returns_0)
{
    struct cop_call calls[] = {
        {.fn = return_it, .arg = (void *)-EIO},
        {.fn = yield_then_return_it, .arg = (void *)1},
        {.fn = yield_then_return_it, .arg = (void *)-ENOENT},
    };

    ck_assert_int_eq(cop_gather(calls, 3, COP_RETURN_EXCEPTIONS), 0);
    ck_assert_int_eq(calls[0].rc, -EIO);
    ck_assert_int_eq(calls[1].rc, 1);
    ck_assert_int_eq(calls[2].rc, -ENOENT);
    return 0;
}

static unsigned gather_flags;

static int gather_two(void *fn)
{
    cop_fn second = *(cop_fn *)fn;
    struct cop_call calls[] = {{.fn = return_it, .arg = (void *)4},
                               {.fn = second, .arg = (void *)7}};
    int rc = cop_gather(calls, 2, gather_flags);

    ck_assert_int_eq(calls[0].rc, 4);
    ck_assert_int_eq(calls[1].rc, rc < 0 ? -ECANCELED : 7);
    return rc;
}

static cop_fn never = sleep_for_ever;
static cop_fn finishing = sleep_then_return_it;

LOOP_TEST(cancelled_gather_ends_its_calls_and_keeps_their_results)
{
    for (gather_flags = 0; gather_flags <= COP_RETURN_EXCEPTIONS; gather_flags++) {
        struct cop_task *task = start(gather_two, &never);

        let_others_run();
        ck_assert_int_eq(cop_cancel_and_wait(task), -ECANCELED);
    }
    return 0;
}

LOOP_TEST(gather_whose_calls_complete_beats_the_cancelling)
{
    struct cop_task *task = start(gather_two, &finishing);

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(task), 0);
    return 0;
}

static int clean_up_for_long(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    ck_assert_int_eq(cop_shield(sleep_for_ever, NULL, 10 * COP_MS), -ETIMEDOUT);
    return -ECANCELED;
}

static int gather_one_who_fails_beside_one_who_cleans_up(void *arg)
{
    struct cop_call calls[] = {
        {.fn = yield_then_return_it, .arg = (void *)-EIO},
        {.fn = clean_up_for_long},
    };

    return cop_gather(calls, 2, 0);
}

LOOP_TEST(cancelling_after_the_first_error_does_not_hide_it)
{
    struct cop_task *task = start(gather_one_who_fails_beside_one_who_cleans_up, NULL);

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(task), -EIO);
    return 0;
}

LOOP_TEST(deadline_ends_a_gather)
{
    ck_assert_int_eq(cop_wait_for(gather_two, &never, COP_MS), -ETIMEDOUT);
    return 0;
}

static int gather_while_cancelled(void *arg)
{
    struct cop_call call = {.fn = return_it};

    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    ck_assert_int_eq(cop_gather(&call, 1, 0), -ECANCELED);
    return call.rc;
}

LOOP_TEST(cancelled_task_starts_no_calls)
{
    struct cop_task *task = start(gather_while_cancelled, NULL);

    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(task), -ECANCELED);
    return 0;
}

LOOP_TEST(gather_that_finds_no_memory_ends_what_it_started)
{
    struct cop_call calls[] = {{.fn = sleep_for_ever}, {.fn = sleep_for_ever}, {.fn = return_it}};

    if (!leave_stacks_for(2))
        return 0;
    ck_assert_int_eq(cop_gather(calls, 3, 0), -ENOMEM);
    ck_assert_int_eq(calls[0].rc, -ECANCELED);
    ck_assert_int_eq(calls[1].rc, -ECANCELED);
    ck_assert_int_eq(calls[2].rc, -ENOMEM);
    return cop_gather(&calls[2], 1, 0);
}

LOOP_TEST(gather_of_nonsense_is_einval_and_starts_nothing)
{
    struct cop_call calls[] = {{.fn = return_it, .rc = 99}, {.fn = NULL, .rc = 99}};

    ck_assert_int_eq(cop_gather(calls, 2, 0), -EINVAL);
    ck_assert_int_eq(cop_gather(calls, 1, 8), -EINVAL);
    ck_assert_int_eq(cop_gather(NULL, 1, 0), -EINVAL);
    ck_assert_int_eq(calls[0].rc, 99);
    return 0;
}

LOOP_TEST(no_calls_at_all_succeed_unless_the_caller_is_cancelled)
{
    struct cop_call calls[] = {{.fn = return_it, .rc = 99}};

    ck_assert_int_eq(cop_gather(calls, 0, 0), 0);
    ck_assert_int_eq(cop_gather(NULL, 0, COP_RETURN_EXCEPTIONS), 0);
    ck_assert_int_eq(cop_for_each(return_it, NULL, 0, sizeof(int)), 0);
    ck_assert_int_eq(calls[0].rc, 99);
    (void)cop_task_cancel(cop_current_task());
    ck_assert_int_eq(cop_gather(NULL, 0, 0), -ECANCELED);
    return 0;
}

static int double_it(void *arg)
{
    int *n = arg;
    int rc = cop_yield();

    *n *= 2;
    return *n == 6 ? -EDOM : rc;
}

static int calls_without_items;

static int count_call(void *arg)
{
    calls_without_items += arg == NULL;
    return cop_yield();
}

LOOP_TEST(for_each_calls_with_each_item)
{
    int numbers[] = {1, 2, 5};

    ck_assert_int_eq(cop_for_each(double_it, numbers, 3, sizeof(numbers[0])), 0);
    ck_assert_int_eq(numbers[0], 2);
    ck_assert_int_eq(numbers[1], 4);
    ck_assert_int_eq(numbers[2], 10);
    ck_assert_int_eq(cop_for_each(count_call, NULL, 7, 0), 0);
    ck_assert_int_eq(calls_without_items, 7);
    return 0;
}

LOOP_TEST(for_each_returns_the_first_error)
{
    int numbers[] = {1, 3};

    ck_assert_int_eq(cop_for_each(double_it, numbers, 2, sizeof(numbers[0])), -EDOM);
    ck_assert_int_eq(cop_for_each(NULL, numbers, 2, sizeof(numbers[0])), -EINVAL);
    return 0;
}

static void add(TCase *tc)
{
    tcase_add_test(tc, no_calls_at_all_succeed_unless_the_caller_is_cancelled);
    tcase_add_test(tc, for_each_calls_with_each_item);
    tcase_add_test(tc, for_each_returns_the_first_error);
    tcase_add_test(tc, gather_has_all_results_in_their_places);
    tcase_add_test(tc, gather_returns_the_first_error_and_cancels_the_others);
    tcase_add_test(tc, gather_with_return_exceptions_lets_all_end_and_returns_0);
    tcase_add_test(tc, cancelled_gather_ends_its_calls_and_keeps_their_results);
    tcase_add_test(tc, gather_whose_calls_complete_beats_the_cancelling);
    tcase_add_test(tc, deadline_ends_a_gather);
    tcase_add_test(tc, cancelling_after_the_first_error_does_not_hide_it);
    tcase_add_test(tc, cancelled_task_starts_no_calls);
    tcase_add_test(tc, gather_that_finds_no_memory_ends_what_it_started);
    tcase_add_test(tc, gather_of_nonsense_is_einval_and_starts_nothing);
}

int main(void)
{
    return run_suite("gather", add);
}
