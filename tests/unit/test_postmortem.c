/* SPDX-License-Identifier: MIT */
#include "worker/task/postmortem.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/check.h"
#include "tests/unit/dies.h"
#include "tests/unit/said.h"
#include "tests/unit/suite.h"
#include "worker/task/sched.h"

static atomic_int ready;

static int sleep_long(void *arg)
{
    int rc = cop_sleep(COP_S * 1000);

    __asm__ volatile("" : "+r"(rc));
    return rc;
}

static __attribute__((noinline)) void hang(void)
{
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) > 0)
        ;
}

static int sleep_and_hang(void *arg)
{
    cop_detach(cop_create_task(sleep_long, NULL));
    (void)cop_yield();
    cop_task_set_label(cop_current_task(), "GET /hang", 9);
    hang();
    return 0;
}

static void *run_hanging_loop(void *arg)
{
    (void)cop_run(sleep_and_hang, NULL);
    return NULL;
}

/* Two loops hang; the process that sends the signal is another, and older than the threads. */
static void hang_and_be_aborted(void)
{
    pthread_t threads[2];
    int go[2];
    char byte = 0;

    CHECK(pipe(go) == 0);
    if (fork() == 0) {
        CHECK(read(go[0], &byte, 1) == 1);
        kill(getppid(), SIGABRT);
        _exit(0);
    }
    postmortem_install();
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, run_hanging_loop, NULL) == 0);
    while (atomic_load(&ready) < 2)
        ;
    CHECK(write(go[1], &byte, 1) == 1);
    pthread_join(threads[0], NULL);
}

START_TEST(abort_from_outside_tells_what_every_loop_does)
{
    char said[16384];
    int status = run_in_child(hang_and_be_aborted, said, sizeof(said));

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_ABORTED, "status %x: %s", status,
                  said);
    assert_says(said, "aborted from outside");
    ck_assert_uint_eq(said_count(said, "task 1 \"GET /hang\" runs\n"), 2);
#ifndef SANITIZE_THREAD /* it holds signals back until its own code is reached */
    ck_assert_uint_eq(said_count(said, "    hang\n    sleep_and_hang\n"), 4);
#endif
    ck_assert_uint_eq(said_count(said, "1 task parked in sleep: 2"), 2);
    ck_assert_uint_eq(said_count(said, "    sleep_long\n"), 2);
}
END_TEST

static __attribute__((noinline)) int fail_check(void *arg)
{
    CHECK_MSG(arg, "nothing is right");
    return 0;
}

static void abort_itself(void)
{
    postmortem_install();
    (void)cop_run(fail_check, NULL);
}

START_TEST(abort_of_its_own_shows_the_stack_and_stays_a_signal)
{
    char said[16384];
    int status = run_in_child(abort_itself, said, sizeof(said));

    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "status %x: %s", status,
                  said);
    assert_says(said, "nothing is right");
    assert_says(said, "    check_failed\n    fail_check\n");
}
END_TEST

static __attribute__((noinline)) int read_through(void *arg)
{
    int value = *(volatile int *)arg;

#ifdef __aarch64__ /* a function that calls none has no frame there, and its caller is not seen */
    __asm__ volatile("" ::: "x30");
#endif
    __asm__ volatile("" : "+r"(value));
    return value;
}

static bool is_under_valgrind(void)
{
#ifdef RUNNING_ON_VALGRIND
    return RUNNING_ON_VALGRIND; /* it tells of the fault itself, and of its own stack */
#else
    return false;
#endif
}

static int fault_in_a_task(void *arg)
{
    int rc;

    cop_task_set_label(cop_current_task(), "GET /null", 9);
    rc = read_through(arg);
    __asm__ volatile("" : "+r"(rc));
    return rc;
}

static void fault(void)
{
    postmortem_install();
    (void)cop_run(fault_in_a_task, NULL);
}

static const int sent[] = {SIGBUS, SIGSEGV};
static int sent_now;

static int be_signalled(void *arg)
{
    return raise(sent_now);
}

static void take_a_signal(void)
{
    postmortem_install();
    (void)cop_run(be_signalled, NULL);
}

/* What calls before have left on the stack: places that return here, and pointers to nothing. */
static __attribute__((noinline)) void leave_traces(volatile uintptr_t *nothing)
{
    volatile uintptr_t traces[512];

    for (size_t i = 0; i < 512; i++)
        traces[i] =
            i % 2 ? (uintptr_t)nothing : (uintptr_t)__builtin_return_address(0); /* of no frame */
    __asm__ volatile("" : : "r"(traces) : "memory");
}

static __attribute__((noinline)) void assert_something(void)
{
    abort();
}

static __attribute__((noinline)) int abort_after_calls(void *arg)
{
    volatile uintptr_t nothing[4] = {0};

    leave_traces(nothing);
    assert_something();
    return 0;
}

static __attribute__((noinline)) int call_what_aborts(void *arg)
{
    int rc = abort_after_calls(arg);

    __asm__ volatile("" : "+r"(rc));
    return rc;
}

static void abort_on_a_used_stack(void)
{
    postmortem_install();
    (void)cop_run(call_what_aborts, NULL);
}

START_TEST(abort_on_a_stack_with_traces_of_other_calls_shows_the_callers)
{
    char said[16384];
    int status;

    if (SANITIZED || is_under_valgrind())
        return;
    status = run_in_child(abort_on_a_used_stack, said, sizeof(said));
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "status %x: %s", status,
                  said);
    assert_says(said, "\n    abort_after_calls");
    assert_says(said, "\n    call_what_aborts\n");
}
END_TEST

START_TEST(fault_shows_its_address_task_and_stack_and_stays_a_signal)
{
    char said[16384];
    int status;

    if (SANITIZED || is_under_valgrind())
        return;
    status = run_in_child(fault, said, sizeof(said));
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %x: %s", status,
                  said);
    assert_says(said, "dies of SIGSEGV at address 0x0:\n");
    assert_says(said, "task 1 \"GET /null\" runs\n    read_through\n    fault_in_a_task\n");
}
END_TEST

START_TEST(fault_that_somebody_sends_is_told_without_an_address_and_kills)
{
    static const char *const told[] = {"dies of SIGBUS:\n", "dies of SIGSEGV:\n"};
    char said[16384];
    int status;

    if (SANITIZED)
        return;
    sent_now = sent[_i];
    status = run_in_child(take_a_signal, said, sizeof(said));
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == sent_now, "status %x: %s", status,
                  said);
    assert_says(said, told[_i]);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, abort_from_outside_tells_what_every_loop_does);
    tcase_add_test(tc, abort_of_its_own_shows_the_stack_and_stays_a_signal);
    tcase_add_test(tc, abort_on_a_stack_with_traces_of_other_calls_shows_the_callers);
    tcase_add_test(tc, fault_shows_its_address_task_and_stack_and_stays_a_signal);
    tcase_add_loop_test(tc, fault_that_somebody_sends_is_told_without_an_address_and_kills, 0,
                        sizeof(sent) / sizeof(sent[0]));
}

int main(void)
{
    return run_suite("postmortem", add);
}
