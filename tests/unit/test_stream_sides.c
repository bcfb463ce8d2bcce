/* SPDX-License-Identifier: MIT */
#include "worker/stream/stream.h"

#include "tests/unit/both_loops.h"

struct side {
    struct cop_stream *stream;
    char *buffer;
    size_t size;
    bool ended;
    ssize_t result;
};

static int read_side(void *arg)
{
    struct side *side = arg;

    side->result = cop_read(side->stream, side->buffer, side->size);
    side->ended = true;
    return 0;
}

static int read_exactly_side(void *arg)
{
    struct side *side = arg;

    side->result = cop_read_exactly(side->stream, side->buffer, side->size);
    return 0;
}

static int write_side(void *arg)
{
    struct side *side = arg;

    side->result = cop_write(side->stream, side->buffer, side->size);
    side->ended = true;
    return 0;
}

static struct cop_task *start(int (*fn)(void *), struct side *side)
{
    struct cop_task *task = cop_create_task(fn, side);

    ck_assert_ptr_nonnull(task);
    let_others_wait();
    return task;
}

TEST_IN_LOOP(what_is_written_is_read_and_the_end_is_0)
{
    struct cop_stream a, b;
    char buffer[16];

    open_pair(&a, &b);
    ck_assert_int_eq(cop_write(&a, "hello", 5), 0);
    ck_assert_int_eq(cop_read(&b, buffer, sizeof(buffer)), 5);
    ck_assert_mem_eq(buffer, "hello", 5);
    ck_assert_int_eq(cop_shutdown_write(&a), 0);
    ck_assert_int_eq(cop_read(&b, buffer, sizeof(buffer)), 0);
    ck_assert_int_eq(cop_read_exactly(&b, buffer, 1), -ENODATA);
    cop_stream_close(&a);
    ck_assert_int_eq(cop_write(&b, "x", 1), -EPIPE);
    cop_stream_close(&b);
    cop_stream_close(&b);
    ck_assert_int_eq(cop_read(&b, buffer, 1), -EBADF);
}

