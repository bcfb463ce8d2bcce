/* SPDX-License-Identifier: MIT */
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/in_loop.h"
#include "worker/task/loop.h"

#define NWAITS 8

/* One thing of each kind, none of them ready. */
static struct cop_task *task;
static struct cop_future future;
static struct cop_event event;
static struct cop_semaphore semaphore;
static struct cop_queue empty, full;
static struct cop_event end_of_task;
static int readable[2], writable[2];
static int empty_room[2], full_room[1];
static int got, to_put = 7;
static struct cop_waitable waits[NWAITS];

enum { ON_TASK, ON_FUTURE, ON_EVENT, ON_SEMAPHORE, ON_GET, ON_PUT, ON_READABLE, ON_WRITABLE };

static int wait_for_end(void *arg)
{
    return cop_event_wait(&end_of_task);
}

static void fill(int fd)
{
    static char zeroes[4096];

    while (send(fd, zeroes, sizeof(zeroes), MSG_DONTWAIT) > 0)
        ;
}

static void drain(int fd)
{
    static char bytes[4096];

    while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        ;
}

static void make_waits(void)
{
    int zero = 0;

    task = start(wait_for_end, NULL);
    ck_assert_int_eq(cop_queue_init(&empty, empty_room, 2, sizeof(int)), 0);
    ck_assert_int_eq(cop_queue_init(&full, full_room, 1, sizeof(int)), 0);
    ck_assert_int_eq(cop_queue_put(&full, &zero), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, readable), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, writable), 0);
    fill(writable[0]);
    waits[ON_TASK] = cop_on_task(task);
    waits[ON_FUTURE] = cop_on_future(&future);
    waits[ON_EVENT] = cop_on_event(&event);
    waits[ON_SEMAPHORE] = cop_on_semaphore(&semaphore);
    waits[ON_GET] = cop_on_get(&empty, &got);
    waits[ON_PUT] = cop_on_put(&full, &to_put);
    waits[ON_READABLE] = cop_on_readable(readable[0]);
    waits[ON_WRITABLE] = cop_on_writable(writable[0]);
}

static void make_ready(int which)
{
    int nine = 9, out;

    switch (which) {
    case ON_TASK:
        cop_event_set(&end_of_task);
        break;
    case ON_FUTURE:
        ck_assert_int_eq(cop_future_set_error(&future, -EAGAIN), 0);
        break;
    case ON_EVENT:
        cop_event_set(&event);
        break;
    case ON_SEMAPHORE:
        ck_assert_int_eq(cop_semaphore_release(&semaphore), 0);
        break;
    case ON_GET:
        ck_assert_int_eq(cop_queue_try_put(&empty, &nine), 0);
        break;
    case ON_PUT:
        ck_assert_int_eq(cop_queue_try_get(&full, &out), 0);
        break;
    case ON_READABLE:
        ck_assert_int_eq(write(readable[1], "x", 1), 1);
        break;
    default:
        drain(writable[1]);
    }
}

/* Everything but `which` is as it was before the select. */
static void check_that_the_others_are_untouched(int which)
{
    struct cop_waiters *lists[] = {&future.waiters, &event.waiters, &semaphore.waiters,
                                   &empty.getters, &full.putters};
    int out;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        ck_assert_ptr_null(lists[i]->first);
    ck_assert_int_eq(waits[which].result, which == ON_FUTURE ? -EAGAIN : 0);
    ck_assert_int_eq(got, which == ON_GET ? 9 : 0);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), -EAGAIN);
    ck_assert_uint_eq(cop_queue_len(&empty), 0);
    ck_assert_uint_eq(cop_queue_len(&full), 1);
    ck_assert_int_eq(cop_queue_try_get(&full, &out), 0);
    ck_assert_int_eq(out, which == ON_PUT ? 7 : 0);
}

static void end_task(void)
{
    cop_event_set(&end_of_task);
    ck_assert_int_eq(cop_await(task), 0);
}

static int make_ready_later(void *arg)
{
    ck_assert_int_eq(cop_yield(), 0);
    make_ready((int)(intptr_t)arg);
    return 0;
}

