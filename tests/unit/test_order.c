/* SPDX-License-Identifier: MIT */
#include "common/order.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int fds[2];

static void setup(void)
{
    ck_assert_int_eq(order_open(fds), 0);
}

static void teardown(void)
{
    close(fds[0]);
    close(fds[1]);
}

START_TEST(orders_arrive_in_order_and_then_none)
{
    struct order order = {.type = ORDER_DRAIN, .number = 1, .argument = 5}, got;

    ck_assert_int_eq(order_receive(fds[1], &got), 0);
    ck_assert_int_eq(order_send(fds[0], &order), 0);
    order = (struct order){.type = ORDER_STOP, .number = 2};
    ck_assert_int_eq(order_send(fds[0], &order), 0);
    ck_assert_int_eq(order_receive(fds[1], &got), 1);
    ck_assert_uint_eq(got.type, ORDER_DRAIN);
    ck_assert_int_eq(got.argument, 5);
    ck_assert_int_eq(order_receive(fds[1], &got), 1);
    ck_assert_uint_eq(got.number, 2);
    ck_assert_int_eq(order_receive(fds[1], &got), 0);
}
END_TEST

START_TEST(full_channel_is_eagain_and_loses_nothing)
{
    struct order order = {.type = ORDER_DRAIN}, got;
    uint32_t sent = 0;
    int rc;

    while ((rc = order_send(fds[0], &order)) == 0)
        order.number = ++sent;
    ck_assert_int_eq(rc, -EAGAIN);
    for (uint32_t i = 0; i < sent; i++) {
        ck_assert_int_eq(order_receive(fds[1], &got), 1);
        ck_assert_uint_eq(got.number, i);
    }
    ck_assert_int_eq(order_receive(fds[1], &got), 0);
}
END_TEST

START_TEST(closed_peer_is_epipe_on_both_sides)
{
    struct order order = {.type = ORDER_DRAIN};

    ck_assert_int_eq(order_send(fds[0], &order), 0);
    close(fds[0]);
    fds[0] = -1;
    ck_assert_int_eq(order_receive(fds[1], &order), 1);
    ck_assert_int_eq(order_receive(fds[1], &order), -EPIPE);
    ck_assert_int_eq(order_send(fds[1], &order), -EPIPE);
}
END_TEST

START_TEST(message_that_is_no_order_is_ebadmsg_and_leaves_the_output)
{
    static const char longer[sizeof(struct order) + 1];
    struct order order = {.type = 99}, got = {.number = 77};

    ck_assert_int_eq(send(fds[0], "short", 5, 0), 5);
    ck_assert_int_eq(send(fds[0], longer, sizeof(longer), 0), (ssize_t)sizeof(longer));
    ck_assert_int_eq(order_send(fds[0], &order), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(order_receive(fds[1], &got), -EBADMSG);
    ck_assert_uint_eq(got.number, 77);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, orders_arrive_in_order_and_then_none);
    tcase_add_test(tc, full_channel_is_eagain_and_loses_nothing);
    tcase_add_test(tc, closed_peer_is_epipe_on_both_sides);
    tcase_add_test(tc, message_that_is_no_order_is_ebadmsg_and_leaves_the_output);
}

int main(void)
{
    return run_suite("order", add);
}
