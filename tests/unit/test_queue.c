/* SPDX-License-Identifier: MIT */
#include "tests/unit/in_loop.h"

static struct cop_queue queue;
static int room[4];

static void make_queue(size_t capacity)
{
    ck_assert_int_eq(cop_queue_init(&queue, room, capacity, sizeof(room[0])), 0);
}

static int put(int value)
{
    return cop_queue_put(&queue, &value);
}

static int try_put(int value)
{
    return cop_queue_try_put(&queue, &value);
}

/* What was got, or the error. */
static int get(void)
{
    int value;
    int rc = cop_queue_get(&queue, &value);

    return rc < 0 ? rc : value;
}

static int try_get(void)
{
    int value;
    int rc = cop_queue_try_get(&queue, &value);

    return rc < 0 ? rc : value;
}

static int getter(void *arg)
{
    int untouched = -7, rc = cop_queue_get(&queue, &untouched);

    if (rc < 0)
        ck_assert_int_eq(untouched, -7);
    return rc < 0 ? rc : untouched;
}

static int putter(void *arg)
{
    return cop_queue_put(&queue, arg);
}

static struct cop_task *start_putter(int *value)
{
    struct cop_task *task = start(putter, value);

    let_others_run();
    return task;
}

static struct cop_task *start_getter(void)
{
    struct cop_task *task = start(getter, NULL);

    let_others_run();
    return task;
}

LOOP_TEST(queue_gives_items_in_the_order_in_which_they_were_put)
{
    make_queue(3);
    for (int round = 0; round < 5; round++) {
        ck_assert_int_eq(put(10 * round), 0);
        ck_assert_int_eq(put(10 * round + 1), 0);
        ck_assert_uint_eq(cop_queue_len(&queue), 2);
        ck_assert_int_eq(get(), 10 * round);
        ck_assert_int_eq(get(), 10 * round + 1);
    }
    return 0;
}

LOOP_TEST(try_put_into_a_full_and_try_get_from_an_empty_queue_are_eagain)
{
    make_queue(1);
    ck_assert_int_eq(try_get(), -EAGAIN);
    ck_assert_int_eq(try_put(1), 0);
    ck_assert_int_eq(try_put(2), -EAGAIN);
    ck_assert_int_eq(try_get(), 1);
    ck_assert_int_eq(try_get(), -EAGAIN);
    return 0;
}

