/* SPDX-License-Identifier: MIT */
#include "worker/task/loop.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/beat.h"
#include "common/clock.h"
#include "tests/unit/dies.h"
#include "tests/unit/suite.h"
#include "worker/task/io.h"
#include "worker/task/sched.h"

static struct cop_loop *new_loop(void)
{
    struct cop_loop *loop = loop_new(&(struct loop_options){.stack_size = STACK_SIZE_DEFAULT});

    ck_assert_ptr_nonnull(loop);
    return loop;
}

static int events[64];
static size_t nevents;

static void note(int event)
{
    ck_assert_uint_lt(nevents, 64);
    events[nevents++] = event;
}

static void assert_counted_up(size_t n)
{
    ck_assert_uint_eq(nevents, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(events[i], i);
}

static int note_number(void *arg)
{
    note((int)(intptr_t)arg);
    return 0;
}

static void spawn(int number)
{
    ck_assert_int_eq(loop_spawn(loop_here, note_number, (void *)(intptr_t)number), 0);
}

static int stop_here(void *arg)
{
    loop_stop(loop_here);
    return 0;
}

static void spawn_stop(void)
{
    ck_assert_int_eq(loop_spawn(loop_here, stop_here, NULL), 0);
}

/* ---- messages ---- */

struct numbered {
    struct loop_message message;
    int number;
};

static void spawn_two(struct loop_message *message)
{
    int number = list_entry(message, struct numbered, message)->number;

    spawn(number);
    spawn(number + 1);
    if (number == 6)
        spawn_stop();
}

START_TEST(messages_come_in_order_and_so_do_the_tasks_that_they_start)
{
    struct numbered messages[4];
    struct cop_loop *loop = new_loop();

    for (int i = 0; i < 4; i++) {
        messages[i] = (struct numbered){.message.fn = spawn_two, .number = 2 * i};
        loop_post(loop, &messages[i].message);
    }
    loop_run(loop);
    assert_counted_up(8);
    loop_free(loop);
}
END_TEST

#define POSTED 10000

static struct numbered posted[2][POSTED];
static int next_number[2];
static int nreceived;

static void receive(struct loop_message *message)
{
    struct numbered *numbered = list_entry(message, struct numbered, message);
    int side = numbered >= posted[1];

    ck_assert_int_eq(numbered->number, next_number[side]++);
    if (++nreceived == 2 * POSTED)
        loop_stop(loop_here);
}

struct poster {
    struct cop_loop *loop;
    struct numbered *messages;
};

static void *post_all(void *arg)
{
    struct poster *poster = arg;

    for (int i = 0; i < POSTED; i++) {
        poster->messages[i] = (struct numbered){.message.fn = receive, .number = i};
        loop_post(poster->loop, &poster->messages[i].message);
    }
    return NULL;
}

START_TEST(messages_of_two_threads_arrive_all_and_in_the_order_of_each)
{
    struct cop_loop *loop = new_loop();
    struct poster posters[] = {{loop, posted[0]}, {loop, posted[1]}};
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    loop_run(loop);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(nreceived, 2 * POSTED);
    loop_free(loop);
}
END_TEST

/* ---- the order of events ---- */

static struct io pipes[8];
static int pipe_ends[8];

static int wait_and_note(void *arg)
{
    int i = (int)(intptr_t)arg;

    ck_assert_int_eq(io_wait_readable(&pipes[i], COP_NEVER), 0);
    note(i);
    io_fini(&pipes[i]);
    if (i == 7)
        loop_stop(loop_here);
    return 0;
}

static int write_to_all(void *arg)
{
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(write(pipe_ends[i], "x", 1), 1);
    return 0;
}

START_TEST(tasks_run_in_the_order_in_which_the_kernel_told_their_events)
{
    struct cop_loop *loop = new_loop();

    for (int i = 0; i < 8; i++) {
        int fds[2];

        ck_assert_int_eq(pipe(fds), 0);
        io_init(&pipes[i], fds[0], NULL);
        pipe_ends[i] = fds[1];
        ck_assert_int_eq(loop_spawn(loop, wait_and_note, (void *)(intptr_t)i), 0);
    }
    /* Once all wait, in one poll. */
    sched_run_ready(loop);
    ck_assert_int_eq(loop_spawn(loop, write_to_all, NULL), 0);
    loop_run(loop);
    assert_counted_up(8);
    loop_free(loop);
}
END_TEST

/* ---- tickers ---- */

static int64_t last_tick;
static int nticks;

static void tick(void *arg, int64_t late_ns)
{
    ck_assert_int_ge(late_ns, 0);
    if (++nticks == 5)
        loop_stop(loop_here);
}

START_TEST(ticker_ticks_until_it_is_freed)
{
    struct cop_loop *loop = new_loop();
    struct loop_ticker *ticker = loop_ticker_new(loop, 5 * COP_MS, tick, NULL);

    ck_assert_ptr_nonnull(ticker);
    loop_run(loop);
    ck_assert_int_eq(nticks, 5);
    loop_ticker_free(ticker);
    loop_ticker_free(NULL);
    loop_free(loop);
}
END_TEST

#define STALL (20 * COP_MS)

static int stall_in_a_task(void *arg)
{
    int64_t until = clock_now() + STALL;

    while (clock_now() < until)
        ;
    return 0;
}

static void tick_late(void *arg, int64_t late_ns)
{
    if (++nticks == 1) {
        ck_assert_int_eq(loop_spawn(loop_here, stall_in_a_task, NULL), 0);
        return;
    }
    /* The stall began when the first tick was over, and lasted four intervals. */
    if (nticks == 2)
        ck_assert_int_ge(late_ns, STALL - 5 * COP_MS - COP_MS);
    else
        ck_assert_int_ge(clock_now() - last_tick, 4 * COP_MS);
    last_tick = clock_now();
    if (nticks == 3)
        loop_stop(loop_here);
}

START_TEST(tick_after_a_stall_says_how_late_it_is_and_the_next_does_not_make_up_for_it)
{
    struct cop_loop *loop = new_loop();
    struct loop_ticker *ticker = loop_ticker_new(loop, 5 * COP_MS, tick_late, NULL);

    loop_run(loop);
    loop_ticker_free(ticker);
    loop_free(loop);
}
END_TEST

/* ---- deadlines ---- */

static int sleep_long(void *arg)
{
    (void)cop_sleep(100 * COP_S);
    return 0;
}

static int sleep_short_and_stop(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    loop_stop(loop_here);
    return 0;
}

/* The loop sleeps for the long one already, when the short one begins. */
static int wait_then_sleep_short(void *arg)
{
    struct io *io = arg;

    ck_assert_int_eq(io_wait_readable(io, COP_NEVER), 0);
    return sleep_short_and_stop(NULL);
}

static void *write_soon(void *arg)
{
    ck_assert_int_eq(write(*(int *)arg, "x", 1), 1);
    return NULL;
}

START_TEST(deadline_earlier_than_the_one_that_the_loop_sleeps_for_is_kept)
{
    struct cop_loop *loop = new_loop();
    pthread_t thread;
    struct io io;
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    io_init(&io, fds[0], NULL);
    ck_assert_int_eq(loop_spawn(loop, sleep_long, NULL), 0);
    ck_assert_int_eq(loop_spawn(loop, wait_then_sleep_short, &io), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, write_soon, &fds[1]), 0);
    loop_run(loop);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    io_fini(&io);
    loop_free(loop);
}
END_TEST

