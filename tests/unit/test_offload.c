/* SPDX-License-Identifier: MIT */
#include "worker/sync/offload.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "tests/unit/both_loops.h"

static int add_one(void *arg)
{
    return *(int *)arg + 1;
}

static int get_nowhere(void *arg)
{
    return -EDOM;
}

TEST_IN_LOOP(result_of_the_thread_is_the_result)
{
    int number = 41;

    ck_assert_int_eq(cop_to_thread(add_one, &number), 42);
    ck_assert_int_eq(cop_to_thread(get_nowhere, NULL), -EDOM);
    ck_assert_int_eq(cop_to_thread_with(add_one, &number, 8), -EINVAL);
}

static int tell_mask_and_thread(void *arg)
{
    sigset_t now;
    int nblocked = 0;

    *(pthread_t *)arg = pthread_self();
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    for (int number = 1; number < 32; number++)
        nblocked += sigismember(&now, number) == 1;
    return nblocked;
}

TEST_IN_LOOP(thread_is_another_and_blocks_every_signal)
{
    pthread_t thread;

    /* All of 1 to 31 but KILL and STOP. */
    ck_assert_int_eq(cop_to_thread(tell_mask_and_thread, &thread), 29);
    ck_assert(!pthread_equal(thread, pthread_self()));
}

struct gate {
    sem_t entered;
    sem_t open;
    atomic_int passed;
};

static void gate_init(struct gate *gate)
{
    ck_assert_int_eq(sem_init(&gate->entered, 0, 0), 0);
    ck_assert_int_eq(sem_init(&gate->open, 0, 0), 0);
    atomic_init(&gate->passed, 0);
}

static int pass(void *arg)
{
    struct gate *gate = arg;

    sem_post(&gate->entered);
    while (sem_wait(&gate->open) < 0)
        ;
    atomic_fetch_add(&gate->passed, 1);
    return 5;
}

static int pass_in_thread(void *arg)
{
    return cop_to_thread(pass, arg);
}

static int pass_in_thread_or_leave(void *arg)
{
    return cop_to_thread_with(pass, arg, COP_ABANDON_ON_CANCEL);
}

TEST_IN_LOOP(others_run_while_the_thread_blocks)
{
    struct gate gate;
    struct cop_task *task;

    gate_init(&gate);
    task = cop_create_task(pass_in_thread, &gate);
    let_others_wait();
    sem_post(&gate.open);
    ck_assert_int_eq(cop_await(task), 5);
}

TEST_IN_LOOP(cancelled_caller_waits_for_the_thread_and_gets_its_result)
{
    struct gate gate;
    struct cop_task *task;

    gate_init(&gate);
    task = cop_create_task(pass_in_thread, &gate);
    let_others_wait();
    sem_wait(&gate.entered);
    ck_assert(cop_task_cancel(task));
    let_others_wait();
    ck_assert_int_eq(atomic_load(&gate.passed), 0);
    sem_post(&gate.open);
    ck_assert_int_eq(cop_await(task), 5);
}

TEST_IN_LOOP(abandoning_caller_returns_at_once_and_the_thread_goes_on)
{
    static struct gate gate;
    struct cop_task *task;

    gate_init(&gate);
    task = cop_create_task(pass_in_thread_or_leave, &gate);
    let_others_wait();
    sem_wait(&gate.entered);
    ck_assert(cop_task_cancel(task));
    ck_assert_int_eq(cop_await(task), -ECANCELED);
    ck_assert_int_eq(atomic_load(&gate.passed), 0);
    sem_post(&gate.open);
    while (atomic_load(&gate.passed) == 0)
        ck_assert_int_eq(cop_sleep(COP_MS), 0);
}

TEST_IN_LOOP(result_that_is_there_beats_the_cancelling_even_with_abandon)
{
    struct gate first, second;
    struct cop_task *task, *after;

    gate_init(&first);
    gate_init(&second);
    ck_assert_int_eq(cop_offload_limit(1, 10), 0);
    task = cop_create_task(pass_in_thread_or_leave, &first);
    after = cop_create_task(pass_in_thread, &second);
    let_others_wait();
    /* The one thread begins the second call when it has handed back the first; the loop has not
     * looked yet. */
    sem_post(&first.open);
    sem_wait(&second.entered);
    ck_assert(cop_task_cancel(task));
    ck_assert_int_eq(cop_await(task), 5);
    sem_post(&second.open);
    ck_assert_int_eq(cop_await(after), 5);
}

