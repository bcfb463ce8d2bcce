/* SPDX-License-Identifier: MIT */
#include "worker/task/scope.h"

#include <check.h>
#include <errno.h>

#include "tests/unit/dies.h"
#include "tests/unit/suite.h"
#include "worker/task/sched.h"

#define AN_AGE (100 * COP_S)

#define IN_A_LOOP(name)                                  \
    static int name##_body(void *arg);                   \
    START_TEST(name)                                     \
    {                                                    \
        ck_assert_int_eq(cop_run(name##_body, NULL), 0); \
    }                                                    \
    END_TEST                                             \
    static int name##_body(void *arg)

/* Hold the loop until the time has come, without a wait. */
static void be_busy_until(cop_time until)
{
    while (cop_now() < until)
        ;
}

IN_A_LOOP(deadline_ends_a_wait_and_the_exit_says_timed_out)
{
    struct cop_scope scope;

    cop_scope_enter(&scope, cop_now() + COP_MS);
    ck_assert_int_eq(cop_sleep(AN_AGE), -ECANCELED);
    ck_assert(cop_cancelled());
    ck_assert_int_eq(cop_sleep(AN_AGE), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, -ECANCELED), -ETIMEDOUT);
    ck_assert(!cop_cancelled());
    return cop_yield();
}

IN_A_LOOP(deadline_in_the_past_refuses_the_first_wait)
{
    struct cop_scope scope;

    cop_scope_enter(&scope, 1);
    ck_assert_int_eq(cop_yield(), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, -ECANCELED), -ETIMEDOUT);
    return 0;
}

IN_A_LOOP(time_after_any_duration_does_not_overflow)
{
    struct cop_scope scope;

    ck_assert_int_eq(cop_after(COP_NEVER), COP_NEVER);
    ck_assert_int_eq(cop_after(COP_NEVER - 1), COP_NEVER);
    ck_assert_int_lt(cop_after(INT64_MIN), 0);
    ck_assert_int_ge(cop_after(COP_S), cop_now());
    cop_scope_enter(&scope, cop_after(COP_NEVER));
    return cop_scope_exit(&scope, cop_sleep(COP_MS));
}

static int compute_until_cancelled(void *arg)
{
    while (!cop_cancelled())
        ;
    return -ECANCELED;
}

IN_A_LOOP(computation_without_a_wait_can_ask_for_its_deadline)
{
    ck_assert_int_eq(cop_wait_for(compute_until_cancelled, NULL, 2 * COP_MS), -ETIMEDOUT);
    return cop_yield();
}

IN_A_LOOP(inner_deadline_is_its_own_and_the_outer_scope_goes_on)
{
    struct cop_scope outer, inner;

    cop_scope_enter(&outer, cop_now() + AN_AGE);
    cop_scope_enter(&inner, cop_now() + COP_MS);
    ck_assert_int_eq(cop_scope_exit(&inner, cop_sleep(AN_AGE)), -ETIMEDOUT);
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    ck_assert_int_eq(cop_scope_exit(&outer, 7), 7);
    return 0;
}

IN_A_LOOP(outer_deadline_passes_through_the_inner_scope)
{
    struct cop_scope outer, inner;

    cop_scope_enter(&outer, cop_now() + COP_MS);
    cop_scope_enter(&inner, cop_now() + AN_AGE);
    ck_assert_int_eq(cop_scope_exit(&inner, cop_sleep(AN_AGE)), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&outer, -ECANCELED), -ETIMEDOUT);
    return 0;
}

IN_A_LOOP(deadlines_that_pass_while_nobody_waits_belong_to_the_outermost)
{
    struct cop_scope outer, inner;
    cop_time until = cop_now() + COP_MS;

    cop_scope_enter(&outer, until);
    cop_scope_enter(&inner, until - 1);
    be_busy_until(until);
    ck_assert_int_eq(cop_scope_exit(&inner, cop_sleep(AN_AGE)), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&outer, -ECANCELED), -ETIMEDOUT);

    /* The same where no wait, but the check before it, sees that they have passed. */
    cop_scope_enter(&outer, cop_now());
    cop_scope_enter(&inner, cop_now());
    loop_here->now = cop_now();
    ck_assert_int_eq(cop_scope_exit(&inner, cop_yield()), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&outer, -ECANCELED), -ETIMEDOUT);
    return 0;
}

static int sleep_one_of_two(void *arg)
{
    struct cop_scope scope;
    cop_time now = cop_now();

    cop_scope_enter(&scope, now + 30 * COP_MS);
    return cop_scope_exit(&scope, cop_sleep(now + COP_MS - cop_now()));
}

