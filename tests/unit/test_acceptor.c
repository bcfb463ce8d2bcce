/* SPDX-License-Identifier: MIT */
#include "worker/stream/acceptor.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/both_loops.h"

struct accepting {
    struct cop_acceptor *acceptor;
    struct cop_stream stream;
    int result;
};

static int accept_one(void *arg)
{
    struct accepting *accepting = arg;

    accepting->result = cop_accept(accepting->acceptor, &accepting->stream);
    return 0;
}

static void open_acceptor(struct cop_acceptor *acceptor)
{
    struct cop_address local = address_of("127.0.0.1:0");

    ck_assert_int_eq(cop_listen(acceptor, &local, 0), 0);
    ck_assert_int_ne(port_of(&acceptor->address), 0);
}

TEST_IN_LOOP(accept_waits_for_a_connection)
{
    struct cop_acceptor acceptor;
    struct accepting accepting = {.acceptor = &acceptor};
    struct cop_stream client;
    struct cop_task *task;
    char byte;

    open_acceptor(&acceptor);
    task = cop_create_task(accept_one, &accepting);
    let_others_wait();
    ck_assert_int_eq(cop_connect(&client, &acceptor.address), 0);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(accepting.result, 0);
    ck_assert_int_eq(cop_write(&client, "x", 1), 0);
    ck_assert_int_eq(cop_read(&accepting.stream, &byte, 1), 1);
    cop_stream_close(&client);
    cop_stream_close(&accepting.stream);
    cop_acceptor_close(&acceptor);
}

/* Connect without a wait, so that nothing runs in between. */
static int connect_now(const struct cop_address *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address->sockaddr, address->len), 0);
    return fd;
}

TEST_IN_LOOP(connection_that_came_beats_the_cancelling)
{
    struct cop_acceptor acceptor;
    struct accepting accepting = {.acceptor = &acceptor};
    struct canceller canceller;
    struct cop_task *task;
    int client;

    open_acceptor(&acceptor);
    task = cop_create_task(accept_one, &accepting);
    let_others_wait();
    canceller_start(&canceller, task);
    canceller_fire(&canceller);
    client = connect_now(&acceptor.address);
    canceller_join(&canceller);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(accepting.result, 0);
    cop_stream_close(&accepting.stream);
    close(client);
    cop_acceptor_close(&acceptor);
}

TEST_IN_LOOP(cancelled_accept_leaves_the_connection_for_the_next)
{
    struct cop_acceptor acceptor;
    struct cop_scope scope;
    struct cop_stream stream;
    int client;

    open_acceptor(&acceptor);
    client = connect_now(&acceptor.address);
    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_cancel(&scope);
    ck_assert_int_eq(cop_accept(&acceptor, &stream), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, 0), 0);
    ck_assert_int_eq(cop_accept(&acceptor, &stream), 0);
    cop_stream_close(&stream);
    close(client);
    cop_acceptor_close(&acceptor);
}

TEST_IN_LOOP(task_that_finds_a_connection_each_time_lets_the_others_run)
{
    enum { CLIENTS = 3 * SCHED_STREAK_MAX };
    struct cop_acceptor acceptor;
    struct cop_stream stream;
    int clients[CLIENTS], turns = 0;
    struct cop_task *other;

    open_acceptor(&acceptor);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = connect_now(&acceptor.address);
    other = cop_create_task(count_turns, &turns);
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert_int_eq(cop_accept(&acceptor, &stream), 0);
        cop_stream_close(&stream);
        close(clients[i]);
    }
    ck_assert_int_ge(turns, 2);
    (void)cop_cancel_and_wait(other);
    cop_acceptor_close(&acceptor);
}

TEST_IN_LOOP(second_accepter_is_busy_and_close_wakes_the_first)
{
    struct cop_acceptor acceptor;
    struct accepting accepting = {.acceptor = &acceptor};
    struct cop_stream stream;
    struct cop_task *task;

    open_acceptor(&acceptor);
    task = cop_create_task(accept_one, &accepting);
    let_others_wait();
    ck_assert_int_eq(cop_accept(&acceptor, &stream), -EBUSY);
    cop_acceptor_close(&acceptor);
    cop_acceptor_close(&acceptor);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(accepting.result, -EBADF);
    ck_assert_int_eq(cop_accept(&acceptor, &stream), -EBADF);
}

TEST_IN_LOOP(address_in_use_is_an_error_and_leaves_nothing_open)
{
    struct cop_acceptor acceptor, other;
    int before;

    open_acceptor(&acceptor);
    before = count_fds();
    ck_assert_int_eq(cop_listen(&other, &acceptor.address, 0), -EADDRINUSE);
    ck_assert_int_eq(count_fds(), before);
    cop_acceptor_close(&acceptor);
}

TEST_IN_LOOP(full_descriptor_table_is_an_error_that_passes)
{
    struct cop_acceptor acceptor;
    struct cop_stream stream;
    struct rlimit full, before;
    int client;

#ifdef RUNNING_ON_VALGRIND
    /* It accepts, and then throws away what is above the limit. */
    if (RUNNING_ON_VALGRIND)
        return;
#endif
    open_acceptor(&acceptor);
    client = connect_now(&acceptor.address);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    full = before;
    full.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &full), 0);
    ck_assert_int_eq(cop_accept(&acceptor, &stream), -EMFILE);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(cop_accept(&acceptor, &stream), 0);
    cop_stream_close(&stream);
    close(client);
    cop_acceptor_close(&acceptor);
}

/* Whoever runs the tests, the folder's owner may not write to it. */
TEST_IN_LOOP(path_in_a_closed_folder_is_not_listened_at)
{
    char folder[] = "/tmp/test_acceptor.XXXXXX", text[64];
    struct cop_address address;
    struct cop_acceptor acceptor;
    struct cop_datagram datagram;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chmod(folder, 0500), 0);
    (void)snprintf(text, sizeof(text), "unix:%s/socket", folder);
    address = address_of(text);
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(folder, 65534, 65534), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    }
    ck_assert_int_eq(cop_listen(&acceptor, &address, 0), -EACCES);
    ck_assert_int_eq(cop_datagram_open(&datagram, &address), -EACCES);
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void add(TCase *tc)
{
    add_test_in_both(tc, accept_waits_for_a_connection);
    add_test_in_both(tc, connection_that_came_beats_the_cancelling);
    add_test_in_both(tc, cancelled_accept_leaves_the_connection_for_the_next);
    add_test_in_both(tc, second_accepter_is_busy_and_close_wakes_the_first);
    add_test(tc, task_that_finds_a_connection_each_time_lets_the_others_run);
    add_test_in_both(tc, address_in_use_is_an_error_and_leaves_nothing_open);
    add_test_in_both(tc, full_descriptor_table_is_an_error_that_passes);
    add_test(tc, path_in_a_closed_folder_is_not_listened_at);
}

int main(void)
{
    return run_suite("acceptor", add);
}
