/* SPDX-License-Identifier: MIT */
/*
 * A call that need not wait lets the others run now and then. The calls are the rows of a table;
 * each test is run for every row.
 */
#include "tests/unit/both_loops.h"

static struct cop_queue fifo, lifo, priority;
static struct cop_event event = {.set = true};
static struct cop_future future = {.done = true};
static struct cop_barrier barrier = {.parties = 1};
static struct cop_task *ended;

static int yes(void *arg)
{
    return 0;
}

static bool is_true(void *arg)
{
    return true;
}

static int lock_and_release(void)
{
    static struct cop_lock lock;
    int rc = cop_lock_acquire(&lock);

    if (rc == 0)
        cop_lock_release(&lock);
    return rc;
}

static int acquire(void)
{
    static struct cop_semaphore semaphore = {.value = 1};
    int rc = cop_semaphore_acquire(&semaphore);

    if (rc == 0)
        (void)cop_semaphore_release(&semaphore);
    return rc;
}

static int put_and_try_get(struct cop_queue *queue)
{
    int item = 1;
    int rc = cop_queue_put(queue, &item);

    return rc < 0 ? rc : cop_queue_try_get(queue, &item);
}

static int put_fifo(void)
{
    return put_and_try_get(&fifo);
}

static int put_lifo(void)
{
    return put_and_try_get(&lifo);
}

static int put_priority(void)
{
    return put_and_try_get(&priority);
}

static int get(void)
{
    int item = 1, rc = cop_queue_try_put(&fifo, &item);

    return rc < 0 ? rc : cop_queue_get(&fifo, &item);
}

static int join(void)
{
    static struct cop_queue never_used;

    return cop_queue_join(&never_used);
}

static int wait_for_event(void)
{
    return cop_event_wait(&event);
}

static int wait_for_future(void)
{
    return cop_future_wait(&future);
}

static int wait_for_condition(void)
{
    static struct cop_condition condition;
    static struct cop_lock lock;
    int rc;

    ck_assert_int_eq(cop_lock_try_acquire(&lock), 0);
    rc = cop_condition_wait_for(&condition, &lock, is_true, NULL);
    cop_lock_release(&lock);
    return rc;
}

static int pass_barrier(void)
{
    return cop_barrier_wait(&barrier);
}

static int wait_for_ended(void)
{
    return cop_wait(&ended, 1, COP_ALL_COMPLETED, COP_NEVER);
}

static int look_for_ended(void)
{
    return cop_wait(&ended, 1, COP_ALL_COMPLETED, 0);
}

static int next_completed(void)
{
    struct cop_as_completed completed;
    struct cop_task *task;
    int rc = cop_as_completed_init(&completed, &ended, 1);

    if (rc == 0)
        rc = cop_as_completed_next(&completed, &task);
    cop_as_completed_fini(&completed);
    return rc;
}

static int select_event(void)
{
    struct cop_waitable waits[] = {cop_on_event(&event)};

    return cop_select(waits, 1);
}

static int resolve_number(void)
{
    struct cop_address address;

    return cop_getaddrinfo("127.0.0.1", 1, &address, 1);
}

static int resolve_localhost(void)
{
    struct cop_address address;

    return cop_getaddrinfo("localhost", 1, &address, 1);
}

static const struct call {
    int (*fn)(void);
    bool beats_cancelling; /* what has come is read by a cancelled task, too */
} calls[] = {
    {.fn = lock_and_release},
    {.fn = acquire},
    {.fn = put_fifo},
    {.fn = put_lifo},
    {.fn = put_priority},
    {.fn = get},
    {.fn = join},
    {.fn = wait_for_event},
    {.fn = wait_for_future, .beats_cancelling = true},
    {.fn = wait_for_condition, .beats_cancelling = true},
    {.fn = pass_barrier},
    {.fn = wait_for_ended},
    {.fn = look_for_ended},
    {.fn = next_completed},
    {.fn = select_event},
    {.fn = resolve_number},
    {.fn = resolve_localhost},
};

#define NCALLS ((int)(sizeof(calls) / sizeof(calls[0])))

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void open_objects(void)
{
    static int rooms[3][2];

    ck_assert_int_eq(cop_queue_init(&fifo, rooms[0], 2, sizeof(int)), 0);
    ck_assert_int_eq(cop_queue_init_lifo(&lifo, rooms[1], 2, sizeof(int)), 0);
    ck_assert_int_eq(cop_queue_init_priority(&priority, rooms[2], 2, sizeof(int), compare), 0);
    ended = cop_create_task(yes, NULL);
    ck_assert_ptr_nonnull(ended);
    ck_assert_int_eq(cop_yield(), 0);
}

static int ring(void *arg)
{
    bool *rang = arg;
    int rc = cop_sleep(COP_MS);

    *rang = rc == 0;
    return rc;
}

static int others_run(void *arg)
{
    const struct call *call = arg;
    struct cop_task *counter, *alarm;
    cop_time end = cop_after(10 * COP_S);
    int turns = 0, n = 0;
    bool rang = false;

    open_objects();
    counter = cop_create_task(count_turns, &turns);
    alarm = cop_create_task(ring, &rang);
    for (; (turns < 2 || !rang) && cop_now() < end; n++)
        ck_assert_int_ge(call->fn(), 0);
    ck_assert_int_ge(turns, 2);
    ck_assert(rang);
    /* Now and then, not each time. */
    ck_assert_int_le(turns, n / (SCHED_STREAK_MAX / 2));
    ck_assert_int_eq(cop_await(alarm), 0);
    ck_assert_int_eq(cop_cancel_and_wait(counter), 0);
    return cop_await(ended);
}