IN_A_LOOP(sleep_that_was_over_before_the_deadline_is_not_cancelled_though_both_have_passed)
{
    struct cop_task *sleeper = cop_create_task(sleep_one_of_two, NULL);

    ck_assert_int_eq(cop_yield(), 0);
    be_busy_until(cop_now() + 40 * COP_MS);
    return cop_await(sleeper);
}

IN_A_LOOP(result_of_what_was_completed_stays)
{
    struct cop_scope scope;

    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_cancel(&scope);
    ck_assert_int_eq(cop_scope_exit(&scope, 12), 12);
    cop_scope_enter(&scope, 1);
    ck_assert_int_eq(cop_scope_exit(&scope, -EIO), -EIO);
    return 0;
}

IN_A_LOOP(cancelled_scope_ends_with_zero_and_leaves_the_rest_alone)
{
    struct cop_scope outer, inner;

    cop_scope_enter(&outer, COP_NEVER);
    cop_scope_enter(&inner, COP_NEVER);
    cop_scope_cancel(&inner);
    ck_assert_int_eq(cop_scope_exit(&inner, cop_sleep(AN_AGE)), 0);
    ck_assert_int_eq(cop_yield(), 0);
    return cop_scope_exit(&outer, 0);
}

IN_A_LOOP(cancelled_outer_scope_shows_in_the_inner_one_until_its_own_exit)
{
    struct cop_scope outer, inner;

    cop_scope_enter(&outer, COP_NEVER);
    cop_scope_enter(&inner, COP_NEVER);
    cop_scope_cancel(&outer);
    ck_assert_int_eq(cop_scope_exit(&inner, cop_yield()), -ECANCELED);
    ck_assert_int_eq(cop_yield(), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&outer, -ECANCELED), 0);
    return cop_yield();
}

static int cancel_a_scope(void *arg)
{
    cop_scope_cancel(arg);
    return 0;
}

IN_A_LOOP(scope_cancelled_by_another_task_wakes_its_sleeper)
{
    struct cop_scope scope;
    struct cop_task *other;

    cop_scope_enter(&scope, COP_NEVER);
    other = cop_create_task(cancel_a_scope, &scope);
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, -ECANCELED), 0);
    return cop_await(other);
}

IN_A_LOOP(shield_hides_what_happens_outside_until_its_exit)
{
    struct cop_scope outer, shield;

    cop_scope_enter(&outer, cop_now() + COP_MS);
    cop_scope_enter(&shield, COP_NEVER);
    cop_scope_shield(&shield, COP_NEVER);
    ck_assert_int_eq(cop_sleep(3 * COP_MS), 0);
    cop_scope_cancel(&outer);
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    ck_assert(!cop_cancelled());
    ck_assert_int_eq(cop_scope_exit(&shield, 0), 0);
    ck_assert_int_eq(cop_yield(), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&outer, -ECANCELED), 0);
    return 0;
}

IN_A_LOOP(deadline_that_passed_outside_a_shield_counts_after_it)
{
    struct cop_scope outer, shield;

    cop_scope_enter(&outer, cop_now() + COP_MS);
    cop_scope_enter(&shield, COP_NEVER);
    cop_scope_shield(&shield, COP_NEVER);
    ck_assert_int_eq(cop_scope_exit(&shield, cop_sleep(3 * COP_MS)), 0);
    ck_assert_int_eq(cop_scope_exit(&outer, cop_sleep(AN_AGE)), -ETIMEDOUT);
    return 0;
}

IN_A_LOOP(grace_of_a_shield_ends_it_also_in_a_cancelled_task)
{
    struct cop_scope outer, shield;

    cop_scope_enter(&outer, COP_NEVER);
    cop_scope_cancel(&outer);
    cop_scope_enter(&shield, COP_NEVER);
    cop_scope_shield(&shield, COP_MS);
    ck_assert_int_eq(cop_scope_exit(&shield, cop_sleep(AN_AGE)), -ETIMEDOUT);
    return cop_scope_exit(&outer, cop_yield());
}

IN_A_LOOP(deadline_of_a_scope_inside_a_shield_counts)
{
    struct cop_scope outer, shield, inner;

    cop_scope_enter(&outer, COP_NEVER);
    cop_scope_cancel(&outer);
    cop_scope_enter(&shield, COP_NEVER);
    cop_scope_shield(&shield, COP_NEVER);
    cop_scope_enter(&inner, cop_now() + COP_MS);
    ck_assert_int_eq(cop_scope_exit(&inner, cop_sleep(AN_AGE)), -ETIMEDOUT);
    ck_assert_int_eq(cop_scope_exit(&shield, cop_yield()), 0);
    return cop_scope_exit(&outer, cop_yield());
}