TEST_IN_LOOP(read_times_out_and_works_again)
{
    struct cop_stream a, b;
    char buffer[4];

    open_pair(&a, &b);
    cop_stream_set_timeouts(&b, 5 * COP_MS, 5 * COP_MS);
    ck_assert_int_eq(cop_read(&b, buffer, 4), -ETIMEDOUT);
    ck_assert_int_eq(cop_write(&a, "1234", 4), 0);
    ck_assert_int_eq(cop_read_exactly(&b, buffer, 4), 0);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(write_times_out_when_nobody_reads)
{
    static char much[4 << 20];
    struct cop_stream a, b;

    open_pair(&a, &b);
    cop_stream_set_timeouts(&a, COP_NEVER, 5 * COP_MS);
    ck_assert_int_eq(cop_write(&a, much, sizeof(much)), -ETIMEDOUT);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(wait_under_a_passed_deadline_is_cancelled)
{
    struct cop_stream a, b;
    struct cop_scope scope;
    char buffer[4];

    open_pair(&a, &b);
    cop_scope_enter(&scope, cop_now() + 2 * COP_MS);
    ck_assert_int_eq(cop_scope_exit(&scope, (int)cop_read(&a, buffer, 4)), -ETIMEDOUT);
    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_cancel(&scope);
    ck_assert_int_eq(cop_write(&a, "x", 1), -ECANCELED);
    ck_assert_int_eq(cop_write_some(&a, "x", 1), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, (int)cop_read(&a, buffer, 4)), 0);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(second_reader_is_busy_even_between_wake_and_run)
{
    struct cop_stream a, b;
    char buffer[4], other[4];
    struct side side = {.stream = &a, .buffer = buffer, .size = 4};
    struct cop_task *task;

    open_pair(&a, &b);
    task = start(read_side, &side);
    ck_assert_int_eq(cop_read(&a, other, 4), -EBUSY);
    ck_assert_int_eq(cop_write(&b, "1234", 4), 0);
    ck_assert_int_eq(cop_read(&a, other, 4), -EBUSY);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(side.result, 4);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(second_writer_is_busy_and_writes_nothing_into_the_middle)
{
    static char much[1 << 20], got[1 << 20];
    struct cop_stream a, b;
    struct side writer = {.stream = &a, .buffer = much, .size = sizeof(much)};
    struct side reader = {.stream = &b, .buffer = got, .size = sizeof(got)};
    struct cop_task *writing, *reading;

    open_pair(&a, &b);
    memset(much, 'm', sizeof(much));
    writing = start(write_side, &writer);
    ck_assert_int_eq(cop_write(&a, "x", 1), -EBUSY);
    reading = start(read_exactly_side, &reader);
    ck_assert_int_eq(cop_await(writing), 0);
    ck_assert_int_eq(cop_await(reading), 0);
    ck_assert_int_eq(writer.result, 0);
    ck_assert_int_eq(reader.result, 0);
    ck_assert(memcmp(much, got, sizeof(got)) == 0);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(close_wakes_reader_and_writer_with_ebadf)
{
    static char much[4 << 20];
    struct cop_stream a, b;
    char buffer[4];
    struct side reader = {.stream = &a, .buffer = buffer, .size = 4};
    struct side writer = {.stream = &a, .buffer = much, .size = sizeof(much)};
    struct cop_task *reading, *writing;

    open_pair(&a, &b);
    reading = start(read_side, &reader);
    writing = start(write_side, &writer);
    ck_assert(!reader.ended && !writer.ended);
    cop_stream_close(&a);
    ck_assert_int_eq(cop_await(reading), 0);
    ck_assert_int_eq(cop_await(writing), 0);
    ck_assert_int_eq(reader.result, -EBADF);
    ck_assert_int_eq(writer.result, -EBADF);
    cop_stream_close(&b);
}

TEST_IN_LOOP(bytes_that_came_beat_the_cancelling)
{
    struct cop_stream a, b;
    char buffer[4];
    struct side side = {.stream = &a, .buffer = buffer, .size = 4};
    struct canceller canceller;
    struct cop_task *task;

    open_pair(&a, &b);
    task = start(read_side, &side);
    canceller_start(&canceller, task);
    /* One poll tells both, and the canceller runs first. */
    canceller_fire(&canceller);
    ck_assert_int_eq(cop_write(&b, "1234", 4), 0);
    canceller_join(&canceller);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(side.result, 4);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(many_pieces_arrive_in_order)
{
    enum { PIECES = 3000 };
    static struct iovec pieces[PIECES];
    static char text[PIECES], got[PIECES];
    struct cop_stream a, b;
    struct side side = {.stream = &b, .buffer = got, .size = PIECES};
    struct cop_task *task;

    open_pair(&a, &b);
    for (int i = 0; i < PIECES; i++) {
        text[i] = (char)('a' + i % 26);
        pieces[i] = (struct iovec){.iov_base = &text[i], .iov_len = 1};
    }
    task = start(read_exactly_side, &side);
    ck_assert_int_eq(cop_writev(&a, pieces, PIECES), 0);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(side.result, 0);
    ck_assert(memcmp(text, got, PIECES) == 0);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(write_some_takes_a_part_and_refuses_nothing_at_all)
{
    static char much[4 << 20];
    struct cop_stream a, b;
    ssize_t n;

    open_pair(&a, &b);
    ck_assert_int_eq(cop_write_some(&a, much, 0), -EINVAL);
    cop_stream_set_timeouts(&a, COP_NEVER, 5 * COP_MS);
    n = cop_write_some(&a, much, sizeof(much));
    ck_assert(n > 0 && (size_t)n < sizeof(much));
    cop_stream_close(&a);
    cop_stream_close(&b);
}

/* ---- finish ---- */

static void open_tcp_pair(struct cop_stream *a, struct cop_stream *b)
{
    struct cop_address local = address_of("127.0.0.1:0");
    struct cop_acceptor acceptor;

    ck_assert_int_eq(cop_listen(&acceptor, &local, 0), 0);
    ck_assert_int_eq(cop_connect(a, &acceptor.address), 0);
    ck_assert_int_eq(cop_accept(&acceptor, b), 0);
    cop_acceptor_close(&acceptor);
}

struct peer {
    struct cop_stream *stream;
    size_t size;
    int result;
};

/* Writes, then reads what the other side said to the end. */
static int write_then_read_all(void *arg)
{
    static char zeros[100000];
    struct peer *peer = arg;
    char buffer[64];
    ssize_t n;

    peer->result = cop_write(peer->stream, zeros, peer->size);
    while (peer->result >= 0 && (n = cop_read(peer->stream, buffer, sizeof(buffer))) != 0)
        peer->result = n < 0 ? (int)n : peer->result + (int)n;
    cop_stream_close(peer->stream);
    return 0;
}

TEST_IN_LOOP(finish_lets_the_peer_read_all_though_its_own_bytes_were_not_read)
{
    struct cop_stream a, b;
    struct peer peer = {.stream = &b, .size = 100000};
    struct cop_task *task;

    open_tcp_pair(&a, &b);
    ck_assert_int_eq(cop_write(&a, "answer", 6), 0);
    task = cop_create_task(write_then_read_all, &peer);
    ck_assert_int_eq(cop_stream_finish(&a, 1 << 20, 5 * COP_S), 0);
    ck_assert_int_eq(a.io.fd, -1);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_int_eq(peer.result, 6);
}

TEST_IN_LOOP(finish_gives_up_after_its_bytes_and_after_its_time_and_closes)
{
    struct cop_stream a, b;

    open_tcp_pair(&a, &b);
    ck_assert_int_eq(cop_write(&b, "more than 4", 11), 0);
    ck_assert_int_eq(cop_stream_finish(&a, 4, 5 * COP_S), -EMSGSIZE);
    ck_assert_int_eq(a.io.fd, -1);
    cop_stream_close(&b);
    open_tcp_pair(&a, &b);
    ck_assert_int_eq(cop_stream_finish(&a, 4, 5 * COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(a.io.fd, -1);
    cop_stream_close(&b);
}

TEST_IN_LOOP(finish_under_cancelling_closes_at_once)
{
    struct cop_stream a, b;
    struct cop_scope scope;

    open_tcp_pair(&a, &b);
    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_cancel(&scope);
    ck_assert_int_eq(cop_stream_finish(&a, 4, 5 * COP_S), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, 0), 0);
    ck_assert_int_eq(a.io.fd, -1);
    cop_stream_close(&b);
}

TEST_IN_LOOP(abort_resets_the_peer)
{
    struct cop_stream a, b;
    char buffer[4];

    open_tcp_pair(&a, &b);
    cop_stream_abort(&a);
    ck_assert_int_eq(cop_read(&b, buffer, 4), -ECONNRESET);
    cop_stream_close(&b);
}

/* ---- connect, pipes ---- */

TEST_IN_LOOP(connect_to_nobody_is_refused_and_leaves_nothing_open)
{
    struct cop_address local = address_of("127.0.0.1:0");
    struct cop_acceptor acceptor;
    struct cop_stream stream;
    int before;

    ck_assert_int_eq(cop_listen(&acceptor, &local, 0), 0);
    local = acceptor.address;
    cop_acceptor_close(&acceptor);
    before = count_fds();
    ck_assert_int_eq(cop_connect(&stream, &local), -ECONNREFUSED);
    ck_assert_int_eq(count_fds(), before);
}

TEST_IN_LOOP(pipe_carries_bytes_and_its_end_and_no_signal)
{
    struct cop_stream from, to;
    char buffer[8];
    int fds[2];

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    cop_stream_init_pipe(&from, fds[0]);
    cop_stream_init_pipe(&to, fds[1]);
    ck_assert_int_eq(cop_write(&to, "hello", 5), 0);
    ck_assert_int_eq(cop_read_exactly(&from, buffer, 5), 0);
    cop_stream_set_timeouts(&from, 2 * COP_MS, COP_NEVER);
    ck_assert_int_eq(cop_read(&from, buffer, 5), -ETIMEDOUT);
    ck_assert_int_eq(cop_shutdown_write(&to), -ENOTSOCK);
    cop_stream_close(&from);
    ck_assert_int_eq(cop_write(&to, "x", 1), -EPIPE);
    ck_assert_int_eq(cop_stream_finish(&to, 0, 0), 0);
    ck_assert_int_eq(to.io.fd, -1);
}

TEST_IN_LOOP(exact_read_that_ends_early_says_how_much_came_and_can_go_on)
{
    struct cop_stream a, b;
    struct cop_scope scope;
    char buffer[8];
    size_t len = 0;

    open_pair(&a, &b);
    cop_stream_set_timeouts(&b, 2 * COP_MS, COP_NEVER);
    ck_assert_int_eq(cop_write(&a, "abc", 3), 0);
    ck_assert_int_eq(cop_read_exactly_from(&b, buffer, 6, &len), -ETIMEDOUT);
    ck_assert_uint_eq(len, 3);
    ck_assert_int_eq(cop_write(&a, "defgh", 5), 0);
    ck_assert_int_eq(cop_read_exactly_from(&b, buffer, 6, &len), 0);
    ck_assert_uint_eq(len, 6);
    ck_assert_mem_eq(buffer, "abcdef", 6);
    cop_stream_set_timeouts(&b, COP_NEVER, COP_NEVER);
    len = 0;
    cop_scope_enter(&scope, cop_after(2 * COP_MS));
    ck_assert_int_eq(cop_read_exactly_from(&b, buffer, 6, &len), -ECANCELED);
    ck_assert_int_eq(cop_scope_exit(&scope, 0), 0);
    ck_assert_uint_eq(len, 2);
    cop_stream_close(&a);
    ck_assert_int_eq(cop_read_exactly_from(&b, buffer, 6, &len), -ENODATA);
    ck_assert_uint_eq(len, 2);
    cop_stream_close(&b);
}

TEST_IN_LOOP(read_of_nothing_is_einval_and_no_end)
{
    struct cop_stream a, b;
    char byte;

    open_pair(&a, &b);
    ck_assert_int_eq(cop_read(&b, &byte, 0), -EINVAL);
    ck_assert_int_eq(cop_write(&a, "x", 1), 0);
    ck_assert_int_eq(cop_read(&b, &byte, 0), -EINVAL);
    ck_assert_int_eq(cop_read(&b, &byte, 1), 1);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

static void add(TCase *tc)
{
    add_test_in_both(tc, what_is_written_is_read_and_the_end_is_0);
    add_test_in_both(tc, read_times_out_and_works_again);
    add_test_in_both(tc, exact_read_that_ends_early_says_how_much_came_and_can_go_on);
    add_test_in_both(tc, read_of_nothing_is_einval_and_no_end);
    add_test_in_both(tc, write_times_out_when_nobody_reads);
    add_test_in_both(tc, wait_under_a_passed_deadline_is_cancelled);
    add_test_in_both(tc, second_reader_is_busy_even_between_wake_and_run);
    add_test_in_both(tc, second_writer_is_busy_and_writes_nothing_into_the_middle);
    add_test_in_both(tc, close_wakes_reader_and_writer_with_ebadf);
    add_test_in_both(tc, bytes_that_came_beat_the_cancelling);
    add_test_in_both(tc, many_pieces_arrive_in_order);
    add_test_in_both(tc, write_some_takes_a_part_and_refuses_nothing_at_all);
    add_test_in_both(tc, finish_lets_the_peer_read_all_though_its_own_bytes_were_not_read);
    add_test_in_both(tc, finish_gives_up_after_its_bytes_and_after_its_time_and_closes);
    add_test_in_both(tc, finish_under_cancelling_closes_at_once);
    add_test_in_both(tc, abort_resets_the_peer);
    add_test_in_both(tc, connect_to_nobody_is_refused_and_leaves_nothing_open);
    add_test_in_both(tc, pipe_carries_bytes_and_its_end_and_no_signal);
}

int main(void)
{
    return run_suite("stream_sides", add);
}
