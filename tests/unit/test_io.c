/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/task/io.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/task/sched.h"

#define IN_A_LOOP(name)                                  \
    static int name##_body(void *arg);                   \
    START_TEST(name)                                     \
    {                                                    \
        ck_assert_int_eq(cop_run(name##_body, NULL), 0); \
    }                                                    \
    END_TEST                                             \
    static int name##_body(void *arg)

static struct io io;
static int peer;

/* `io` is one end of a pair, `peer` the other. */
static void open_pair(void (*idle)(struct io *io))
{
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    io_init(&io, fds[0], idle);
    peer = fds[1];
}

static void close_pair(void)
{
    io_fini(&io);
    close(io.fd);
    close(peer);
}

static void send_byte(void)
{
    ck_assert_int_eq(write(peer, "x", 1), 1);
}

static void fill(int fd)
{
    static char block[65536];

    while (write(fd, block, sizeof(block)) > 0)
        ;
    ck_assert_int_eq(errno, EAGAIN);
}

static void drain(int fd)
{
    static char block[65536];

    while (read(fd, block, sizeof(block)) > 0)
        ;
}

static int read_wait(void *arg)
{
    return io_wait_readable(&io, COP_NEVER);
}

static int write_wait(void *arg)
{
    return io_wait_writable(&io, COP_NEVER);
}

static struct cop_task *start(cop_fn fn)
{
    struct cop_task *task = cop_create_task(fn, NULL);

    ck_assert_ptr_nonnull(task);
    ck_assert_int_eq(cop_yield(), 0);
    return task;
}

static uint64_t polls(void)
{
    return metric_get(loop_metrics(loop_here), METRIC_loop_polls);
}

IN_A_LOOP(reader_wakes_when_there_is_something_to_read)
{
    struct cop_task *reader;

    open_pair(NULL);
    reader = start(read_wait);
    ck_assert_int_eq(reader->state, TASK_PARKED);
    send_byte();
    ck_assert_int_eq(cop_await(reader), 0);
    close_pair();
    return 0;
}

IN_A_LOOP(reader_and_writer_wake_each_for_its_own_event)
{
    struct cop_task *reader, *writer;

    open_pair(NULL);
    fill(io.fd);
    reader = start(read_wait);
    writer = start(write_wait);
    drain(peer);
    ck_assert_int_eq(cop_await(writer), 0);
    ck_assert_int_eq(reader->state, TASK_PARKED);
    send_byte();
    ck_assert_int_eq(cop_await(reader), 0);
    close_pair();
    return 0;
}

IN_A_LOOP(second_reader_and_second_writer_are_busy)
{
    struct cop_task *reader, *writer;

    open_pair(NULL);
    fill(io.fd);
    reader = start(read_wait);
    writer = start(write_wait);
    ck_assert_int_eq(io_wait_readable(&io, COP_NEVER), -EBUSY);
    ck_assert_int_eq(io_wait_writable(&io, COP_NEVER), -EBUSY);
    send_byte();
    drain(peer);
    ck_assert_int_eq(cop_await(reader), 0);
    ck_assert_int_eq(cop_await(writer), 0);
    close_pair();
    return 0;
}

IN_A_LOOP(fini_wakes_the_waiters_with_bad_descriptor)
{
    struct cop_task *reader, *writer;

    open_pair(NULL);
    fill(io.fd);
    reader = start(read_wait);
    writer = start(write_wait);
    close_pair();
    ck_assert_int_eq(cop_await(reader), -EBADF);
    ck_assert_int_eq(cop_await(writer), -EBADF);
    io.fd = -1;
    ck_assert_int_eq(io_wait_readable(&io, COP_NEVER), -EBADF);
    return 0;
}

static int woken_result;

static int read_wait_on_heap(void *arg)
{
    woken_result = io_wait_readable(arg, COP_NEVER);
    return 0;
}

/* The reader is ready, and its io is gone before it runs. */
IN_A_LOOP(fini_reaches_also_a_waiter_that_was_woken_and_has_not_run)
{
    struct io *heap = malloc(sizeof(*heap));
    struct cop_task *reader = cop_create_task(read_wait_on_heap, heap);
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    io_init(heap, fds[0], NULL);
    ck_assert_int_eq(cop_yield(), 0);
    sched_wake(reader, 0);
    ck_assert_int_eq(reader->state, TASK_READY);
    io_fini(heap);
    free(heap);
    ck_assert_int_eq(cop_await(reader), 0);
    ck_assert_int_eq(woken_result, -EBADF);
    close(fds[0]);
    close(fds[1]);
    return 0;
}

IN_A_LOOP(wait_ends_at_its_deadline_and_leaves_the_place_free)
{
    open_pair(NULL);
    ck_assert_int_eq(io_wait_readable(&io, cop_now() + COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(io_wait_readable(&io, 1), -ETIMEDOUT);
    send_byte();
    ck_assert_int_eq(io_wait_readable(&io, cop_now() + 100 * COP_S), 0);
    close_pair();
    return 0;
}

IN_A_LOOP(cancelled_wait_leaves_the_place_free)
{
    open_pair(NULL);
    ck_assert_int_eq(cop_cancel_and_wait(start(read_wait)), -ECANCELED);
    ck_assert_ptr_null(io.reader);
    send_byte();
    ck_assert_int_eq(io_wait_readable(&io, COP_NEVER), 0);
    close_pair();
    return 0;
}

static int sleep_for_ever(void *arg)
{
    return cop_sleep(COP_NEVER);
}

/* Completion beats cancelling: the event comes after the cancelling, before the waiter runs. */
IN_A_LOOP(event_that_meets_a_cancelled_waiter_which_has_not_run_completes_its_wait)
{
    struct cop_task *reader;

    open_pair(NULL);
    reader = start(read_wait);
    ck_assert(cop_task_cancel(reader));
    ck_assert_int_eq(reader->state, TASK_READY);
    sched_wake(reader, 0);
    ck_assert_int_eq(cop_await(reader), 0);
    close_pair();
    return 0;
}

IN_A_LOOP(bytes_that_nobody_reads_do_not_keep_the_loop_busy)
{
    struct cop_task *reader, *writer;
    uint64_t before;

    open_pair(NULL);
    fill(io.fd);
    reader = start(read_wait);
    writer = start(write_wait);
    send_byte();
    ck_assert_int_eq(cop_await(reader), 0);
    before = polls();
    ck_assert_int_eq(cop_sleep(20 * COP_MS), 0);
    ck_assert_uint_lt(polls() - before, 10);

    /* And whoever comes later is told. */
    ck_assert_int_eq(io_wait_readable(&io, COP_NEVER), 0);
    drain(peer);
    ck_assert_int_eq(cop_await(writer), 0);
    before = polls();
    ck_assert_int_eq(cop_sleep(20 * COP_MS), 0);
    ck_assert_uint_lt(polls() - before, 10);
    close_pair();
    return 0;
}

static int nidle;

static void count_idle(struct io *idle)
{
    ck_assert_ptr_eq(idle, &io);
    ck_assert_ptr_null(loop_here->current);
    nidle++;
    drain(io.fd);
}

IN_A_LOOP(event_without_a_waiter_goes_to_idle_until_it_is_unwatched)
{
    open_pair(count_idle);
    io_watch(&io);
    send_byte();
    while (nidle < 1)
        ck_assert_int_eq(cop_sleep(COP_MS), 0);
    io_unwatch(&io);
    send_byte();
    ck_assert_int_eq(cop_sleep(2 * COP_MS), 0);
    ck_assert_int_eq(nidle, 1);
    io_watch(&io);
    while (nidle < 2)
        ck_assert_int_eq(cop_sleep(COP_MS), 0);
    close_pair();
    return 0;
}

static void end_when_idle(struct io *idle)
{
    nidle++;
    io_fini(idle);
    close(idle->fd);
    free(idle);
}

IN_A_LOOP(idle_may_end_the_io)
{
    struct io *heap = malloc(sizeof(*heap));
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    io_init(heap, fds[0], end_when_idle);
    io_watch(heap);
    ck_assert_int_eq(write(fds[1], "x", 1), 1);
    while (nidle < 1)
        ck_assert_int_eq(cop_sleep(COP_MS), 0);
    close(fds[1]);
    return 0;
}

IN_A_LOOP(descriptor_number_used_again_is_watched_anew)
{
    for (int i = 0; i < 3; i++) {
        open_pair(NULL);
        send_byte();
        ck_assert_int_eq(io_wait_readable(&io, COP_NEVER), 0);
        close_pair();
    }
    return 0;
}

IN_A_LOOP(hang_up_of_the_peer_wakes_reader_and_writer)
{
    struct cop_task *reader, *writer;

    open_pair(NULL);
    fill(io.fd);
    reader = start(read_wait);
    writer = start(write_wait);
    close(peer);
    ck_assert_int_eq(cop_await(reader), 0);
    ck_assert_int_eq(cop_await(writer), 0);
    io_fini(&io);
    close(io.fd);
    return 0;
}

START_TEST(wait_on_a_blocking_loop_is_the_kernels_without_tasks_and_the_loops_with_them)
{
    struct cop_loop *loop = loop_new(&(struct loop_options){.blocking = true});
    struct cop_task *task;

    ck_assert_ptr_nonnull(loop);
    open_pair(NULL);
    ck_assert_int_eq(io_wait_readable(&io, cop_now() + COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(cop_wait_for(read_wait, NULL, COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(io_wait_writable(&io, COP_NEVER), 0);
    send_byte();
    ck_assert_int_eq(io_wait_readable(&io, COP_NEVER), 0);
    ck_assert_ptr_null(loop->poller);

    drain(io.fd);
    task = cop_create_task(sleep_for_ever, NULL);
    ck_assert_int_eq(io_wait_readable(&io, cop_now() + COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(task->state, TASK_PARKED);
    send_byte();
    ck_assert_int_eq(io_wait_readable(&io, COP_NEVER), 0);
    ck_assert_int_eq(cop_cancel_and_wait(task), -ECANCELED);
    close_pair();
    loop_free(loop);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, reader_wakes_when_there_is_something_to_read);
    tcase_add_test(tc, reader_and_writer_wake_each_for_its_own_event);
    tcase_add_test(tc, second_reader_and_second_writer_are_busy);
    tcase_add_test(tc, fini_wakes_the_waiters_with_bad_descriptor);
    tcase_add_test(tc, fini_reaches_also_a_waiter_that_was_woken_and_has_not_run);
    tcase_add_test(tc, wait_ends_at_its_deadline_and_leaves_the_place_free);
    tcase_add_test(tc, cancelled_wait_leaves_the_place_free);
    tcase_add_test(tc, event_that_meets_a_cancelled_waiter_which_has_not_run_completes_its_wait);
    tcase_add_test(tc, bytes_that_nobody_reads_do_not_keep_the_loop_busy);
    tcase_add_test(tc, event_without_a_waiter_goes_to_idle_until_it_is_unwatched);
    tcase_add_test(tc, idle_may_end_the_io);
    tcase_add_test(tc, descriptor_number_used_again_is_watched_anew);
    tcase_add_test(tc, hang_up_of_the_peer_wakes_reader_and_writer);
    tcase_add_test(tc,
                   wait_on_a_blocking_loop_is_the_kernels_without_tasks_and_the_loops_with_them);
}

int main(void)
{
    return run_suite("io", add);
}
