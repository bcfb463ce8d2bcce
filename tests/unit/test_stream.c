/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/stream/stream.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/sync/group.h"
#include "worker/task/sched.h"

#define BIG (8u * 1024 * 1024)

static struct cop_stream near, far;

static void open_pair(int flags)
{
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | flags, 0, fds), 0);
    cop_stream_init(&near, fds[0]);
    cop_stream_init(&far, fds[1]);
}

static void close_pair(void)
{
    cop_stream_close(&near);
    cop_stream_close(&far);
}

static int in_a_task(cop_fn body)
{
    return cop_run(body, NULL);
}

/* The same body in a task, and on the thread of a blocking loop. */
static int on_the_thread(cop_fn body)
{
    struct cop_loop *loop = loop_new(&(struct loop_options){.blocking = true});
    int rc;

    ck_assert_ptr_nonnull(loop);
    rc = body(loop);
    loop_free(loop);
    return rc;
}

#define IN_A_LOOP(name)                              \
    static int name##_body(void *arg);               \
    START_TEST(name)                                 \
    {                                                \
        ck_assert_int_eq(in_a_task(name##_body), 0); \
    }                                                \
    END_TEST                                         \
    static int name##_body(void *arg)

/* arg is NULL in a task. */
#define IN_BOTH_LOOPS(name)                              \
    static int name##_body(void *arg);                   \
    START_TEST(name)                                     \
    {                                                    \
        ck_assert_int_eq(in_a_task(name##_body), 0);     \
        ck_assert_int_eq(on_the_thread(name##_body), 0); \
    }                                                    \
    END_TEST                                             \
    static int name##_body(void *arg)

static int flags_of(const void *arg)
{
    return arg ? 0 : SOCK_NONBLOCK;
}

IN_BOTH_LOOPS(bytes_arrive_in_order_and_the_end_is_zero)
{
    char got[16];
    char text[] = "abcdefg";
    struct iovec pieces[] = {{text, 0}, {text, 3}, {text + 3, 0}, {text + 3, 4}};

    open_pair(flags_of(arg));
    ck_assert_int_eq(cop_writev(&near, pieces, 4), 0);
    ck_assert_int_eq(cop_read(&far, got, 2), 2);
    ck_assert_mem_eq(got, "ab", 2);
    ck_assert_int_eq(cop_read_exactly(&far, got, 5), 0);
    ck_assert_mem_eq(got, "cdefg", 5);
    ck_assert_int_eq(cop_write(&near, "hi", 2), 0);
    ck_assert_int_eq(cop_shutdown_write(&near), 0);
    ck_assert_int_eq(cop_read_exactly(&far, got, 3), -ENODATA);
    ck_assert_int_eq(cop_read(&far, got, sizeof(got)), 0);
    ck_assert_int_eq(cop_write(&near, "x", 1), -EPIPE);
    close_pair();
    return 0;
}

static char *make_big(void)
{
    char *bytes = malloc(BIG);

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < BIG; i++)
        bytes[i] = (char)(i * 7 % 251);
    return bytes;
}

static int write_big(void *arg)
{
    char *bytes = make_big();
    int rc = cop_write(&near, bytes, BIG);

    free(bytes);
    return rc < 0 ? rc : cop_shutdown_write(&near);
}

static int read_big(void *arg)
{
    char *expected = make_big();
    char *bytes = malloc(BIG);
    int rc = cop_read_exactly(&far, bytes, BIG);

    ck_assert(memcmp(bytes, expected, BIG) == 0);
    ck_assert_int_eq(cop_read(&far, bytes, 1), 0);
    free(bytes);
    free(expected);
    return rc;
}

/* A group on a blocking loop, too: its descriptors are blocking ones, and nobody blocks. */
IN_BOTH_LOOPS(writer_waits_for_its_reader_and_nothing_is_lost)
{
    struct cop_group group;

    open_pair(flags_of(arg));
    cop_group_enter(&group);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, write_big, NULL));
    ck_assert_ptr_nonnull(cop_group_spawn(&group, read_big, NULL));
    ck_assert_int_eq(cop_group_exit(&group, 0), 0);
    close_pair();
    return 0;
}

IN_BOTH_LOOPS(waits_end_after_the_timeouts)
{
    char got[16];

    open_pair(flags_of(arg));
    cop_stream_set_timeouts(&near, COP_MS, COP_MS);
    ck_assert_int_eq(cop_read(&near, got, sizeof(got)), -ETIMEDOUT);
    ck_assert_int_eq(write_big(NULL), -ETIMEDOUT);
    cop_stream_set_timeouts(&far, COP_NEVER, COP_NEVER);
    ck_assert_int_ge(cop_read(&far, got, sizeof(got)), 1);
    close_pair();
    return 0;
}

static int read_one(void *arg)
{
    char byte;

    return (int)cop_read(arg, &byte, 1);
}

IN_BOTH_LOOPS(deadline_of_a_scope_ends_a_read)
{
    open_pair(flags_of(arg));
    ck_assert_int_eq(cop_wait_for(read_one, &near, COP_MS), -ETIMEDOUT);
    ck_assert_int_eq(cop_write(&far, "x", 1), 0);
    ck_assert_int_eq(cop_wait_for(read_one, &near, 100 * COP_S), 1);
    close_pair();
    return 0;
}

static int write_after_a_sleep(void *arg)
{
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    return cop_write(arg, "x", 1);
}

/* The clock of the loop is as old as its last poll. */
IN_A_LOOP(timeout_counts_from_the_call_and_not_from_the_last_poll)
{
    struct cop_task *writer = cop_create_task(write_after_a_sleep, &far);

    open_pair(SOCK_NONBLOCK);
    cop_stream_set_timeouts(&near, 100 * COP_S, COP_NEVER);
    loop_here->now -= 1000 * COP_S;
    ck_assert_int_eq(read_one(&near), 1);
    ck_assert_int_eq(cop_await(writer), 0);
    close_pair();
    return 0;
}

static struct cop_task *start(cop_fn fn, void *arg)
{
    struct cop_task *task = cop_create_task(fn, arg);

    ck_assert_ptr_nonnull(task);
    ck_assert_int_eq(cop_yield(), 0);
    return task;
}

IN_A_LOOP(second_reader_and_second_writer_are_busy_also_when_the_first_was_just_woken)
{
    static char block[256 * 1024];
    struct cop_task *reader, *writer;
    ssize_t nread, n;
    char byte = 0;

    open_pair(SOCK_NONBLOCK);
    reader = start(read_one, &near);
    ck_assert_int_eq(read(far.io.fd, &byte, 1), -1);
    ck_assert_int_eq(write(far.io.fd, "x", 1), 1);
    ck_assert_int_eq(cop_read(&near, &byte, 1), -EBUSY);
    sched_wake(reader, 0);
    ck_assert_int_eq(cop_read(&near, &byte, 1), -EBUSY);
    ck_assert_int_eq(cop_await(reader), 1);

    /* There is room again, and nothing may come into the middle of what is being written. */
    writer = start(write_big, NULL);
    nread = read(far.io.fd, block, sizeof(block));
    ck_assert_int_eq(cop_write(&near, "x", 1), -EBUSY);
    while ((n = cop_read(&far, block, sizeof(block))) > 0)
        nread += n;
    ck_assert_int_eq(nread, BIG);
    ck_assert_int_eq(cop_await(writer), 0);
    close_pair();
    return 0;
}

IN_A_LOOP(close_wakes_reader_and_writer_with_bad_descriptor)
{
    struct cop_task *reader, *writer;
    char got[4];

    open_pair(SOCK_NONBLOCK);
    ck_assert_int_eq(cop_write(&far, "x", 1), 0);
    ck_assert_int_eq(cop_read(&near, got, sizeof(got)), 1);
    reader = start(read_one, &near);
    writer = start(write_big, NULL);
    cop_stream_close(&near);
    cop_stream_close(&near);
    ck_assert_int_eq(cop_await(reader), -EBADF);
    ck_assert_int_eq(cop_await(writer), -EBADF);
    ck_assert_int_eq(cop_read(&near, got, sizeof(got)), -EBADF);
    ck_assert_int_eq(cop_write(&near, "x", 1), -EBADF);
    close_pair();
    return 0;
}

IN_A_LOOP(cancelled_read_takes_no_bytes)
{
    open_pair(SOCK_NONBLOCK);
    ck_assert_int_eq(cop_cancel_and_wait(start(read_one, &near)), -ECANCELED);
    ck_assert_int_eq(cop_write(&far, "x", 1), 0);
    ck_assert_int_eq(cop_cancel_and_wait(cop_create_task(read_one, &near)), -ECANCELED);
    ck_assert_int_eq(read_one(&near), 1);
    close_pair();
    return 0;
}

static bool stop_pumping;

static int pump(void *arg)
{
    char byte = 'x';

    while (!stop_pumping) {
        ck_assert_int_eq(cop_write(&near, &byte, 1), 0);
        ck_assert_int_eq(cop_read(&far, &byte, 1), 1);
    }
    return 0;
}

IN_BOTH_LOOPS(task_whose_calls_always_succeed_lets_the_others_run)
{
    struct cop_task *pumping;

    stop_pumping = false;
    open_pair(flags_of(arg));
    pumping = start(pump, NULL);
    ck_assert_int_eq(cop_sleep(COP_MS), 0);
    stop_pumping = true;
    ck_assert_int_eq(cop_await(pumping), 0);
    close_pair();
    return 0;
}

/* ---- TCP ---- */

static int listen_on(struct cop_address *address, int backlog)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    memset(address, 0, sizeof(*address));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
    ck_assert_int_eq(listen(fd, backlog), 0);
    address->len = sizeof(address->sockaddr);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address->sockaddr, &address->len), 0);
    return fd;
}

