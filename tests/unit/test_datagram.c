/* SPDX-License-Identifier: MIT */
#include "worker/stream/datagram.h"

#include "tests/unit/both_loops.h"

static struct cop_address open_local(struct cop_datagram *datagram, const char *text)
{
    struct cop_address local = address_of(text);

    ck_assert_int_eq(cop_datagram_open(datagram, &local), 0);
    ck_assert_int_eq(cop_datagram_address(datagram, &local), 0);
    return local;
}

TEST_IN_LOOP(message_arrives_whole_with_its_sender_and_an_empty_one_too)
{
    struct cop_datagram a, b;
    struct cop_address at_a = open_local(&a, "127.0.0.1:0");
    struct cop_address at_b = open_local(&b, "127.0.0.1:0");
    struct cop_address from;
    char buffer[16];

    ck_assert_int_eq(cop_send_to(&a, "hello", 5, &at_b), 0);
    ck_assert_int_eq(cop_send_to(&a, "", 0, &at_b), 0);
    ck_assert_int_eq(cop_recv_from(&b, buffer, sizeof(buffer), &from), 5);
    ck_assert(address_equal(&from, &at_a));
    ck_assert_mem_eq(buffer, "hello", 5);
    ck_assert_int_eq(cop_recv_from(&b, buffer, sizeof(buffer), NULL), 0);
    cop_datagram_close(&a);
    cop_datagram_close(&b);
    cop_datagram_close(&b);
}

TEST_IN_LOOP(message_that_is_longer_than_the_room_is_an_error_and_gone)
{
    struct cop_datagram a, b;
    struct cop_address at_b = open_local(&b, "127.0.0.1:0");
    static char huge[70000];
    char buffer[4];

    (void)open_local(&a, "127.0.0.1:0");
    ck_assert_int_eq(cop_send_to(&a, "hello", 5, &at_b), 0);
    ck_assert_int_eq(cop_send_to(&a, "x", 1, &at_b), 0);
    ck_assert_int_eq(cop_recv_from(&b, buffer, sizeof(buffer), NULL), -EMSGSIZE);
    ck_assert_int_eq(cop_recv_from(&b, buffer, sizeof(buffer), NULL), 1);
    ck_assert_int_eq(cop_send_to(&a, huge, sizeof(huge), &at_b), -EMSGSIZE);
    ck_assert_int_eq(cop_send_to(&a, "x", 1, NULL), -EDESTADDRREQ);
    cop_datagram_close(&a);
    cop_datagram_close(&b);
}

TEST_IN_LOOP(receive_ends_with_the_deadline)
{
    struct cop_datagram a;
    struct cop_scope scope;
    char buffer[4];

    (void)open_local(&a, "127.0.0.1:0");
    cop_scope_enter(&scope, cop_now() + 5 * COP_MS);
    ck_assert_int_eq(cop_scope_exit(&scope, (int)cop_recv_from(&a, buffer, 4, NULL)), -ETIMEDOUT);
    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_cancel(&scope);
    ck_assert_int_eq(cop_send_to(&a, "x", 1, NULL), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, 0), 0);
    cop_datagram_close(&a);
}

TEST_IN_LOOP(connected_socket_hears_that_its_peer_is_not_there)
{
    struct cop_datagram a, b;
    struct cop_address at_b = open_local(&b, "127.0.0.1:0");
    char buffer[4];

    (void)open_local(&a, "127.0.0.1:0");
    ck_assert_int_eq(cop_datagram_connect(&a, &at_b), 0);
    ck_assert_int_eq(cop_send_to(&a, "x", 1, NULL), 0);
    ck_assert_int_eq(cop_recv_from(&b, buffer, 4, NULL), 1);
    cop_datagram_close(&b);
    ck_assert_int_eq(cop_send_to(&a, "x", 1, NULL), 0);
    ck_assert_int_eq(cop_recv_from(&a, buffer, 4, NULL), -ECONNREFUSED);
    cop_datagram_close(&a);
}

static int receive_one(void *arg)
{
    char buffer[4];

    return (int)cop_recv_from(arg, buffer, 4, NULL);
}

TEST_IN_LOOP(second_receiver_is_busy_and_close_wakes_the_first)
{
    struct cop_datagram a;
    struct cop_task *task;
    char buffer[4];

    (void)open_local(&a, "127.0.0.1:0");
    task = cop_create_task(receive_one, &a);
    let_others_wait();
    ck_assert_int_eq(cop_recv_from(&a, buffer, 4, NULL), -EBUSY);
    cop_datagram_close(&a);
    ck_assert_int_eq(cop_await(task), -EBADF);
    ck_assert_int_eq(cop_recv_from(&a, buffer, 4, NULL), -EBADF);
    ck_assert_int_eq(cop_send_to(&a, "x", 1, NULL), -EBADF);
}