IN_A_LOOP(deadline_inside_a_shield_is_not_taken_for_one_outside_that_passed_before)
{
    struct cop_scope outer, shield, inner;
    cop_time now = cop_now();

    cop_scope_enter(&outer, now + COP_MS);
    cop_scope_enter(&shield, COP_NEVER);
    cop_scope_shield(&shield, COP_NEVER);
    cop_scope_enter(&inner, now + 3 * COP_MS);
    ck_assert_int_eq(cop_scope_exit(&inner, cop_sleep(AN_AGE)), -ETIMEDOUT);
    ck_assert_int_eq(cop_scope_exit(&shield, cop_yield()), 0);
    ck_assert_int_eq(cop_scope_exit(&outer, cop_yield()), -ETIMEDOUT);
    return 0;
}

static int sleep_for(void *arg)
{
    return cop_sleep(*(cop_time *)arg) < 0 ? -ECANCELED : 3;
}

IN_A_LOOP(wait_for_returns_the_result_or_timed_out)
{
    cop_time short_time = COP_MS, long_time = AN_AGE;

    ck_assert_int_eq(cop_wait_for(sleep_for, &short_time, AN_AGE), 3);
    ck_assert_int_eq(cop_wait_for(sleep_for, &long_time, COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(cop_wait_for(sleep_for, &short_time, COP_NEVER), 3);
    return 0;
}

static int shield_a_sleep(void *arg)
{
    cop_time time = 2 * COP_MS;

    return cop_shield(sleep_for, &time, AN_AGE);
}

IN_A_LOOP(shielded_call_of_a_cancelled_task_completes)
{
    return cop_cancel_and_wait(cop_create_task(shield_a_sleep, NULL)) == 3 ? 0 : -1;
}

static int enter_two(void *arg)
{
    struct cop_scope outer, inner;

    cop_scope_enter(&outer, COP_NEVER);
    cop_scope_enter(&inner, COP_NEVER);
    if (arg)
        cop_scope_shield(&outer, COP_NEVER);
    return cop_scope_exit(&outer, 0);
}

static void exit_outer_first(void)
{
    (void)cop_run(enter_two, NULL);
}

static void shield_outer(void)
{
    (void)cop_run(enter_two, &shield_outer);
}

START_TEST(misuse_dies_with_a_sentence)
{
    assert_is_bug(exit_outer_first, "only the innermost scope of the running task can be exited");
    assert_is_bug(shield_outer, "only the innermost scope of the running task can be shielded");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, deadline_ends_a_wait_and_the_exit_says_timed_out);
    tcase_add_test(tc, deadline_in_the_past_refuses_the_first_wait);
    tcase_add_test(tc, time_after_any_duration_does_not_overflow);
    tcase_add_test(tc, computation_without_a_wait_can_ask_for_its_deadline);
    tcase_add_test(tc, inner_deadline_is_its_own_and_the_outer_scope_goes_on);
    tcase_add_test(tc, outer_deadline_passes_through_the_inner_scope);
    tcase_add_test(tc, deadlines_that_pass_while_nobody_waits_belong_to_the_outermost);
    tcase_add_test(
        tc, sleep_that_was_over_before_the_deadline_is_not_cancelled_though_both_have_passed);
    tcase_add_test(tc, result_of_what_was_completed_stays);
    tcase_add_test(tc, cancelled_scope_ends_with_zero_and_leaves_the_rest_alone);
    tcase_add_test(tc, cancelled_outer_scope_shows_in_the_inner_one_until_its_own_exit);
    tcase_add_test(tc, scope_cancelled_by_another_task_wakes_its_sleeper);
    tcase_add_test(tc, shield_hides_what_happens_outside_until_its_exit);
    tcase_add_test(tc, deadline_that_passed_outside_a_shield_counts_after_it);
    tcase_add_test(tc, grace_of_a_shield_ends_it_also_in_a_cancelled_task);
    tcase_add_test(tc, deadline_of_a_scope_inside_a_shield_counts);
    tcase_add_test(tc, deadline_inside_a_shield_is_not_taken_for_one_outside_that_passed_before);
    tcase_add_test(tc, wait_for_returns_the_result_or_timed_out);
    tcase_add_test(tc, shielded_call_of_a_cancelled_task_completes);
    tcase_add_test(tc, misuse_dies_with_a_sentence);
}

int main(void)
{
    return run_suite("scope", add);
}