static int select_after(intptr_t which)
{
    int rc;

    make_waits();
    cop_detach(start(make_ready_later, (void *)which));
    rc = cop_select(waits, NWAITS);
    check_that_the_others_are_untouched((int)which);
    end_task();
    return rc;
}

static int select_in_loop(void *which)
{
    return select_after((intptr_t)which);
}

START_TEST(select_wakes_for_what_becomes_ready_and_takes_nothing_else)
{
    ck_assert_int_eq(cop_run(select_in_loop, (void *)(intptr_t)_i), _i);
}
END_TEST

static int select_ready_in_loop(void *which)
{
    int rc;

    make_waits();
    make_ready((int)(intptr_t)which);
    let_others_run();
    rc = cop_select(waits, NWAITS);
    check_that_the_others_are_untouched((int)(intptr_t)which);
    end_task();
    return rc;
}

START_TEST(select_takes_what_is_ready_at_once)
{
    ck_assert_int_eq(cop_run(select_ready_in_loop, (void *)(intptr_t)_i), _i);
}
END_TEST

static int select_all(void *arg)
{
    return cop_select(waits, NWAITS);
}

static int select_readable(void *arg)
{
    return cop_select(&waits[ON_READABLE], 1);
}

LOOP_TEST(select_takes_the_first_of_several_that_are_ready)
{
    make_waits();
    cop_semaphore_init(&semaphore, 1);
    make_ready(ON_GET);
    ck_assert_int_eq(cop_select(waits, NWAITS), ON_SEMAPHORE);
    ck_assert_uint_eq(cop_queue_len(&empty), 1);
    ck_assert_int_eq(cop_select(waits, NWAITS), ON_GET);
    end_task();
    return 0;
}

LOOP_TEST(select_that_two_wake_in_one_breath_takes_the_first_and_loses_nothing)
{
    struct cop_task *selector;

    make_waits();
    selector = start(select_all, NULL);
    let_others_run();
    make_ready(ON_GET);
    make_ready(ON_SEMAPHORE);
    ck_assert_int_eq(cop_await(selector), ON_GET);
    ck_assert_int_eq(got, 9);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), 0);
    end_task();
    return 0;
}

LOOP_TEST(cancelled_select_takes_nothing)
{
    struct cop_task *selector;

    make_waits();
    selector = start(select_all, NULL);
    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(selector), -ECANCELED);
    ck_assert_int_eq(cop_wait_for(select_all, NULL, COP_MS), -ETIMEDOUT);
    check_that_the_others_are_untouched(ON_EVENT);
    end_task();
    return 0;
}

LOOP_TEST(select_that_is_served_in_the_moment_of_cancelling_has_happened)
{
    struct cop_task *selector;

    make_waits();
    selector = start(select_all, NULL);
    let_others_run();
    ck_assert(cop_task_cancel(selector));
    make_ready(ON_GET);
    ck_assert_int_eq(cop_await(selector), ON_GET);
    ck_assert_int_eq(got, 9);
    got = 0;
    selector = start(select_all, NULL);
    let_others_run();
    make_ready(ON_PUT);
    ck_assert(cop_task_cancel(selector));
    ck_assert_int_eq(cop_await(selector), ON_PUT);
    check_that_the_others_are_untouched(ON_PUT);
    end_task();
    return 0;
}

LOOP_TEST(select_and_plain_waits_are_served_in_the_order_in_which_they_came)
{
    struct cop_task *selector;

    make_waits();
    selector = start(select_all, NULL);
    let_others_run();
    make_ready(ON_SEMAPHORE);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), -EAGAIN);
    ck_assert_int_eq(cop_await(selector), ON_SEMAPHORE);
    end_task();
    return 0;
}

LOOP_TEST(queue_that_is_shut_down_wakes_select_with_epipe)
{
    struct cop_task *selector;

    make_waits();
    selector = start(select_all, NULL);
    let_others_run();
    cop_queue_shutdown(&empty);
    ck_assert_int_eq(cop_await(selector), ON_GET);
    ck_assert_int_eq(waits[ON_GET].result, -EPIPE);
    end_task();
    return 0;
}

static int select_for_ever(void *arg)
{
    struct cop_waitable wait = cop_on_readable(*(int *)arg);
    int rc;

    do
        rc = cop_select(&wait, 1);
    while (rc == 0);
    return rc;
}