static int send_until_it_is_busy(void *arg)
{
    struct cop_datagram *datagram = arg;
    int rc;

    while ((rc = cop_send_to(datagram, "x", 1, NULL)) == 0)
        ;
    return rc;
}

TEST_IN_LOOP(second_sender_is_busy_while_the_first_waits_for_room)
{
    struct cop_datagram a, b;
    struct cop_address at_b = open_local(&b, "unix:@coppice-test-datagram-b");
    struct cop_task *task;

    (void)open_local(&a, "unix:@coppice-test-datagram-a");
    ck_assert_int_eq(cop_datagram_connect(&a, &at_b), 0);
    task = cop_create_task(send_until_it_is_busy, &a);
    let_others_wait();
    ck_assert_int_eq(cop_send_to(&a, "x", 1, NULL), -EBUSY);
    ck_assert_int_eq(cop_cancel_and_wait(task), -ECANCELED);
    cop_datagram_close(&a);
    cop_datagram_close(&b);
}

TEST_IN_LOOP(task_whose_messages_always_go_and_come_lets_the_others_run)
{
    struct cop_datagram a;
    struct cop_address at_a = open_local(&a, "127.0.0.1:0");
    struct cop_task *other;
    int turns = 0;
    char byte;

    other = cop_create_task(count_turns, &turns);
    for (int i = 0; i < 2 * SCHED_STREAK_MAX; i++) {
        ck_assert_int_eq(cop_send_to(&a, "x", 1, &at_a), 0);
        ck_assert_int_eq(cop_recv_from(&a, &byte, 1, NULL), 1);
    }
    ck_assert_int_ge(turns, 2);
    (void)cop_cancel_and_wait(other);
    cop_datagram_close(&a);
}

TEST_IN_LOOP(address_in_use_is_an_error_and_leaves_nothing_open)
{
    struct cop_datagram a, b;
    struct cop_address at_a = open_local(&a, "127.0.0.1:0");
    int before = count_fds();

    ck_assert_int_eq(cop_datagram_open(&b, &at_a), -EADDRINUSE);
    ck_assert_int_eq(count_fds(), before);
    cop_datagram_close(&a);
}

struct receiving {
    struct cop_datagram *datagram;
    char byte;
};

static int receive_byte(void *arg)
{
    struct receiving *receiving = arg;

    return (int)cop_recv_from(receiving->datagram, &receiving->byte, 1, NULL);
}

TEST_IN_LOOP(message_that_came_beats_the_cancelling)
{
    struct cop_datagram a, b;
    struct cop_address at_b = open_local(&b, "127.0.0.1:0");
    struct receiving receiving = {.datagram = &b};
    struct canceller canceller;
    struct cop_task *task = cop_create_task(receive_byte, &receiving);

    (void)open_local(&a, "127.0.0.1:0");
    let_others_wait();
    canceller_start(&canceller, task);
    canceller_fire(&canceller);
    ck_assert_int_eq(cop_send_to(&a, "x", 1, &at_b), 0);
    canceller_join(&canceller);
    ck_assert_int_eq(cop_await(task), 1);
    ck_assert_int_eq(receiving.byte, 'x');
    cop_datagram_close(&a);
    cop_datagram_close(&b);
}

static void add(TCase *tc)
{
    add_test_in_both(tc, message_arrives_whole_with_its_sender_and_an_empty_one_too);
    add_test_in_both(tc, message_that_is_longer_than_the_room_is_an_error_and_gone);
    add_test_in_both(tc, receive_ends_with_the_deadline);
    add_test_in_both(tc, connected_socket_hears_that_its_peer_is_not_there);
    add_test_in_both(tc, second_receiver_is_busy_and_close_wakes_the_first);
    add_test_in_both(tc, second_sender_is_busy_while_the_first_waits_for_room);
    add_test_in_both(tc, address_in_use_is_an_error_and_leaves_nothing_open);
    add_test(tc, task_whose_messages_always_go_and_come_lets_the_others_run);
    add_test_in_both(tc, message_that_came_beats_the_cancelling);
}

int main(void)
{
    return run_suite("datagram", add);
}
