/* SPDX-License-Identifier: MIT */
#include "worker/task/exception.h"

#include "tests/unit/in_loop.h"

static struct cop_exception last;
static char name[32], site[128], text[256];
static int count;

static void remember(const struct cop_exception *exception)
{
    last = *exception;
    strcpy(name, exception->name);
    strcpy(site, exception->site);
    ck_assert_int_lt(cop_exception_print(exception, text, sizeof(text)), (int)sizeof(text));
    count++;
}

static int fail_at_once(void *arg)
{
    return -EIO;
}

static int sleep_for_ever(void *arg)
{
    return cop_sleep(COP_NEVER);
}

LOOP_TEST(error_of_a_detached_task_is_reported_with_its_name_and_place)
{
    struct cop_task *task;

    cop_set_exception_handler(remember);
    task = start(fail_at_once, NULL);
    cop_task_set_name(task, "fetcher");
    cop_detach(task);
    let_others_run();
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(last.kind, COP_NEVER_RETRIEVED);
    ck_assert_int_eq(last.result, -EIO);
    ck_assert_str_eq(name, "fetcher");
    ck_assert_ptr_nonnull(strstr(site, "in_loop.h:"));
    ck_assert_ptr_nonnull(
        strstr(text, " fetcher: it ended with an error that nobody receives: Input/"));
    ck_assert_ptr_nonnull(strstr(text, "output error; started at "));
    return 0;
}

LOOP_TEST(error_of_a_task_that_is_detached_after_its_end_is_reported)
{
    struct cop_task *task = start(fail_at_once, NULL);

    cop_set_exception_handler(remember);
    let_others_run();
    ck_assert_int_eq(count, 0);
    cop_detach(task);
    ck_assert_int_eq(count, 1);
    return 0;
}

LOOP_TEST(awaited_error_and_cancelled_task_are_not_reported)
{
    struct cop_task *task = start(sleep_for_ever, NULL);

    cop_set_exception_handler(remember);
    ck_assert_int_eq(cop_await(start(fail_at_once, NULL)), -EIO);
    let_others_run();
    ck_assert(cop_task_cancel(task));
    cop_detach(task);
    let_others_run();
    ck_assert_int_eq(count, 0);
    return 0;
}

static int leave_three(void *arg)
{
    cop_set_exception_handler(remember);
    (void)!start(fail_at_once, NULL);
    let_others_run();
    (void)!start(sleep_for_ever, NULL);
    (void)!start(fail_at_once, NULL);
    return 0;
}

START_TEST(tasks_that_nobody_awaited_are_reported_and_freed_at_the_loops_end)
{
    ck_assert_int_eq(cop_run(leave_three, NULL), 0);
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(last.kind, COP_NEVER_AWAITED);
    ck_assert_ptr_nonnull(strstr(text, ": it was never awaited: Input/output error; started at "));
}
END_TEST

static int await_at_the_end(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    return cop_await(arg);
}

static int leave_an_awaiter(void *arg)
{
    cop_set_exception_handler(remember);
    cop_detach(start(await_at_the_end, start(sleep_for_ever, NULL)));
    let_others_run();
    return 0;
}

START_TEST(task_that_another_awaits_while_the_loop_ends_is_not_reported)
{
    ck_assert_int_eq(cop_run(leave_an_awaiter, NULL), 0);
    ck_assert_int_eq(count, 0);
}
END_TEST

static int leave_one(void *arg)
{
    cop_detach(start(fail_at_once, NULL));
    let_others_run();
    return 0;
}

START_TEST(loop_without_a_handler_tells_that_of_the_process)
{
    exception_set_default(remember);
    ck_assert_int_eq(cop_run(leave_one, NULL), 0);
    ck_assert_int_eq(count, 1);
    /* And then a line on stderr. */
    exception_set_default(NULL);
    ck_assert_int_eq(cop_run(leave_one, NULL), 0);
    ck_assert_int_eq(count, 1);
}
END_TEST

LOOP_TEST(handler_of_a_loop_is_given_back_with_null)
{
    exception_set_default(remember);
    cop_set_exception_handler(NULL);
    return leave_one(NULL) + (count == 1 ? 0 : -1);
}

START_TEST(exception_without_name_and_place_prints_as_a_sentence)
{
    struct cop_exception exception = {
        .kind = COP_NEVER_AWAITED, .task = 7, .name = "", .label = "", .site = ""};

    ck_assert_int_gt(cop_exception_print(&exception, text, sizeof(text)), 0);
    ck_assert_str_eq(text, "task 7: it was never awaited");
    exception.result = -12345;
    ck_assert_int_gt(cop_exception_print(&exception, text, 10), 10);
    ck_assert_uint_eq(strlen(text), 9);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, error_of_a_detached_task_is_reported_with_its_name_and_place);
    tcase_add_test(tc, error_of_a_task_that_is_detached_after_its_end_is_reported);
    tcase_add_test(tc, awaited_error_and_cancelled_task_are_not_reported);
    tcase_add_test(tc, tasks_that_nobody_awaited_are_reported_and_freed_at_the_loops_end);
    tcase_add_test(tc, task_that_another_awaits_while_the_loop_ends_is_not_reported);
    tcase_add_test(tc, loop_without_a_handler_tells_that_of_the_process);
    tcase_add_test(tc, handler_of_a_loop_is_given_back_with_null);
    tcase_add_test(tc, exception_without_name_and_place_prints_as_a_sentence);
}

int main(void)
{
    return run_suite("exception", add);
}
