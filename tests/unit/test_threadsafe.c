/* SPDX-License-Identifier: MIT */
#include "worker/sync/threadsafe.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/both_loops.h"

/* A foreign thread that does something with the test's loop, while the test's task waits. */
struct foreign {
    struct cop_loop *loop;
    atomic_bool done;
    int result;
    int calls;
    atomic_bool seen;
};

static void run_foreign(struct foreign *foreign, void *(*fn)(void *))
{
    pthread_t thread;

    foreign->loop = cop_this_loop();
    ck_assert_int_eq(pthread_create(&thread, NULL, fn, foreign), 0);
    while (!atomic_load(&foreign->done))
        ck_assert_int_eq(cop_sleep(COP_MS), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

static void count_call(void *arg)
{
    struct foreign *foreign = arg;

    ck_assert(loop_here == foreign->loop);
    if (++foreign->calls == 1000)
        atomic_store(&foreign->done, true);
}

static void *call_a_thousand_times(void *arg)
{
    struct foreign *foreign = arg;

    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(cop_call_soon_threadsafe(foreign->loop, count_call, foreign), 0);
    return NULL;
}

TEST_IN_LOOP(calls_of_another_thread_all_run_on_the_loop)
{
    struct foreign foreign = {0};

    run_foreign(&foreign, call_a_thousand_times);
    ck_assert_int_eq(foreign.calls, 1000);
}

static int sleep_and_count(void *arg)
{
    struct foreign *foreign = arg;

    ck_assert(loop_here == foreign->loop);
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    foreign->calls++;
    return 77;
}

static void *run_and_wait(void *arg)
{
    struct foreign *foreign = arg;
    struct cop_remote_call call;

    ck_assert_int_eq(cop_run_threadsafe(&call, foreign->loop, sleep_and_count, foreign), 0);
    foreign->result = cop_remote_call_wait(&call, COP_NEVER);
    ck_assert(cop_remote_call_done(&call));
    cop_remote_call_cancel(&call);
    atomic_store(&foreign->done, true);
    return NULL;
}

TEST_IN_LOOP(run_gives_the_other_thread_the_result_of_the_task)
{
    struct foreign foreign = {0};

    run_foreign(&foreign, run_and_wait);
    ck_assert_int_eq(foreign.result, 77);
    ck_assert_int_eq(foreign.calls, 1);
}

static int wait_for_ever(void *arg)
{
    struct foreign *foreign = arg;

    atomic_store(&foreign->seen, true);
    return cop_sleep(1000 * COP_S);
}

static void *time_out_and_cancel(void *arg)
{
    struct foreign *foreign = arg;
    struct cop_remote_call call;

    ck_assert_int_eq(cop_run_threadsafe(&call, foreign->loop, wait_for_ever, foreign), 0);
    ck_assert_int_eq(cop_remote_call_wait(&call, 2 * COP_MS), -ETIMEDOUT);
    ck_assert(!cop_remote_call_done(&call));
    cop_remote_call_cancel(&call);
    cop_remote_call_cancel(&call);
    foreign->result = cop_remote_call_wait(&call, COP_NEVER);
    atomic_store(&foreign->done, true);
    return NULL;
}

TEST_IN_LOOP(call_that_is_cancelled_ends_with_ecanceled)
{
    struct foreign foreign = {0};

    run_foreign(&foreign, time_out_and_cancel);
    ck_assert_int_eq(foreign.result, -ECANCELED);
}

TEST_IN_LOOP(run_on_the_own_loop_would_wait_for_itself)
{
    struct cop_remote_call call;

    ck_assert_int_eq(cop_run_threadsafe(&call, cop_this_loop(), wait_for_ever, NULL), -EDEADLK);
}

static void *ask_a_blocking_loop(void *arg)
{
    struct foreign *foreign = arg;
    struct cop_remote_call call;

    ck_assert_int_eq(cop_run_threadsafe(&call, foreign->loop, wait_for_ever, foreign), -ENOTSUP);
    ck_assert_int_eq(cop_call_soon_threadsafe(foreign->loop, count_call, foreign), -ENOTSUP);
    atomic_store(&foreign->done, true);
    return NULL;
}

START_TEST(blocking_loop_takes_no_calls)
{
    struct cop_loop *loop = loop_new(&(struct loop_options){.blocking = true});
    struct foreign foreign = {0};

    ck_assert_ptr_nonnull(loop);
    run_foreign(&foreign, ask_a_blocking_loop);
    loop_free(loop);
}
END_TEST

static int leave(void *arg)
{
    struct foreign *foreign = arg;

    atomic_store(&foreign->seen, true);
    return 0;
}

static void *wait_through_the_end(void *arg)
{
    struct foreign *foreign = arg;
    struct cop_remote_call call;

    ck_assert_int_eq(cop_run_threadsafe(&call, foreign->loop, wait_for_ever, foreign), 0);
    foreign->result = cop_remote_call_wait(&call, COP_NEVER);
    return NULL;
}

static pthread_t outliver;

static int start_outliver_and_leave(void *arg)
{
    struct foreign *foreign = arg;

    foreign->loop = cop_this_loop();
    ck_assert_int_eq(pthread_create(&outliver, NULL, wait_through_the_end, foreign), 0);
    while (!atomic_load(&foreign->seen))
        ck_assert_int_eq(cop_sleep(COP_MS), 0);
    return leave(arg);
}

START_TEST(end_of_the_loop_ends_the_call)
{
    struct foreign foreign = {0};

    ck_assert_int_eq(cop_run(start_outliver_and_leave, &foreign), 0);
    ck_assert_int_eq(pthread_join(outliver, NULL), 0);
    ck_assert_int_eq(foreign.result, -ECANCELED);
}
END_TEST

static void *post_only(void *arg)
{
    struct foreign *foreign = arg;
    static struct cop_remote_call call;

    ck_assert_int_eq(cop_run_threadsafe(&call, foreign->loop, wait_for_ever, foreign), 0);
    atomic_store(&foreign->done, true);
    foreign->result = cop_remote_call_wait(&call, COP_NEVER);
    return NULL;
}

/* The loop does not look at its messages between the post and its end. */
static int leave_before_the_poll(void *arg)
{
    struct foreign *foreign = arg;

    foreign->loop = cop_this_loop();
    ck_assert_int_eq(pthread_create(&outliver, NULL, post_only, foreign), 0);
    while (!atomic_load(&foreign->done))
        ;
    return 0;
}

START_TEST(call_that_the_loop_did_not_get_to_is_told_at_its_end)
{
    struct foreign foreign = {0};

    ck_assert_int_eq(cop_run(leave_before_the_poll, &foreign), 0);
    ck_assert_int_eq(pthread_join(outliver, NULL), 0);
    ck_assert_int_eq(foreign.result, -ECANCELED);
    ck_assert(!atomic_load(&foreign.seen));
}
END_TEST

static void post_again(void *arg)
{
    struct foreign *foreign = arg;

    foreign->calls++;
    foreign->result = cop_call_soon_threadsafe(foreign->loop, post_again, foreign);
}

static int post_and_leave(void *arg)
{
    struct foreign *foreign = arg;

    foreign->loop = cop_this_loop();
    return cop_call_soon_threadsafe(foreign->loop, post_again, foreign);
}

START_TEST(call_that_posts_itself_for_ever_ends_with_its_loop)
{
    struct foreign foreign = {0};

    ck_assert_int_eq(cop_run(post_and_leave, &foreign), 0);
    ck_assert_int_eq(foreign.calls, 1);
    ck_assert_int_eq(foreign.result, -ECANCELED);
}
END_TEST

TEST_IN_LOOP(calls_without_a_function_are_einval)
{
    struct cop_remote_call call;

    ck_assert_int_eq(cop_run(NULL, NULL), -EINVAL);
    ck_assert_int_eq(cop_to_thread(NULL, NULL), -EINVAL);
    ck_assert_int_eq(cop_call_soon_threadsafe(cop_this_loop(), NULL, NULL), -EINVAL);
    ck_assert_int_eq(cop_run_threadsafe(&call, cop_this_loop(), NULL, NULL), -EINVAL);
}

static void *wait_for_a_past_time(void *arg)
{
    struct foreign *foreign = arg;
    struct cop_remote_call call;

    ck_assert_int_eq(cop_run_threadsafe(&call, foreign->loop, wait_for_ever, foreign), 0);
    ck_assert_int_eq(cop_remote_call_wait(&call, 0), -ETIMEDOUT);
    ck_assert_int_eq(cop_remote_call_wait(&call, INT64_MIN), -ETIMEDOUT);
    cop_remote_call_cancel(&call);
    foreign->result = cop_remote_call_wait(&call, COP_NEVER);
    atomic_store(&foreign->done, true);
    return NULL;
}

TEST_IN_LOOP(wait_for_no_time_or_less_asks_once)
{
    struct foreign foreign = {0};

    run_foreign(&foreign, wait_for_a_past_time);
    ck_assert_int_eq(foreign.result, -ECANCELED);
}

static void add(TCase *tc)
{
    add_test(tc, calls_of_another_thread_all_run_on_the_loop);
    add_test(tc, run_gives_the_other_thread_the_result_of_the_task);
    add_test(tc, call_that_is_cancelled_ends_with_ecanceled);
    add_test(tc, run_on_the_own_loop_would_wait_for_itself);
    tcase_add_test(tc, blocking_loop_takes_no_calls);
    tcase_add_test(tc, end_of_the_loop_ends_the_call);
    tcase_add_test(tc, call_that_the_loop_did_not_get_to_is_told_at_its_end);
    tcase_add_test(tc, call_that_posts_itself_for_ever_ends_with_its_loop);
    add_test(tc, wait_for_no_time_or_less_asks_once);
    add_test_in_both(tc, calls_without_a_function_are_einval);
}

int main(void)
{
    return run_suite("threadsafe", add);
}