/* In a task, or on the thread of a blocking loop. */
static void run_with(cop_fn fn, int i, bool blocking)
{
    void *call = (void *)(uintptr_t)&calls[i];
    struct cop_loop *loop;

    if (!blocking) {
        ck_assert_int_eq(cop_run(fn, call), 0);
        return;
    }
    loop = loop_new(&(struct loop_options){.stack_size = 256 * 1024, .blocking = true});
    ck_assert_ptr_nonnull(loop);
    ck_assert_int_eq(fn(call), 0);
    loop_free(loop);
}

START_TEST(task_whose_calls_need_not_wait_lets_tasks_and_timers_run)
{
    run_with(others_run, _i, false);
}
END_TEST

START_TEST(thread_of_a_blocking_loop_lets_its_tasks_and_timers_run)
{
    run_with(others_run, _i, true);
}
END_TEST

static int call_until_it_fails(void *arg)
{
    const struct call *call = arg;
    int rc;

    do
        rc = call->fn();
    while (rc >= 0 && !(call->beats_cancelling && cop_cancelled()));
    return rc < 0 ? rc : -ECANCELED;
}

static int deadline_strikes(void *arg)
{
    open_objects();
    ck_assert_int_eq(cop_wait_for(call_until_it_fails, arg, 2 * COP_MS), -ETIMEDOUT);
    return cop_await(ended);
}

START_TEST(deadline_ends_calls_that_need_not_wait)
{
    run_with(deadline_strikes, _i, false);
}
END_TEST

START_TEST(deadline_ends_them_on_the_thread_of_a_blocking_loop)
{
    run_with(deadline_strikes, _i, true);
}
END_TEST

static int cancelling_ends(void *arg)
{
    struct cop_task *busy;

    open_objects();
    busy = cop_create_task(call_until_it_fails, arg);
    ck_assert_ptr_nonnull(busy);
    /* It has begun, and runs unless it lets us. */
    ck_assert_int_eq(cop_yield(), 0);
    ck_assert_int_eq(cop_cancel_and_wait(busy), -ECANCELED);
    return cop_await(ended);
}

START_TEST(cancelling_ends_calls_that_need_not_wait)
{
    run_with(cancelling_ends, _i, false);
}
END_TEST

static int take_all(void *arg)
{
    struct cop_semaphore *semaphore = arg;
    int rc, taken = 0;

    while ((rc = cop_semaphore_acquire(semaphore)) == 0)
        taken++;
    ck_assert_int_eq(rc, -ECANCELED);
    return taken;
}

/* Cancelled while it lets the others run, after the call that was one too many. */
TEST_IN_LOOP(unit_that_was_taken_is_kept_by_a_task_that_is_cancelled_in_the_pause)
{
    struct cop_semaphore semaphore = {.value = 10 * SCHED_STREAK_MAX};
    struct cop_task *taker = cop_create_task(take_all, &semaphore);

    ck_assert_int_eq(cop_yield(), 0);
    ck_assert_int_eq(cop_cancel_and_wait(taker), SCHED_STREAK_MAX);
    ck_assert_uint_eq(semaphore.value, 9 * SCHED_STREAK_MAX);
}

TEST_IN_LOOP(wait_begins_the_count_anew)
{
    struct cop_task *other;
    int turns = 0;

    other = cop_create_task(count_turns, &turns);
    for (int i = 0; i < 4; i++) {
        int before;

        ck_assert_int_eq(cop_yield(), 0);
        before = turns;
        for (int n = 0; n < SCHED_STREAK_MAX - 1; n++)
            ck_assert_int_eq(acquire(), 0);
        ck_assert_int_eq(turns, before);
    }
    ck_assert_int_eq(cop_cancel_and_wait(other), 0);
}

/* A task that has ended is awaited once, so that it is no row of the table. */
TEST_IN_LOOP(task_that_awaits_what_has_ended_lets_the_others_run)
{
    struct cop_task *tasks[3 * SCHED_STREAK_MAX], *other;
    int turns = 0, before;

    for (int i = 0; i < 3 * SCHED_STREAK_MAX; i++)
        tasks[i] = cop_create_task(yes, NULL);
    other = cop_create_task(count_turns, &turns);
    ck_assert_int_eq(cop_yield(), 0);
    before = turns;
    for (int i = 0; i < 3 * SCHED_STREAK_MAX; i++)
        ck_assert_int_eq(cop_await(tasks[i]), 0);
    ck_assert_int_eq(turns, before + 3);
    ck_assert_int_eq(cop_cancel_and_wait(other), 0);
}

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, task_whose_calls_need_not_wait_lets_tasks_and_timers_run, 0, NCALLS);
    tcase_add_loop_test(tc, thread_of_a_blocking_loop_lets_its_tasks_and_timers_run, 0, NCALLS);
    tcase_add_loop_test(tc, deadline_ends_calls_that_need_not_wait, 0, NCALLS);
    tcase_add_loop_test(tc, deadline_ends_them_on_the_thread_of_a_blocking_loop, 0, NCALLS);
    tcase_add_loop_test(tc, cancelling_ends_calls_that_need_not_wait, 0, NCALLS);
    add_test(tc, unit_that_was_taken_is_kept_by_a_task_that_is_cancelled_in_the_pause);
    add_test(tc, wait_begins_the_count_anew);
    add_test(tc, task_that_awaits_what_has_ended_lets_the_others_run);
}

int main(void)
{
    return run_suite("fairness", add);
}