TEST_IN_LOOP(call_that_no_thread_took_is_withdrawn_by_cancelling)
{
    struct gate first, second;
    struct cop_task *running, *queued;
    size_t nqueued;

    gate_init(&first);
    gate_init(&second);
    ck_assert_int_eq(cop_offload_limit(1, 10), 0);
    running = cop_create_task(pass_in_thread, &first);
    let_others_wait();
    sem_wait(&first.entered);
    queued = cop_create_task(pass_in_thread, &second);
    let_others_wait();
    ck_assert_int_eq(cop_offload_threads(&nqueued), 1);
    ck_assert_int_eq(nqueued, 1);
    ck_assert_int_eq(cop_cancel_and_wait(queued), -ECANCELED);
    (void)cop_offload_threads(&nqueued);
    ck_assert_int_eq(nqueued, 0);
    sem_post(&first.open);
    ck_assert_int_eq(cop_await(running), 5);
    ck_assert_int_eq(atomic_load(&second.passed), 0);
}

TEST_IN_LOOP(full_queue_is_told_at_once)
{
    struct gate gate;
    struct cop_task *running, *queued;
    int number = 1;

    gate_init(&gate);
    ck_assert_int_eq(cop_offload_limit(0, 1), -EINVAL);
    ck_assert_int_eq(cop_offload_limit(1, 1), 0);
    running = cop_create_task(pass_in_thread, &gate);
    let_others_wait();
    sem_wait(&gate.entered);
    queued = cop_create_task(pass_in_thread, &gate);
    let_others_wait();
    ck_assert_int_eq(cop_to_thread(add_one, &number), -EAGAIN);
    sem_post(&gate.open);
    sem_post(&gate.open);
    ck_assert_int_eq(cop_await(running), 5);
    ck_assert_int_eq(cop_await(queued), 5);
    ck_assert_int_eq(cop_to_thread(add_one, &number), 2);
}

TEST_IN_LOOP(cancelled_caller_does_not_begin)
{
    struct cop_scope scope;
    struct gate gate;

    gate_init(&gate);
    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_cancel(&scope);
    ck_assert_int_eq(cop_to_thread(pass, &gate), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, 0), 0);
}

TEST_IN_LOOP(threads_are_as_many_as_needed_and_no_more_than_the_limit)
{
    enum { CALLS = 20 };
    struct cop_task *tasks[CALLS];
    struct gate gate;
    size_t nqueued;

    gate_init(&gate);
    ck_assert_int_eq(cop_offload_limit(4, CALLS), 0);
    for (int i = 0; i < CALLS; i++)
        tasks[i] = cop_create_task(pass_in_thread, &gate);
    let_others_wait();
    ck_assert_int_eq(cop_offload_threads(&nqueued), 4);
    for (int i = 0; i < CALLS; i++)
        sem_post(&gate.open);
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(cop_await(tasks[i]), 5);
    ck_assert_int_eq(atomic_load(&gate.passed), CALLS);
}

static void add(TCase *tc)
{
    add_test_in_both(tc, result_of_the_thread_is_the_result);
    add_test_in_both(tc, thread_is_another_and_blocks_every_signal);
    add_test_in_both(tc, others_run_while_the_thread_blocks);
    add_test_in_both(tc, cancelled_caller_waits_for_the_thread_and_gets_its_result);
    add_test_in_both(tc, abandoning_caller_returns_at_once_and_the_thread_goes_on);
    add_test_in_both(tc, result_that_is_there_beats_the_cancelling_even_with_abandon);
    add_test_in_both(tc, call_that_no_thread_took_is_withdrawn_by_cancelling);
    add_test_in_both(tc, full_queue_is_told_at_once);
    add_test_in_both(tc, cancelled_caller_does_not_begin);
    add_test_in_both(tc, threads_are_as_many_as_needed_and_no_more_than_the_limit);
}

int main(void)
{
    return run_suite("offload", add);
}
