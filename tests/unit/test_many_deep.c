/* SPDX-License-Identifier: MIT */
/*
 * test_many_deep.c - many tasks at once, and deep ones, up to the guard page.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/dies.h"
#include "tests/unit/emulated.h"
#include "tests/unit/events.h"
#include "tests/unit/suite.h"
#include "worker/task/postmortem.h"
#include "worker/task/sched.h"

#define MANY 100000

/* Thread sanitizer and valgrind know but a few thousand stacks. */
static int many(void)
{
#ifdef SANITIZE_THREAD
    return 2000;
#endif
#ifdef RUNNING_ON_VALGRIND
    if (RUNNING_ON_VALGRIND)
        return 2000;
#endif
    return SANITIZED ? 20000 : MANY;
}

/* ---- many, deep ---- */

static int nawake;

static int count_and_sleep(void *arg)
{
    nawake++;
    return cop_sleep(COP_NEVER);
}

static size_t mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    size_t n = 0;
    int c;

    ck_assert_ptr_nonnull(file);
    while ((c = getc(file)) != EOF)
        n += c == '\n';
    fclose(file);
    return n;
}

static int keep_many(void *arg)
{
    int n = many();
    size_t before = mappings();
    struct cop_task **tasks = malloc((size_t)n * sizeof(struct cop_task *));

    ck_assert_ptr_nonnull(tasks);
    for (int i = 0; i < n; i++)
        tasks[i] = create(count_and_sleep, NULL);
    ck_assert_int_eq(cop_yield(), 0);
    ck_assert_int_eq(nawake, n);
    if (!SANITIZED)
        ck_assert_uint_lt(mappings() - before, 100 + (size_t)n / 100);
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(cop_cancel_and_wait(tasks[i]), -ECANCELED);
    free(tasks);
    return 0;
}

START_TEST(hundred_thousand_tasks_live_at_once_in_few_mappings)
{
    ck_assert_int_eq(cop_run(keep_many, NULL), 0);
}
END_TEST

/* No tail call, and no loop made of it. */
static int __attribute__((noinline)) descend(int depth)
{
    volatile char frame[512];

    frame[0] = (char)depth;
    frame[511] = frame[0];
    return depth == 0 ? frame[511] : descend(depth - 1) + frame[511] - (char)depth;
}

static int descend_within(void *arg)
{
    return descend(SANITIZED ? 50 : 300);
}

static int await_deep(void *arg)
{
    return cop_await(create(descend_within, NULL));
}

START_TEST(recursion_has_the_room_of_the_whole_stack)
{
    ck_assert_int_eq(cop_run(await_deep, NULL), 0);
}
END_TEST

static int descend_far(void *arg)
{
    return descend(SANITIZED ? 500 : 10000);
}

/* Ten megabytes deep, where the loop's own stacks have a quarter of one; and on the least one. */
static int await_sized(void *arg)
{
    struct cop_task_options large = {.stack_size = 16 << 20}, small = {.stack_size = 1};

    for (int i = 0; i < 2; i++) {
        struct cop_task *tasks[] = {cop_create_task_with(descend_far, NULL, &large),
                                    cop_create_task_with(number, &numbers[7], &small)};

        ck_assert_ptr_nonnull(tasks[0]);
        ck_assert_ptr_nonnull(tasks[1]);
        ck_assert_int_eq(cop_await(tasks[0]), 0);
        ck_assert_int_eq(cop_await(tasks[1]), 7);
    }
    ck_assert_uint_eq(loop_stack_bytes(loop_here),
                      STACK_SIZE_DEFAULT + (16u << 20) + STACK_SIZE_MIN);
    return 0;
}

START_TEST(task_has_a_stack_of_the_size_that_it_was_given)
{
    ck_assert_int_eq(cop_run(await_sized, NULL), 0);
}
END_TEST

static int descend_for_ever(void *arg)
{
    return descend(1 << 30);
}

static int await_too_deep(void *arg)
{
    struct cop_task *task = create(descend_for_ever, NULL);

    cop_task_set_name(task, "digger");
    cop_task_set_label(task, "GET /endless?and=more", 12);
    return cop_await(task);
}

static void overflow(void)
{
    ck_assert_int_eq(cop_run(await_too_deep, NULL), 0);
}

START_TEST(stack_overflow_names_the_task_its_label_and_its_stack_and_dies_of_the_fault)
{
    char said[4096];
    int status;

    if (SANITIZED || EMULATOR_LACKS(NO_GUARD_INSTALL))
        return;
    status = run_in_child(overflow, said, sizeof(said));
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %x", status);
    ck_assert_msg(strstr(said, "coppice: app test_many_deep: stack overflow in task 2 digger "
                               "\"GET /endless\": its stack has 256 KiB"),
                  "said: %s", said);
}
END_TEST

static void overflow_with_last_words(void)
{
    postmortem_install();
    overflow_set_app("digging");
    overflow();
}

START_TEST(stack_overflow_is_told_as_such_where_faults_are_told_too)
{
    char said[4096];
    int status;

    if (SANITIZED || EMULATOR_LACKS(NO_GUARD_INSTALL))
        return;
    status = run_in_child(overflow_with_last_words, said, sizeof(said));
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %x", status);
    ck_assert_msg(strstr(said, "app digging: stack overflow in task 2") && !strstr(said, "dies of"),
                  "said: %s", said);
}
END_TEST

static int fault_elsewhere(void *arg)
{
    return *(volatile int *)arg;
}

static void run_fault_elsewhere(void)
{
    (void)cop_run(fault_elsewhere, NULL);
}

START_TEST(fault_that_is_no_stack_overflow_takes_its_usual_course)
{
    char said[4096];
    int status;

    if (SANITIZED)
        return;
    status = run_in_child(run_fault_elsewhere, said, sizeof(said));
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    ck_assert_msg(!strstr(said, "stack overflow"), "said: %s", said);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, hundred_thousand_tasks_live_at_once_in_few_mappings);
    tcase_add_test(tc, recursion_has_the_room_of_the_whole_stack);
    tcase_add_test(tc, task_has_a_stack_of_the_size_that_it_was_given);
    tcase_add_test(tc, stack_overflow_names_the_task_its_label_and_its_stack_and_dies_of_the_fault);
    tcase_add_test(tc, stack_overflow_is_told_as_such_where_faults_are_told_too);
    tcase_add_test(tc, fault_that_is_no_stack_overflow_takes_its_usual_course);
}

int main(void)
{
    return run_suite("many_deep", add);
}
