/* SPDX-License-Identifier: MIT */
#include "worker/stream/sendfile.h"

#include <sys/mman.h>

#include "tests/unit/both_loops.h"
#include "tests/unit/emulated.h"
#include "worker/stream/page_cache.h"

enum { FILE_SIZE = 3 << 20 };

static int make_file(void)
{
    static char content[FILE_SIZE];
    int fd = memfd_create("content", MFD_CLOEXEC);

    for (int i = 0; i < FILE_SIZE; i++)
        content[i] = (char)(i % 251);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, content, FILE_SIZE), FILE_SIZE);
    return fd;
}

static int read_and_compare(void *arg)
{
    struct cop_stream *stream = arg;
    unsigned char buffer[4096];
    int position = 1000, wrong = 0;
    ssize_t n;

    while ((n = cop_read(stream, buffer, sizeof(buffer))) > 0)
        for (ssize_t i = 0; i < n; i++)
            wrong += buffer[i] != position++ % 251;
    ck_assert_int_eq(wrong, 0);
    return n < 0 ? (int)n : position;
}

TEST_IN_LOOP(file_that_is_larger_than_the_kernel_holds_arrives_whole)
{
    struct cop_stream a, b;
    struct cop_task *task;
    int file = make_file();

    open_pair(&a, &b);
    task = cop_create_task(read_and_compare, &b);
    ck_assert_int_eq(cop_sendfile(&a, file, 1000, FILE_SIZE - 1000), 0);
    cop_stream_close(&a);
    ck_assert_int_eq(cop_await(task), FILE_SIZE);
    cop_stream_close(&b);
    close(file);
}

TEST_IN_LOOP(sendfile_past_the_end_or_before_the_start_fails)
{
    struct cop_stream a, b;
    int file = memfd_create("short", MFD_CLOEXEC);

    open_pair(&a, &b);
    ck_assert_int_eq(write(file, "1234", 4), 4);
    ck_assert_int_eq(cop_sendfile(&a, file, -1, 1), -EINVAL);
    ck_assert_int_eq(cop_sendfile(&a, file, 2, 3), -ENODATA);
    ck_assert_int_eq(cop_sendfile(&a, b.io.fd, 0, 3), -ESPIPE);
    cop_stream_close(&a);
    cop_stream_close(&b);
    close(file);
}

TEST_IN_LOOP(sendfile_times_out_when_nobody_reads_and_under_a_deadline)
{
    struct cop_stream a, b;
    struct cop_scope scope;
    int file = make_file();

    open_pair(&a, &b);
    cop_stream_set_timeouts(&a, COP_NEVER, 5 * COP_MS);
    ck_assert_int_eq(cop_sendfile(&a, file, 0, FILE_SIZE), -ETIMEDOUT);
    cop_stream_set_timeouts(&a, COP_NEVER, COP_NEVER);
    cop_scope_enter(&scope, cop_now() + 5 * COP_MS);
    ck_assert_int_eq(cop_scope_exit(&scope, cop_sendfile(&a, file, 0, FILE_SIZE)), -ETIMEDOUT);
    cop_stream_close(&a);
    cop_stream_close(&b);
    close(file);
}

TEST_IN_LOOP(sendfile_to_a_peer_that_is_gone_fails_without_a_signal)
{
    struct cop_stream a, b;
    int file = make_file();

    open_pair(&a, &b);
    cop_stream_close(&b);
    ck_assert_int_eq(cop_sendfile(&a, file, 0, FILE_SIZE), -EPIPE);
    cop_stream_close(&a);
    close(file);
}

/* A file on a disk, none of which is in the page cache; or -1 where there is no such disk. */
static int make_cold_file(void)
{
    static char content[FILE_SIZE];
    char name[] = "cold-XXXXXX";
    int fd = mkstemp(name);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(unlink(name), 0);
    for (int i = 0; i < FILE_SIZE; i++)
        content[i] = (char)(i % 251);
    ck_assert_int_eq(write(fd, content, FILE_SIZE), FILE_SIZE);
    ck_assert_int_eq(fsync(fd), 0);
    ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    if (!page_cache_holds(fd, 0, FILE_SIZE))
        return fd;
    close(fd);
    return -1;
}

static uint64_t disk_reads(void)
{
    return metric_get(metrics_here, METRIC_disk_reads);
}

TEST_IN_LOOP(file_that_is_not_in_memory_is_read_by_a_thread_first)
{
    struct cop_stream a, b;
    struct cop_task *task;
    int file;
    uint64_t reads;

    if (EMULATOR_LACKS(NO_NOWAIT))
        return;
    file = make_cold_file();
    if (file < 0)
        return;
    for (int round = 0; round < 2; round++) {
        open_pair(&a, &b);
        task = cop_create_task(read_and_compare, &b);
        reads = disk_reads();
        ck_assert_int_eq(cop_sendfile(&a, file, 1000, FILE_SIZE - 1000), 0);
        cop_stream_close(&a);
        ck_assert_int_eq(cop_await(task), FILE_SIZE);
        cop_stream_close(&b);
        if (round == 0)
            ck_assert_uint_gt(disk_reads(), reads);
        else
            ck_assert_uint_eq(disk_reads(), reads);
    }
    close(file);
}

static int send_cold(void *arg)
{
    struct cop_stream *stream = ((void **)arg)[0];

    return cop_sendfile(stream, *(int *)((void **)arg)[1], 0, FILE_SIZE);
}

TEST_IN_LOOP(stream_that_waits_for_a_disk_takes_no_other_writer_and_may_be_closed)
{
    struct cop_stream a, b;
    int file = make_cold_file();
    void *args[] = {&a, &file};
    struct cop_task *task;

    if (file < 0)
        return;
    open_pair(&a, &b);
    task = cop_create_task(send_cold, args);
    ck_assert_int_eq(cop_yield(), 0);
    ck_assert(a.filling);
    ck_assert_int_eq(cop_write(&a, "x", 1), -EBUSY);
    cop_stream_close(&a);
    ck_assert_int_eq(cop_await(task), -EBADF);
    cop_stream_close(&b);
    close(file);
}

TEST_IN_LOOP(task_whose_files_are_sent_at_once_lets_the_others_run)
{
    struct cop_stream a, b;
    int file = make_file(), turns = 0;
    struct cop_task *other = cop_create_task(count_turns, &turns);
    char byte;

    open_pair(&a, &b);
    for (int i = 0; i < 3 * SCHED_STREAK_MAX; i++) {
        ck_assert_int_eq(cop_sendfile(&a, file, 0, 1), 0);
        ck_assert_int_eq(recv(b.io.fd, &byte, 1, 0), 1);
    }
    ck_assert_int_ge(turns, 2);
    (void)cop_cancel_and_wait(other);
    cop_stream_close(&a);
    cop_stream_close(&b);
    close(file);
}

static void add(TCase *tc)
{
    add_test_in_both(tc, file_that_is_larger_than_the_kernel_holds_arrives_whole);
    add_test_in_both(tc, sendfile_past_the_end_or_before_the_start_fails);
    add_test_in_both(tc, sendfile_times_out_when_nobody_reads_and_under_a_deadline);
    add_test_in_both(tc, sendfile_to_a_peer_that_is_gone_fails_without_a_signal);
    add_test_in_both(tc, task_whose_files_are_sent_at_once_lets_the_others_run);
    add_test(tc, file_that_is_not_in_memory_is_read_by_a_thread_first);
    add_test(tc, stream_that_waits_for_a_disk_takes_no_other_writer_and_may_be_closed);
}

int main(void)
{
    return run_suite("sendfile", add);
}