static void note_now(struct loop_message *message)
{
    ck_assert_int_ge(loop_here->now, last_tick);
    loop_stop(loop_here);
}

static struct loop_message now_message = {.fn = note_now};

static void *post_after_a_while(void *arg)
{
    struct timespec while_ = {.tv_nsec = 5 * NS_PER_MS};

    nanosleep(&while_, NULL);
    last_tick = clock_now();
    loop_post(arg, &now_message);
    return NULL;
}

START_TEST(time_of_the_loop_is_fresh_in_a_callback_after_a_long_sleep)
{
    struct cop_loop *loop = new_loop();
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, post_after_a_while, loop), 0);
    loop_run(loop);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    loop_free(loop);
}
END_TEST

/* ---- the end ---- */

static int spawn_another(void *arg)
{
    int rc = cop_sleep(COP_NEVER);

    ck_assert_int_eq(rc, -ECANCELED);
    note(0);
    if (arg)
        ck_assert_int_eq(loop_spawn(loop_here, spawn_another, NULL), 0);
    return rc;
}

START_TEST(free_cancels_also_the_tasks_that_start_meanwhile)
{
    struct cop_loop *loop = new_loop();
    size_t ready;

    ck_assert_int_eq(loop_spawn(loop, spawn_another, loop), 0);
    ck_assert_uint_eq(loop_tasks(loop, &ready), 1);
    ck_assert_uint_eq(ready, 1);
    loop_free(loop);
    ck_assert_uint_eq(nevents, 2);
    ck_assert_ptr_null(loop_here);
    loop_free(new_loop());
}
END_TEST

