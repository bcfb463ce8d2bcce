/* SPDX-License-Identifier: MIT */
#include "worker/task/slow_task.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tests/unit/dies.h"
#include "tests/unit/in_loop.h"
#include "tests/unit/said.h"
#include "worker/task/sched.h"
#include "worker/task/watchdog.h"

#define LONG_NS (30 * NS_PER_S)

/* Holds its loop until that was noticed n times in all. */
static __attribute__((noinline)) void culprit(uint64_t n)
{
    int64_t end = clock_now() + LONG_NS;

    while (cop_slow_tasks() < n && clock_now() < end)
        ;
}

/* At each limit that it is given. */
static int hold(void *arg)
{
    const cop_time *limit = arg;
    uint64_t n = 0;
    int rc;

    for (rc = 0; *limit && rc == 0; limit++) {
        rc = cop_set_slow_task(*limit);
        if (rc == 0)
            rc = cop_yield();
        culprit(++n);
    }
    return rc < 0 ? rc : (int)cop_slow_tasks();
}

static void run_with_limits(void)
{
    cop_time limits[] = {20 * COP_MS, 30 * COP_MS, 0};

    _exit(cop_run(hold, limits) == 2 ? 7 : 8);
}

START_TEST(task_that_holds_the_loop_of_a_program_is_told_of_with_its_stack_and_counted)
{
    char said[16384];
    int status = run_in_child(run_with_limits, said, sizeof(said));

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %x: %s", status, said);
    ck_assert_uint_eq(said_count(said, "test_slow_task: task 1 holds its loop for "), 2);
    assert_says(said, "culprit < hold");
}
END_TEST

static int hold_in_debug_mode(void *arg)
{
    ck_assert_int_eq(slow_task_threads(), 1);
    culprit(1);
    return (int)cop_slow_tasks();
}

START_TEST(debug_mode_watches_by_itself)
{
    setenv("COPPICE_DEBUG", "1", 1);
    ck_assert_int_eq(cop_run(hold_in_debug_mode, NULL), 1);
    ck_assert_int_eq(slow_task_threads(), 0);
}
END_TEST

LOOP_TEST(limit_of_0_watches_no_more)
{
    ck_assert_int_eq(slow_task_threads(), 0);
    ck_assert_int_eq(cop_set_debug(true), 0);
    ck_assert_int_eq(slow_task_threads(), 1);
    ck_assert_int_eq(cop_set_slow_task(0), 0);
    ck_assert_int_eq(cop_set_slow_task(0), 0);
    ck_assert_int_eq(slow_task_threads(), 0);
    return 0;
}

static int wish_too(void *arg)
{
    return cop_set_slow_task(COP_S);
}

static void *run_wish(void *arg)
{
    *(int *)arg = cop_run(wish_too, NULL);
    return NULL;
}

LOOP_TEST(loop_that_ends_leaves_the_others_watched)
{
    pthread_t thread;
    int rc = 1;

    ck_assert_int_eq(cop_set_slow_task(COP_S), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, run_wish, &rc), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(rc, 0);
    ck_assert_int_eq(slow_task_threads(), 1);
    return 0;
}

static int wish_in_pool(void *arg)
{
    *(int *)arg = cop_set_slow_task(COP_S);
    loop_stop(loop_here);
    return 0;
}

START_TEST(pool_has_one_of_its_own)
{
    struct cop_loop *loop = loop_new(&(struct loop_options){.stack_size = STACK_SIZE_DEFAULT});
    int rc = 0;

    ck_assert_ptr_nonnull(loop);
    ck_assert_int_eq(loop_spawn(loop, wish_in_pool, &rc), 0);
    ck_assert_int_eq(loop_run(loop), 0);
    ck_assert_int_eq(rc, -EBUSY);
    loop_free(loop);
}
END_TEST

LOOP_TEST(second_watchdog_in_a_process_is_ebusy)
{
    struct watchdog *second = NULL;

    ck_assert_int_eq(cop_set_slow_task(COP_S), 0);
    ck_assert_int_eq(watchdog_start(&second, COP_S, "second"), -EBUSY);
    ck_assert_ptr_null(second);
    return 0;
}

START_TEST(without_a_loop_there_is_nothing_to_watch)
{
    ck_assert_int_eq(cop_set_slow_task(COP_S), -EINVAL);
    ck_assert_uint_eq(cop_slow_tasks(), 0);
}
END_TEST

LOOP_TEST(limit_below_0_is_einval)
{
    ck_assert_int_eq(cop_set_slow_task(-1), -EINVAL);
    return 0;
}

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, task_that_holds_the_loop_of_a_program_is_told_of_with_its_stack_and_counted);
    tcase_add_test(tc, debug_mode_watches_by_itself);
    tcase_add_test(tc, limit_of_0_watches_no_more);
    tcase_add_test(tc, loop_that_ends_leaves_the_others_watched);
    tcase_add_test(tc, pool_has_one_of_its_own);
    tcase_add_test(tc, second_watchdog_in_a_process_is_ebusy);
    tcase_add_test(tc, without_a_loop_there_is_nothing_to_watch);
    tcase_add_test(tc, limit_below_0_is_einval);
}

int main(void)
{
    return run_suite("slow_task", add);
}