LOOP_TEST(lifo_queue_gives_the_newest_first)
{
    ck_assert_int_eq(cop_queue_init_lifo(&queue, room, 4, sizeof(room[0])), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(put(i), 0);
    ck_assert_int_eq(get(), 2);
    ck_assert_int_eq(put(9), 0);
    ck_assert_int_eq(get(), 9);
    ck_assert_int_eq(get(), 1);
    ck_assert_int_eq(get(), 0);
    return 0;
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

LOOP_TEST(priority_queue_gives_the_smallest_first)
{
    static int large[100];

    ck_assert_int_eq(cop_queue_init_priority(&queue, large, 100, sizeof(large[0]), by_value), 0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(put(i * 37 % 100), 0);
    ck_assert_int_eq(try_put(0), -EAGAIN);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(get(), i);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(put(i), 0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(get(), i);
    return 0;
}

LOOP_TEST(items_of_any_size_come_out_as_they_went_in)
{
    struct {
        char text[40];
    } large[2], in = {"a text that is longer than a pointer"}, out;

    ck_assert_int_eq(cop_queue_init(&queue, large, 2, sizeof(large[0])), 0);
    ck_assert_int_eq(cop_queue_put(&queue, &in), 0);
    ck_assert_int_eq(cop_queue_get(&queue, &out), 0);
    ck_assert_str_eq(out.text, in.text);
    return 0;
}

LOOP_TEST(getters_are_served_in_the_order_in_which_they_came)
{
    struct cop_task *tasks[3];

    make_queue(1);
    for (int i = 0; i < 3; i++)
        tasks[i] = start(getter, NULL);
    let_others_run();
    /* Each is handed over at once, so that more fit in than there is room. */
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(try_put(i), 0);
    ck_assert_int_eq(try_get(), -EAGAIN);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cop_await(tasks[i]), i);
    return 0;
}

LOOP_TEST(putters_are_served_in_the_order_in_which_they_came)
{
    static int values[] = {1, 2, 3};
    struct cop_task *tasks[3];

    make_queue(1);
    ck_assert_int_eq(put(0), 0);
    for (int i = 0; i < 3; i++)
        tasks[i] = start_putter(&values[i]);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(try_get(), i);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cop_await(tasks[i]), 0);
    return 0;
}

LOOP_TEST(cancelled_getter_takes_nothing)
{
    struct cop_task *tasks[2];

    make_queue(1);
    tasks[0] = start_getter();
    tasks[1] = start_getter();
    ck_assert_int_eq(cop_cancel_and_wait(tasks[0]), -ECANCELED);
    ck_assert_int_eq(put(5), 0);
    ck_assert_int_eq(cop_await(tasks[1]), 5);
    return 0;
}

LOOP_TEST(cancelled_putter_stores_nothing)
{
    static int values[] = {1, 2};
    struct cop_task *tasks[2];

    make_queue(1);
    ck_assert_int_eq(put(0), 0);
    tasks[0] = start_putter(&values[0]);
    tasks[1] = start_putter(&values[1]);
    ck_assert_int_eq(cop_cancel_and_wait(tasks[0]), -ECANCELED);
    ck_assert_int_eq(get(), 0);
    ck_assert_int_eq(cop_await(tasks[1]), 0);
    ck_assert_int_eq(get(), 2);
    ck_assert_int_eq(try_get(), -EAGAIN);
    return 0;
}

LOOP_TEST(item_that_meets_a_cancelling_reaches_the_getter)
{
    struct cop_task *tasks[2];

    make_queue(1);
    tasks[0] = start_getter();
    tasks[1] = start_getter();
    ck_assert_int_eq(put(1), 0);
    ck_assert(cop_task_cancel(tasks[0]));
    ck_assert(cop_task_cancel(tasks[1]));
    ck_assert_int_eq(put(2), 0);
    ck_assert_int_eq(cop_await(tasks[0]), 1);
    ck_assert_int_eq(cop_await(tasks[1]), 2);
    return 0;
}

LOOP_TEST(put_that_meets_a_cancelling_is_stored_once_and_succeeds)
{
    static int value = 1;
    struct cop_task *task;

    make_queue(1);
    ck_assert_int_eq(put(0), 0);
    task = start_putter(&value);
    ck_assert(cop_task_cancel(task));
    ck_assert_int_eq(get(), 0);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(get(), 1);
    ck_assert_int_eq(try_get(), -EAGAIN);
    return 0;
}

LOOP_TEST(deadline_ends_a_put_and_a_get)
{
    static int value = 1;

    make_queue(1);
    ck_assert_int_eq(cop_wait_for(getter, NULL, COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(put(0), 0);
    ck_assert_int_eq(cop_wait_for(putter, &value, COP_MS), -ETIMEDOUT);
    ck_assert_uint_eq(cop_queue_len(&queue), 1);
    return 0;
}

LOOP_TEST(get_after_shutdown_drains_then_is_epipe_and_put_is_epipe)
{
    make_queue(2);
    ck_assert_int_eq(put(1), 0);
    ck_assert_int_eq(put(2), 0);
    cop_queue_shutdown(&queue);
    ck_assert_int_eq(put(3), -EPIPE);
    ck_assert_int_eq(try_put(3), -EPIPE);
    ck_assert_int_eq(get(), 1);
    ck_assert_int_eq(try_get(), 2);
    ck_assert_int_eq(get(), -EPIPE);
    ck_assert_int_eq(try_get(), -EPIPE);
    return 0;
}

LOOP_TEST(shutdown_ends_the_waits_with_epipe)
{
    static int value = 1;
    struct cop_task *task;

    make_queue(1);
    task = start_getter();
    cop_queue_shutdown(&queue);
    ck_assert_int_eq(cop_await(task), -EPIPE);
    make_queue(1);
    ck_assert_int_eq(put(0), 0);
    task = start_putter(&value);
    cop_queue_shutdown(&queue);
    ck_assert_int_eq(cop_await(task), -EPIPE);
    ck_assert_int_eq(get(), 0);
    ck_assert_int_eq(get(), -EPIPE);
    return 0;
}

static int joiner(void *arg)
{
    return cop_queue_join(&queue);
}

LOOP_TEST(join_waits_until_each_item_is_done)
{
    struct cop_task *task;

    make_queue(2);
    ck_assert_int_eq(cop_queue_join(&queue), 0);
    ck_assert_int_eq(put(1), 0);
    ck_assert_int_eq(put(2), 0);
    task = start(joiner, NULL);
    ck_assert_int_eq(get(), 1);
    ck_assert_int_eq(get(), 2);
    let_others_run();
    ck_assert_int_eq(cop_queue_task_done(&queue), 0);
    let_others_run();
    ck_assert(!cop_task_done(task));
    ck_assert_int_eq(cop_queue_task_done(&queue), 0);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(cop_queue_task_done(&queue), -EINVAL);
    return 0;
}

LOOP_TEST(item_of_a_putter_who_waited_counts_for_join_too)
{
    static int value = 2;
    struct cop_task *task;

    make_queue(1);
    ck_assert_int_eq(put(1), 0);
    task = start_putter(&value);
    ck_assert_int_eq(get(), 1);
    ck_assert_int_eq(get(), 2);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(cop_queue_task_done(&queue), 0);
    ck_assert_int_eq(cop_wait_for(joiner, NULL, COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(cop_queue_task_done(&queue), 0);
    ck_assert_int_eq(cop_queue_join(&queue), 0);
    return 0;
}

LOOP_TEST(queue_without_room_size_capacity_or_comparison_is_einval)
{
    make_queue(1);
    ck_assert_int_eq(put(1), 0);
    ck_assert_int_eq(cop_queue_init(&queue, NULL, 4, 4), -EINVAL);
    ck_assert_int_eq(cop_queue_init(&queue, room, 0, 4), -EINVAL);
    ck_assert_int_eq(cop_queue_init(&queue, room, 4, 0), -EINVAL);
    ck_assert_int_eq(cop_queue_init(&queue, room, SIZE_MAX / 2, 4), -EINVAL);
    ck_assert_int_eq(cop_queue_init_lifo(&queue, NULL, 4, 4), -EINVAL);
    ck_assert_int_eq(cop_queue_init_priority(&queue, room, 4, 4, NULL), -EINVAL);
    ck_assert_int_eq(get(), 1);
    return 0;
}

static int all_while_cancelled(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_NEVER), -ECANCELED);
    ck_assert_int_eq(put(1), -ECANCELED);
    ck_assert_int_eq(get(), -ECANCELED);
    return cop_queue_join(&queue);
}

LOOP_TEST(cancelled_task_neither_puts_nor_gets)
{
    struct cop_task *task = start(all_while_cancelled, NULL);

    make_queue(2);
    ck_assert_int_eq(put(0), 0);
    let_others_run();
    ck_assert_int_eq(cop_cancel_and_wait(task), -ECANCELED);
    ck_assert_uint_eq(cop_queue_len(&queue), 1);
    return 0;
}

static void add(TCase *tc)
{
    tcase_add_test(tc, queue_gives_items_in_the_order_in_which_they_were_put);
    tcase_add_test(tc, try_put_into_a_full_and_try_get_from_an_empty_queue_are_eagain);
    tcase_add_test(tc, lifo_queue_gives_the_newest_first);
    tcase_add_test(tc, priority_queue_gives_the_smallest_first);
    tcase_add_test(tc, items_of_any_size_come_out_as_they_went_in);
    tcase_add_test(tc, getters_are_served_in_the_order_in_which_they_came);
    tcase_add_test(tc, putters_are_served_in_the_order_in_which_they_came);
    tcase_add_test(tc, cancelled_getter_takes_nothing);
    tcase_add_test(tc, cancelled_putter_stores_nothing);
    tcase_add_test(tc, item_that_meets_a_cancelling_reaches_the_getter);
    tcase_add_test(tc, put_that_meets_a_cancelling_is_stored_once_and_succeeds);
    tcase_add_test(tc, deadline_ends_a_put_and_a_get);
    tcase_add_test(tc, get_after_shutdown_drains_then_is_epipe_and_put_is_epipe);
    tcase_add_test(tc, shutdown_ends_the_waits_with_epipe);
    tcase_add_test(tc, join_waits_until_each_item_is_done);
    tcase_add_test(tc, item_of_a_putter_who_waited_counts_for_join_too);
    tcase_add_test(tc, queue_without_room_size_capacity_or_comparison_is_einval);
    tcase_add_test(tc, cancelled_task_neither_puts_nor_gets);
}

int main(void)
{
    return run_suite("queue", add);
}