static void free_elsewhere(void)
{
    struct cop_loop *loop = new_loop();

    loop_here = NULL;
    loop_free(loop);
}

static void make_two(void)
{
    (void)new_loop();
    (void)new_loop();
}

START_TEST(misuse_dies_with_a_sentence)
{
    assert_is_bug(free_elsewhere, "a loop is freed on its own thread");
    assert_is_bug(make_two, "this thread has a loop already");
}
END_TEST

struct gathering {
    struct loop_call call;
    struct cop_loop *loop;
    int ngathered;
    int ntold;
    int ncalls;
};

/* After a poll. */
static int stop_later(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    loop_stop(loop_here);
    return 0;
}

static void take_gathered(struct loop_call *call)
{
    struct gathering *gathering = list_entry(call, struct gathering, call);

    gathering->ncalls++;
    gathering->ntold = gathering->ngathered;
}

static int gather_one(void *arg)
{
    struct gathering *gathering = arg;

    gathering->ngathered++;
    loop_before_poll(gathering->loop, &gathering->call);
    return 0;
}

START_TEST(call_before_poll_comes_once_for_all_that_a_turn_has_gathered)
{
    struct cop_loop *loop = new_loop();
    struct gathering gathering = {.call.fn = take_gathered, .loop = loop};

    list_init(&gathering.call.node);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(loop_spawn(loop, gather_one, &gathering), 0);
    sched_run_ready(loop);
    ck_assert_int_eq(gathering.ncalls, 0);
    ck_assert_int_eq(loop_spawn(loop, stop_later, NULL), 0);
    ck_assert_int_eq(loop_run(loop), 0);
    loop_free(loop);
    ck_assert_int_eq(gathering.ncalls, 1);
    ck_assert_int_eq(gathering.ntold, 5);
}
END_TEST

START_TEST(call_before_poll_that_was_taken_back_does_not_come)
{
    struct cop_loop *loop = new_loop();
    struct gathering gathering = {.call.fn = take_gathered, .loop = loop};

    list_init(&gathering.call.node);
    loop_before_poll(loop, &gathering.call);
    list_remove(&gathering.call.node);
    ck_assert_int_eq(loop_spawn(loop, stop_later, NULL), 0);
    ck_assert_int_eq(loop_run(loop), 0);
    loop_free(loop);
    ck_assert_int_eq(gathering.ncalls, 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, call_before_poll_comes_once_for_all_that_a_turn_has_gathered);
    tcase_add_test(tc, call_before_poll_that_was_taken_back_does_not_come);
    tcase_add_test(tc, messages_come_in_order_and_so_do_the_tasks_that_they_start);
    tcase_add_test(tc, messages_of_two_threads_arrive_all_and_in_the_order_of_each);
    tcase_add_test(tc, tasks_run_in_the_order_in_which_the_kernel_told_their_events);
    tcase_add_test(tc, ticker_ticks_until_it_is_freed);
    tcase_add_test(tc, tick_after_a_stall_says_how_late_it_is_and_the_next_does_not_make_up_for_it);
    tcase_add_test(tc, deadline_earlier_than_the_one_that_the_loop_sleeps_for_is_kept);
    tcase_add_test(tc, time_of_the_loop_is_fresh_in_a_callback_after_a_long_sleep);
    tcase_add_test(tc, free_cancels_also_the_tasks_that_start_meanwhile);
    tcase_add_test(tc, misuse_dies_with_a_sentence);
}

int main(void)
{
    return run_suite("loop", add);
}
