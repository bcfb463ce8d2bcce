/* SPDX-License-Identifier: MIT */
#include "worker/stream/reader.h"

#include "tests/unit/both_loops.h"

TEST_IN_LOOP(lines_come_one_by_one_and_the_rest_stays_readable)
{
    struct cop_stream a, b;
    struct cop_reader reader;
    char buffer[16], rest[16], *line;

    open_pair(&a, &b);
    cop_reader_init(&reader, &b, buffer, sizeof(buffer));
    ck_assert_int_eq(cop_write(&a, "one\ntwo\nthree", 13), 0);
    ck_assert_int_eq(cop_shutdown_write(&a), 0);
    ck_assert_int_eq(cop_reader_read_until(&reader, "\n", 1, &line), 4);
    ck_assert_mem_eq(line, "one\n", 4);
    ck_assert_int_eq(cop_reader_read_until(&reader, "\n", 1, &line), 4);
    ck_assert_mem_eq(line, "two\n", 4);
    ck_assert_int_eq(cop_reader_read_until(&reader, "\n", 1, &line), -ENODATA);
    ck_assert_int_eq(cop_reader_read(&reader, rest, 2), 2);
    ck_assert_int_eq(cop_reader_read_exactly(&reader, rest + 2, 3), 0);
    ck_assert_mem_eq(rest, "three", 5);
    ck_assert_int_eq(cop_reader_read(&reader, rest, 2), 0);
    ck_assert_int_eq(cop_reader_read_exactly(&reader, rest, 2), -ENODATA);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(read_exactly_tells_what_came_before_an_error_and_goes_on)
{
    struct cop_stream a, b;
    struct cop_reader reader;
    char held[8], bytes[12], *line;
    size_t len = 1;

    open_pair(&a, &b);
    cop_stream_set_timeouts(&b, COP_MS, COP_NEVER);
    cop_reader_init(&reader, &b, held, sizeof(held));
    memcpy(bytes, "a", 1);
    ck_assert_int_eq(cop_write(&a, "x\nbcdefghi", 10), 0);
    ck_assert_int_eq(cop_reader_read_until(&reader, "\n", 1, &line), 2);
    ck_assert_int_eq(cop_reader_read_exactly_from(&reader, bytes, 12, &len), -ETIMEDOUT);
    ck_assert_uint_eq(len, 9);
    ck_assert_int_eq(cop_reader_read_exactly_from(&reader, bytes, 9, &len), 0);
    ck_assert_int_eq(cop_write(&a, "jk", 2), 0);
    ck_assert_int_eq(cop_shutdown_write(&a), 0);
    ck_assert_int_eq(cop_reader_read_exactly_from(&reader, bytes, 12, &len), -ENODATA);
    ck_assert_uint_eq(len, 11);
    ck_assert_mem_eq(bytes, "abcdefghijk", 11);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(task_that_reads_what_is_held_lets_the_others_run)
{
    enum { LINES = 3 * SCHED_STREAK_MAX };
    static char held[4 * LINES], sent[4 * LINES], bytes[2];
    struct cop_stream a, b;
    struct cop_reader reader;
    struct cop_task *other;
    int turns = 0;
    char *line;

    memset(sent, '\n', sizeof(sent));
    open_pair(&a, &b);
    cop_reader_init(&reader, &b, held, sizeof(held));
    ck_assert_int_eq(cop_write(&a, sent, sizeof(sent)), 0);
    ck_assert_int_eq(cop_reader_read_until(&reader, "\n", 1, &line), 1);
    other = cop_create_task(count_turns, &turns);
    for (int i = 0; i < LINES; i++)
        ck_assert_int_eq(cop_reader_read_until(&reader, "\n", 1, &line), 1);
    ck_assert_int_ge(turns, 2);
    for (int i = turns = 0; i < LINES - 1; i++)
        ck_assert_int_eq(cop_reader_read(&reader, bytes, 1), 1);
    ck_assert_int_ge(turns, 2);
    for (int i = turns = 0; i < LINES; i++)
        ck_assert_int_eq(cop_reader_read_exactly(&reader, bytes, 2), 0);
    ck_assert_int_ge(turns, 2);
    (void)cop_cancel_and_wait(other);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

struct drip {
    struct cop_stream *stream;
    const char *text;
};

static int write_byte_by_byte(void *arg)
{
    struct drip *drip = arg;

    for (const char *p = drip->text; *p; p++) {
        ck_assert_int_eq(cop_write(drip->stream, p, 1), 0);
        ck_assert_int_eq(cop_yield(), 0);
    }
    return 0;
}

TEST_IN_LOOP(mark_that_comes_in_pieces_is_found)
{
    struct cop_stream a, b;
    struct cop_reader reader;
    char buffer[12], *found;
    struct drip drip = {&a, "ab\r\r\n\r\r\n\r\ncd\r\n\r\n"};
    struct cop_task *task;

    open_pair(&a, &b);
    cop_reader_init(&reader, &b, buffer, sizeof(buffer));
    task = cop_create_task(write_byte_by_byte, &drip);
    ck_assert_int_eq(cop_reader_read_until(&reader, "\r\n\r\n", 4, &found), 10);
    ck_assert_mem_eq(found, "ab\r\r\n\r\r\n\r\n", 10);
    ck_assert_int_eq(cop_reader_read_until(&reader, "\r\n\r\n", 4, &found), 6);
    ck_assert_mem_eq(found, "cd\r\n\r\n", 6);
    ck_assert_int_eq(cop_await(task), 0);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(buffer_without_a_mark_is_too_small_and_nothing_is_lost)
{
    struct cop_stream a, b;
    struct cop_reader reader;
    char buffer[8], all[10], *found;

    open_pair(&a, &b);
    cop_reader_init(&reader, &b, buffer, sizeof(buffer));
    ck_assert_int_eq(cop_reader_read_until(&reader, "", 0, &found), -EINVAL);
    ck_assert_int_eq(cop_reader_read_until(&reader, "123456789", 9, &found), -EINVAL);
    ck_assert_int_eq(cop_write(&a, "abcdefghi\n", 10), 0);
    ck_assert_int_eq(cop_reader_read_until(&reader, "\n", 1, &found), -EMSGSIZE);
    ck_assert_int_eq(cop_reader_read_exactly(&reader, all, 10), 0);
    ck_assert_mem_eq(all, "abcdefghi\n", 10);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

TEST_IN_LOOP(search_that_timed_out_goes_on)
{
    struct cop_stream a, b;
    struct cop_reader reader;
    char buffer[8], *found;

    open_pair(&a, &b);
    cop_reader_init(&reader, &b, buffer, sizeof(buffer));
    cop_stream_set_timeouts(&b, 2 * COP_MS, COP_NEVER);
    ck_assert_int_eq(cop_write(&a, "abc", 3), 0);
    ck_assert_int_eq(cop_reader_read_until(&reader, "\n", 1, &found), -ETIMEDOUT);
    ck_assert_int_eq(cop_write(&a, "d\n", 2), 0);
    ck_assert_int_eq(cop_reader_read_until(&reader, "\n", 1, &found), 5);
    ck_assert_mem_eq(found, "abcd\n", 5);
    cop_stream_close(&a);
    cop_stream_close(&b);
}

static void add(TCase *tc)
{
    add_test_in_both(tc, lines_come_one_by_one_and_the_rest_stays_readable);
    add_test_in_both(tc, task_that_reads_what_is_held_lets_the_others_run);
    add_test_in_both(tc, read_exactly_tells_what_came_before_an_error_and_goes_on);
    add_test_in_both(tc, mark_that_comes_in_pieces_is_found);
    add_test_in_both(tc, buffer_without_a_mark_is_too_small_and_nothing_is_lost);
    add_test_in_both(tc, search_that_timed_out_goes_on);
}

int main(void)
{
    return run_suite("reader", add);
}
