/* SPDX-License-Identifier: MIT */
#include "worker/stream/server.h"

#include "tests/unit/both_loops.h"

static void echo(struct cop_stream *stream, void *arg)
{
    char buffer[64];
    ssize_t n;

    while ((n = cop_read(stream, buffer, sizeof(buffer))) > 0)
        if (cop_write(stream, buffer, (size_t)n) < 0)
            return;
}

static void start(struct cop_server *server, void (*handler)(struct cop_stream *stream, void *arg),
                  void *arg)
{
    struct cop_address local = address_of("127.0.0.1:0");

    ck_assert_int_eq(cop_start_server(server, &local, handler, arg), 0);
}

static int ask(void *arg)
{
    struct cop_server *server = arg;
    struct cop_stream stream;
    char byte = 0;
    int rc = cop_connect(&stream, &server->acceptor.address);

    if (rc < 0)
        return rc;
    rc = cop_write(&stream, "x", 1);
    if (rc == 0)
        rc = cop_read_exactly(&stream, &byte, 1);
    cop_stream_close(&stream);
    return rc < 0 ? rc : byte;
}

TEST_IN_LOOP(server_serves_many_at_once_and_stops_clean)
{
    enum { CLIENTS = 50 };
    struct cop_task *clients[CLIENTS];
    struct cop_server server;
    int before = count_fds();

    start(&server, echo, NULL);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = cop_create_task(ask, &server);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(cop_await(clients[i]), 'x');
    ck_assert_int_eq(cop_server_stop(&server, 10 * COP_S), 0);
    ck_assert_int_eq(server.nconnections, 0);
    ck_assert_int_eq(count_fds(), before);
}

TEST_IN_LOOP(address_in_print_is_served_and_nonsense_is_einval)
{
    struct cop_server server;

    ck_assert_int_eq(cop_start_server_at(&server, "127.0.0.1", echo, NULL), -EINVAL);
    ck_assert_int_eq(cop_start_server_at(&server, "127.0.0.1:0", NULL, NULL), -EINVAL);
    ck_assert_int_eq(cop_start_server_at(&server, "127.0.0.1:0", echo, NULL), 0);
    ck_assert_int_eq(ask(&server), 'x');
    ck_assert_int_eq(cop_server_stop(&server, 10 * COP_S), 0);
}

TEST_IN_LOOP(limit_lets_the_next_one_wait)
{
    struct cop_server server;
    struct cop_stream first;
    struct cop_task *second;
    char byte;

    start(&server, echo, NULL);
    server.limit = 1;
    ck_assert_int_eq(cop_connect(&first, &server.acceptor.address), 0);
    ck_assert_int_eq(cop_write(&first, "a", 1), 0);
    ck_assert_int_eq(cop_read(&first, &byte, 1), 1);
    second = cop_create_task(ask, &server);
    ck_assert_int_eq(cop_sleep(5 * COP_MS), 0);
    ck_assert_int_eq(server.nconnections, 1);
    cop_stream_close(&first);
    ck_assert_int_eq(cop_await(second), 'x');
    ck_assert_int_eq(cop_server_stop(&server, 10 * COP_S), 0);
}

TEST_IN_LOOP(stop_at_the_limit_ends_too)
{
    struct cop_server server;

    start(&server, echo, NULL);
    server.limit = 0;
    let_others_wait();
    ck_assert_int_eq(cop_server_stop(&server, 10 * COP_S), 0);
}

static void wait_until_cancelled(struct cop_stream *stream, void *arg)
{
    bool *cancelled = arg;
    char byte;

    *cancelled = cop_read(stream, &byte, 1) == -ECANCELED;
}

TEST_IN_LOOP(stop_cancels_those_that_stay_beyond_the_grace)
{
    struct cop_server server;
    struct cop_stream client;
    bool cancelled = false;
    char byte;

    start(&server, wait_until_cancelled, &cancelled);
    ck_assert_int_eq(cop_connect(&client, &server.acceptor.address), 0);
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    ck_assert_int_eq(cop_server_stop(&server, 5 * COP_MS), -ETIMEDOUT);
    ck_assert(cancelled);
    ck_assert_int_eq(server.nconnections, 0);
    ck_assert_int_eq(cop_read(&client, &byte, 1), 0);
    cop_stream_close(&client);
}

TEST_IN_LOOP(stop_without_grace_is_no_timeout_when_the_handlers_have_ended)
{
    struct cop_server server;
    struct cop_task *client;

    start(&server, echo, NULL);
    client = cop_create_task(ask, &server);
    ck_assert_int_eq(cop_await(client), 'x');
    while (server.nconnections > 0)
        ck_assert_int_eq(cop_sleep(COP_MS), 0);
    ck_assert_int_eq(cop_server_stop(&server, 0), 0);
}

TEST_IN_LOOP(stop_that_cuts_nobody_is_0_for_a_cancelled_caller_and_a_second_time)
{
    struct cop_server server;
    struct cop_scope scope;

    start(&server, echo, NULL);
    let_others_wait();
    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_cancel(&scope);
    ck_assert_int_eq(cop_server_stop(&server, COP_S), 0);
    ck_assert_int_eq(cop_scope_exit(&scope, 0), 0);
    ck_assert_int_eq(cop_server_stop(&server, COP_S), 0);
}

TEST_IN_LOOP(stop_by_a_cancelled_caller_leaves_nothing_running)
{
    struct cop_server server;
    struct cop_stream client;
    struct cop_scope scope;
    bool cancelled = false;

    start(&server, wait_until_cancelled, &cancelled);
    ck_assert_int_eq(cop_connect(&client, &server.acceptor.address), 0);
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_cancel(&scope);
    ck_assert_int_eq(cop_server_stop(&server, COP_S), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, 0), 0);
    ck_assert(cancelled);
    cop_stream_close(&client);
}

TEST_IN_LOOP(start_on_a_used_address_fails)
{
    struct cop_server server, other;

    start(&server, echo, NULL);
    ck_assert_int_eq(cop_start_server(&other, &server.acceptor.address, echo, NULL), -EADDRINUSE);
    ck_assert_int_eq(cop_server_stop(&server, 0), 0);
}

static void add(TCase *tc)
{
    add_test_in_both(tc, server_serves_many_at_once_and_stops_clean);
    add_test_in_both(tc, address_in_print_is_served_and_nonsense_is_einval);
    add_test_in_both(tc, limit_lets_the_next_one_wait);
    add_test_in_both(tc, stop_at_the_limit_ends_too);
    add_test_in_both(tc, stop_cancels_those_that_stay_beyond_the_grace);
    add_test_in_both(tc, stop_without_grace_is_no_timeout_when_the_handlers_have_ended);
    add_test_in_both(tc, stop_that_cuts_nobody_is_0_for_a_cancelled_caller_and_a_second_time);
    add_test_in_both(tc, stop_by_a_cancelled_caller_leaves_nothing_running);
    add_test_in_both(tc, start_on_a_used_address_fails);
}

int main(void)
{
    return run_suite("server", add);
}
