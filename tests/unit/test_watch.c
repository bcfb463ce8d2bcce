/* SPDX-License-Identifier: MIT */
#include "master/watch.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LATE_S 20.

static struct ev_loop *loop;
static struct watch *watch;
static char folder[64];
static unsigned ncalls;
static char changed[4096];

static void note(void *arg, const char *path)
{
    ncalls++;
    snprintf(changed, sizeof(changed), "%s", path);
    ev_break(loop, EVBREAK_ALL);
}

static void give_up(struct ev_loop *of, ev_timer *timer, int events)
{
    ck_abort_msg("nothing is told");
}

/* The next change; its file. */
static const char *told(void)
{
    ev_timer late;

    ev_timer_init(&late, give_up, LATE_S, 0.);
    ev_timer_start(loop, &late);
    ev_run(loop, 0);
    ev_timer_stop(loop, &late);
    return changed;
}

static void put(const char *path)
{
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("text", file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void begin(void)
{
    strcpy(folder, "/tmp/test_watch.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    loop = ev_loop_new(EVFLAG_AUTO);
    ck_assert_ptr_nonnull(loop);
    ncalls = 0;
    ck_assert_int_eq(watch_open(loop, note, NULL, &watch), 0);
}

static void end(void)
{
    char command[96];

    watch_close(watch);
    ev_loop_destroy(loop);
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(file_that_is_written_is_told_and_its_neighbours_are_not)
{
    ck_assert_int_eq(watch_add(watch, "app.so"), 1);
    put("other.so");
    put("app.so.tmp");
    put("app.so");
    ck_assert_str_eq(told(), "app.so");
}
END_TEST

START_TEST(file_that_is_renamed_over_is_told_every_time)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/app.so", folder);
    put("app.so");
    ck_assert_int_eq(watch_add(watch, path), 1);
    for (int i = 0; i < 2; i++) {
        put("new");
        ck_assert_int_eq(rename("new", "app.so"), 0);
        ck_assert_str_eq(told(), path);
    }
    ck_assert_int_eq(unlink("app.so"), 0);
    put("app.so");
    ck_assert_str_eq(told(), path);
}
END_TEST

START_TEST(what_has_changed_is_told_at_once_when_asked)
{
    ck_assert_int_eq(watch_add(watch, "."), 1);
    watch_read(watch);
    ck_assert_uint_eq(ncalls, 0);
    for (int i = 0; i < 200; i++)
        put(i % 2 ? "a.c" : "b.c");
    watch_read(watch);
    ck_assert_uint_eq(ncalls, 200);
    ck_assert_str_eq(changed, "./a.c");
}
END_TEST

START_TEST(folder_is_watched_with_all_below_and_what_is_made_there_later)
{
    ck_assert_int_eq(mkdir("src", 0700), 0);
    ck_assert_int_eq(mkdir("src/deep", 0700), 0);
    ck_assert_int_eq(mkdir("src/.git", 0700), 0);
    ck_assert_int_eq(watch_add(watch, "src/"), 2);
    put("src/deep/a.h");
    ck_assert_str_eq(told(), "src/deep/a.h");
    ck_assert_int_eq(mkdir("src/new", 0700), 0);
    ck_assert_str_eq(told(), "src/new");
    put("src/new/b.h");
    ck_assert_str_eq(told(), "src/new/b.h");
}
END_TEST

START_TEST(folders_that_are_gone_make_room_for_others)
{
    ck_assert_int_eq(watch_add(watch, "."), 1);
    for (unsigned i = 0; i < 1500; i++) {
        ck_assert_int_eq(mkdir("made", 0700), 0);
        ck_assert_str_eq(told(), "./made");
        ck_assert_int_eq(rmdir("made"), 0);
    }
    ck_assert_int_eq(mkdir("made", 0700), 0);
    told();
    put("made/app.c");
    ck_assert_str_eq(told(), "./made/app.c");
}
END_TEST

START_TEST(folder_that_was_renamed_is_told_once_by_its_new_name)
{
    ck_assert_int_eq(mkdir("old", 0700), 0);
    ck_assert_int_eq(watch_add(watch, "."), 2);
    ck_assert_int_eq(rename("old", "new"), 0);
    ck_assert_str_eq(told(), "./new");
    ncalls = 0;
    put("new/app.c");
    ck_assert_str_eq(told(), "./new/app.c");
    watch_read(watch);
    ck_assert_uint_eq(ncalls, 1);
}
END_TEST

START_TEST(what_editors_and_compilers_leave_in_a_folder_is_not_told)
{
    static const char *const noise[] = {".a.c.swp", "a.c~", "4913", "#a.c#", "a.o", "a.d", "a.so"};

    ck_assert_int_eq(watch_add(watch, "."), 1);
    for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
        put(noise[i]);
    put("z.c");
    ck_assert_str_eq(told(), "./z.c");
    ck_assert_uint_eq(ncalls, 1);
}
END_TEST

START_TEST(path_in_no_folder_is_refused)
{
    ck_assert_int_eq(watch_add(watch, "none/app.so"), -ENOENT);
    put("file");
    ck_assert_int_eq(watch_add(watch, "file/app.so"), -ENOTDIR);
    watch_close(NULL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, file_that_is_written_is_told_and_its_neighbours_are_not);
    tcase_add_test(tc, file_that_is_renamed_over_is_told_every_time);
    tcase_add_test(tc, what_has_changed_is_told_at_once_when_asked);
    tcase_add_test(tc, folder_is_watched_with_all_below_and_what_is_made_there_later);
    tcase_add_test(tc, folders_that_are_gone_make_room_for_others);
    tcase_add_test(tc, folder_that_was_renamed_is_told_once_by_its_new_name);
    tcase_add_test(tc, what_editors_and_compilers_leave_in_a_folder_is_not_told);
    tcase_add_test(tc, path_in_no_folder_is_refused);
}

int main(void)
{
    return run_suite("watch", add);
}