IN_BOTH_LOOPS(connect_reaches_a_listener_and_abort_resets)
{
    struct cop_address address;
    int listener = listen_on(&address, 8);
    char byte;

    ck_assert_int_eq(cop_connect(&near, &address), 0);
    ck_assert_int_eq(!(fcntl(near.io.fd, F_GETFL) & O_NONBLOCK), arg != NULL);
    cop_stream_init(&far, accept4(listener, NULL, NULL, flags_of(arg)));
    ck_assert_int_eq(cop_write(&near, "x", 1), 0);
    ck_assert_int_eq(cop_read(&far, &byte, 1), 1);
    cop_stream_abort(&near);
    ck_assert_int_eq(cop_read(&far, &byte, 1), -ECONNRESET);
    close_pair();
    close(listener);
    return 0;
}

IN_BOTH_LOOPS(connect_where_nobody_listens_is_refused)
{
    struct cop_address address;

    close(listen_on(&address, 1));
    ck_assert_int_eq(cop_connect(&near, &address), -ECONNREFUSED);
    ck_assert_int_lt(near.io.fd, 0);
    return 0;
}

struct attempt {
    struct cop_stream stream;
    struct cop_address address;
};

static int make_attempt(void *arg)
{
    struct attempt *attempt = arg;

    return cop_connect(&attempt->stream, &attempt->address);
}