LOOP_TEST(select_on_what_stays_ready_heeds_deadlines)
{
    int fd = eventfd(1, EFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(cop_wait_for(select_for_ever, &fd, 2 * COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(close(fd), 0);
    return 0;
}

LOOP_TEST(descriptor_that_is_not_open_is_ebadf)
{
    struct cop_waitable bad[] = {cop_on_event(&event), cop_on_readable(-1)};

    ck_assert_int_eq(cop_select(bad, 2), 1);
    ck_assert_int_eq(bad[1].result, -EBADF);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, readable), 0);
    close(readable[0]);
    bad[1] = cop_on_writable(readable[0]);
    ck_assert_int_eq(cop_select(bad, 2), 1);
    ck_assert_int_eq(bad[1].result, -EBADF);
    return 0;
}

LOOP_TEST(nonsense_is_einval_and_takes_nothing)
{
    struct cop_waitable bad[] = {cop_on_semaphore(&semaphore), cop_on_event(NULL)};

    cop_semaphore_init(&semaphore, 1);
    ck_assert_int_eq(cop_select(bad, 2), -EINVAL);
    ck_assert_int_eq(cop_select(bad, 0), -EINVAL);
    ck_assert_int_eq(cop_select(NULL, 1), -EINVAL);
    bad[1] = cop_on_get(&empty, NULL);
    ck_assert_int_eq(cop_select(bad, 2), -EINVAL);
    bad[1].kind = (enum cop_waitable_kind)77;
    ck_assert_int_eq(cop_select(bad, 2), -EINVAL);
    ck_assert_int_eq(cop_semaphore_try_acquire(&semaphore), 0);
    return 0;
}

LOOP_TEST(task_at_which_another_wait_looks_is_ebusy)
{
    struct cop_waitable twice[3];

    make_waits();
    twice[0] = cop_on_get(&empty, &got);
    twice[1] = twice[2] = cop_on_task(task);
    ck_assert_int_eq(cop_select(twice, 3), -EBUSY);
    ck_assert_ptr_null(empty.getters.first);
    end_task();
    return 0;
}

/* tasks: 1, where the thread itself waits. */
START_TEST(select_on_a_blocking_loop_waits_for_tasks_and_descriptors)
{
    struct cop_loop *loop = loop_new(&(struct loop_options){.blocking = true});

    ck_assert_ptr_nonnull(loop);
    ck_assert_int_eq(select_after(ON_GET), ON_GET);
    ck_assert_int_eq(write(readable[1], "x", 1), 1);
    ck_assert_int_eq(cop_select(&waits[ON_READABLE], 1), 0);
    ck_assert_int_eq(read(readable[0], trace, 1), 1);
    ck_assert_int_eq(cop_wait_for(select_readable, NULL, COP_MS), -ETIMEDOUT);
    loop_free(loop);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, select_wakes_for_what_becomes_ready_and_takes_nothing_else, 0, NWAITS);
    tcase_add_loop_test(tc, select_takes_what_is_ready_at_once, 0, NWAITS);
    tcase_add_test(tc, select_takes_the_first_of_several_that_are_ready);
    tcase_add_test(tc, select_that_two_wake_in_one_breath_takes_the_first_and_loses_nothing);
    tcase_add_test(tc, cancelled_select_takes_nothing);
    tcase_add_test(tc, select_that_is_served_in_the_moment_of_cancelling_has_happened);
    tcase_add_test(tc, select_and_plain_waits_are_served_in_the_order_in_which_they_came);
    tcase_add_test(tc, queue_that_is_shut_down_wakes_select_with_epipe);
    tcase_add_test(tc, select_on_a_blocking_loop_waits_for_tasks_and_descriptors);
    tcase_add_test(tc, select_on_what_stays_ready_heeds_deadlines);
    tcase_add_test(tc, descriptor_that_is_not_open_is_ebadf);
    tcase_add_test(tc, nonsense_is_einval_and_takes_nothing);
    tcase_add_test(tc, task_at_which_another_wait_looks_is_ebusy);
}

int main(void)
{
    return run_suite("select", add);
}
