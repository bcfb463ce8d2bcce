/* SPDX-License-Identifier: MIT */
#include "worker/stream/writer.h"

#include <sys/ioctl.h>

#include "tests/unit/both_loops.h"

static int waiting_bytes(struct cop_stream *stream)
{
    int n = -1;

    ck_assert_int_eq(ioctl(stream->io.fd, FIONREAD, &n), 0);
    return n;
}

TEST_IN_LOOP(small_writes_gather_until_flush_or_the_high_water_mark)
{
    struct cop_stream a, b;
    struct cop_writer writer;
    char buffer[8], got[16];

    open_pair(&a, &b);
    ck_assert_int_eq(cop_writer_init(&writer, &a, buffer, 8, 2), 0);
    ck_assert_int_eq(cop_writer_write(&writer, "abc", 3), 0);
    ck_assert_int_eq(cop_writer_write(&writer, "def", 3), 0);
    ck_assert_int_eq(waiting_bytes(&b), 0);
    ck_assert_int_eq(cop_writer_write(&writer, "ghi", 3), 0);
    ck_assert_int_eq(waiting_bytes(&b), 6);
    ck_assert_int_eq(cop_writer_write(&writer, "", 0), 0);
    ck_assert_int_eq(cop_writer_flush(&writer), 0);
    ck_assert_int_eq(cop_read_exactly(&b, got, 9), 0);
    ck_assert_mem_eq(got, "abcdefghi", 9);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(long_write_goes_straight_behind_what_is_held)
{
    struct cop_stream a, b;
    struct cop_writer writer;
    char buffer[4], got[16];

    open_pair(&a, &b);
    ck_assert_int_eq(cop_writer_init(&writer, &a, buffer, 4, 0), 0);
    ck_assert_int_eq(cop_writer_write(&writer, "abc", 3), 0);
    ck_assert_int_eq(cop_writer_write(&writer, "defghijk", 8), 0);
    ck_assert_int_eq(cop_read_exactly(&b, got, 11), 0);
    ck_assert_mem_eq(got, "abcdefghijk", 11);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

static int read_all(void *arg)
{
    static char got[4 << 20];
    struct cop_stream *stream = arg;
    size_t len = 0;
    ssize_t n;

    while ((n = cop_read(stream, got + len, sizeof(got) - len)) > 0)
        len += (size_t)n;
    return n < 0 ? (int)n : (int)len;
}

TEST_IN_LOOP(write_that_timed_out_takes_nothing_and_the_held_bytes_can_be_sent_later)
{
    static char buffer[1 << 16], piece[1 << 15];
    struct cop_stream a, b;
    struct cop_writer writer;
    struct cop_task *task;
    int taken = 0;
    int rc;

    open_pair(&a, &b);
    ck_assert_int_eq(cop_writer_init(&writer, &a, buffer, sizeof(buffer), 0), 0);
    cop_stream_set_timeouts(&a, COP_NEVER, 2 * COP_MS);
    while ((rc = cop_writer_write(&writer, piece, sizeof(piece))) == 0 && taken < 100)
        taken++;
    ck_assert_int_eq(rc, -ETIMEDOUT);
    ck_assert_int_eq(cop_writer_flush(&writer), -ETIMEDOUT);
    cop_stream_set_timeouts(&a, COP_NEVER, COP_NEVER);
    task = cop_create_task(read_all, &b);
    ck_assert_int_eq(cop_writer_flush(&writer), 0);
    cop_stream_close(&a);
    ck_assert_int_eq(cop_await(task), taken * (int)sizeof(piece));
    cop_stream_close(&b);
}

TEST_IN_LOOP(marks_that_make_no_sense_are_refused)
{
    struct cop_stream a, b;
    struct cop_writer writer;
    char buffer[4];

    open_pair(&a, &b);
    ck_assert_int_eq(cop_writer_init(&writer, &a, buffer, 4, 4), -EINVAL);
    ck_assert_int_eq(cop_writer_init(&writer, &a, buffer, 0, 0), -EINVAL);
    ck_assert_int_eq(cop_writer_init(&writer, &a, buffer, 4, 3), 0);
    cop_stream_close(&b);
    ck_assert_int_eq(cop_writer_write(&writer, "abc", 3), -EPIPE);
    cop_stream_close(&a);
}

TEST_IN_LOOP(task_whose_writes_are_held_lets_the_others_run)
{
    enum { WRITES = 3 * SCHED_STREAK_MAX };
    static char buffer[WRITES];
    struct cop_stream a, b;
    struct cop_writer writer;
    struct cop_task *other;
    int turns = 0;

    open_pair(&a, &b);
    ck_assert_int_eq(cop_writer_init(&writer, &a, buffer, sizeof(buffer), 0), 0);
    other = cop_create_task(count_turns, &turns);
    for (int i = 0; i < WRITES; i++)
        ck_assert_int_eq(cop_writer_write(&writer, "x", 1), 0);
    ck_assert_int_ge(turns, 2);
    (void)cop_cancel_and_wait(other);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

static void add(TCase *tc)
{
    add_test_in_both(tc, task_whose_writes_are_held_lets_the_others_run);
    add_test_in_both(tc, small_writes_gather_until_flush_or_the_high_water_mark);
    add_test_in_both(tc, long_write_goes_straight_behind_what_is_held);
    add_test_in_both(tc, write_that_timed_out_takes_nothing_and_the_held_bytes_can_be_sent_later);
    add_test_in_both(tc, marks_that_make_no_sense_are_refused);
}

int main(void)
{
    return run_suite("writer", add);
}