/* The listener's queue holds one: to the others the kernel does not answer. */
IN_BOTH_LOOPS(deadline_of_a_scope_ends_a_connect)
{
    struct attempt first, second;
    int listener = listen_on(&first.address, 0);

    second.address = first.address;
    ck_assert_int_eq(make_attempt(&first), 0);
    ck_assert_int_eq(cop_wait_for(make_attempt, &second, COP_MS), -ETIMEDOUT);
    cop_stream_close(&first.stream);
    close(listener);
    return 0;
}

static void add(TCase *tc)
{
    tcase_add_test(tc, bytes_arrive_in_order_and_the_end_is_zero);
    tcase_add_test(tc, writer_waits_for_its_reader_and_nothing_is_lost);
    tcase_add_test(tc, waits_end_after_the_timeouts);
    tcase_add_test(tc, deadline_of_a_scope_ends_a_read);
    tcase_add_test(tc, timeout_counts_from_the_call_and_not_from_the_last_poll);
    tcase_add_test(tc, second_reader_and_second_writer_are_busy_also_when_the_first_was_just_woken);
    tcase_add_test(tc, close_wakes_reader_and_writer_with_bad_descriptor);
    tcase_add_test(tc, cancelled_read_takes_no_bytes);
    tcase_add_test(tc, task_whose_calls_always_succeed_lets_the_others_run);
    tcase_add_test(tc, connect_reaches_a_listener_and_abort_resets);
    tcase_add_test(tc, connect_where_nobody_listens_is_refused);
    tcase_add_test(tc, deadline_of_a_scope_ends_a_connect);
}

int main(void)
{
    return run_suite("stream", add);
}
