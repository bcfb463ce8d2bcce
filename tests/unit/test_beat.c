/* SPDX-License-Identifier: MIT */
#include "common/beat.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every field tells the same number, so that a torn view shows. */
static void write_round(struct beat *beat, uint32_t i)
{
    beat_tick(beat, i, i, i, i, i);
}

static void assert_whole(const struct beat_view *view)
{
    uint32_t i = (uint32_t)view->beat_ns;

    ck_assert_int_eq(view->lag_ns, i);
    ck_assert_uint_eq(view->connections, i);
    ck_assert_uint_eq(view->tasks, i);
    ck_assert_uint_eq(view->tasks_running, i);
}

START_TEST(view_shows_what_was_written)
{
    struct beat *beats = beat_new(2);
    struct beat_view view;

    ck_assert_ptr_nonnull(beats);
    beat_set_state(&beats[1], BEAT_READY);
    beat_tick(&beats[1], 100, 20, 3, 4, 1);
    beat_task_start(&beats[1], 42, 90, "GET /users/7 and more", 12);
    ck_assert_int_eq(beat_read(&beats[1], &view), 0);
    ck_assert_uint_eq(view.state, BEAT_READY);
    ck_assert_int_eq(view.beat_ns, 100);
    ck_assert_int_eq(view.lag_ns, 20);
    ck_assert_uint_eq(view.connections, 3);
    ck_assert_uint_eq(view.tasks, 4);
    ck_assert_uint_eq(view.tasks_running, 1);
    ck_assert_uint_eq(view.task, 42);
    ck_assert_int_eq(view.task_since_ns, 90);
    ck_assert_str_eq(view.label, "GET /users/7");
    beat_task_stop(&beats[1]);
    ck_assert_int_eq(beat_read(&beats[1], &view), 0);
    ck_assert_int_eq(view.task_since_ns, 0);
    ck_assert_int_eq(beat_read(&beats[0], &view), 0);
    ck_assert_uint_eq(view.state, BEAT_EMPTY);
    beat_free(beats, 2);
}
END_TEST

START_TEST(long_label_is_cut_and_ended)
{
    struct beat *beat = beat_new(1);
    struct beat_view view;
    char label[2 * BEAT_LABEL_MAX];

    memset(label, 'x', sizeof(label));
    beat_task_start(beat, 1, 1, label, sizeof(label));
    ck_assert_int_eq(beat_read(beat, &view), 0);
    ck_assert_uint_eq(strlen(view.label), BEAT_LABEL_MAX - 1);
    beat_task_start(beat, 2, 1, "ab", 2);
    ck_assert_int_eq(beat_read(beat, &view), 0);
    ck_assert_str_eq(view.label, "ab");
    beat_free(beat, 1);
}
END_TEST

START_TEST(reader_beside_a_writing_process_sees_whole_views_and_still_does_after_its_death)
{
    struct beat *beat = beat_new(1);
    struct beat_view view;
    unsigned seen = 0;
    int64_t last = 0;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        for (uint32_t i = 1;; i++)
            write_round(beat, i);
    while (seen < 1000) {
        if (beat_read(beat, &view) < 0)
            continue;
        assert_whole(&view);
        seen += view.beat_ns != last;
        last = view.beat_ns;
    }
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    if (beat_read(beat, &view) == 0)
        assert_whole(&view);
    ck_assert_int_ge(view.beat_ns, last);
    beat_free(beat, 1);
}
END_TEST

START_TEST(writer_that_died_in_the_middle_still_shows_its_last_beat)
{
    struct beat *beat = beat_new(1);
    struct beat_view view;

    write_round(beat, 9);
    atomic_fetch_add(&beat->sequence, 1);
    ck_assert_int_eq(beat_read(beat, &view), -EAGAIN);
    ck_assert_int_eq(view.beat_ns, 9);
    beat_free(beat, 1);
}
END_TEST

static atomic_bool finish;

static void *write_until_finish(void *beat)
{
    for (uint32_t i = 1; !atomic_load(&finish); i++) {
        write_round(beat, i);
        beat_task_start(beat, i, i, "label", 5);
    }
    return NULL;
}

/* The same inside one process, where the thread sanitizer sees both sides. */
START_TEST(reader_beside_a_writing_thread_sees_whole_views)
{
    struct beat *beat = beat_new(1);
    struct beat_view view;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, write_until_finish, beat), 0);
    for (int i = 0; i < 100000; i++)
        if (beat_read(beat, &view) == 0)
            assert_whole(&view);
    atomic_store(&finish, true);
    pthread_join(thread, NULL);
    beat_free(beat, 1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, view_shows_what_was_written);
    tcase_add_test(tc, long_label_is_cut_and_ended);
    tcase_add_test(tc,
                   reader_beside_a_writing_process_sees_whole_views_and_still_does_after_its_death);
    tcase_add_test(tc, writer_that_died_in_the_middle_still_shows_its_last_beat);
    tcase_add_test(tc, reader_beside_a_writing_thread_sees_whole_views);
}

int main(void)
{
    return run_suite("beat", add);
}
