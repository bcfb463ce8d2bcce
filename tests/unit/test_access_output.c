/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/http/access_output.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[] = "/tmp/test_access_output.XXXXXX";
static char path[64], moved[64];

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/log", folder);
    snprintf(moved, sizeof(moved), "%s/log.1", folder);
}

static void remove_folder(void)
{
    unlink(path);
    unlink(moved);
    rmdir(folder);
}

static void ck_assert_file(const char *name, const char *expected)
{
    char text[256] = "";
    FILE *stream = fopen(name, "r");

    ck_assert_ptr_nonnull(stream);
    (void)!fread(text, 1, sizeof(text) - 1, stream);
    fclose(stream);
    ck_assert_str_eq(text, expected);
}

static int put(const char *lines, size_t *lost)
{
    return access_output_write(lines, strlen(lines), lost);
}

/* Files may have that many bytes. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    (void)getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    (void)setrlimit(RLIMIT_FSIZE, &limit);
}

START_TEST(access_output_writes_behind_what_is_there)
{
    size_t lost = 0;

    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(access_output_open(path), 0);
        ck_assert_int_eq(put("one\ntwo\n", &lost), 0);
    }
    ck_assert_file(path, "one\ntwo\none\ntwo\n");
    ck_assert_uint_eq(lost, 0);
}
END_TEST

START_TEST(access_output_reopened_goes_to_a_new_file)
{
    size_t lost = 0;

    ck_assert_int_eq(access_output_open(path), 0);
    ck_assert_int_eq(put("old\n", &lost), 0);
    ck_assert_int_eq(rename(path, moved), 0);
    ck_assert_int_eq(put("old\n", &lost), 0);
    ck_assert_int_eq(access_output_reopen(), 0);
    ck_assert_int_eq(put("new\n", &lost), 0);
    ck_assert_file(moved, "old\nold\n");
    ck_assert_file(path, "new\n");
}
END_TEST

START_TEST(access_output_behind_a_torn_line_begins_on_a_line_of_its_own)
{
    size_t torn = 0, lost = 0;
    int results[2];

    ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    ck_assert_int_eq(access_output_open(path), 0);
    /* Check has files, too: nothing is asserted in between. */
    limit_files(10);
    results[0] = put("12345678\nabcdefgh\nxyz\n", &torn);
    results[1] = put("lost\n", &lost);
    limit_files(RLIM_INFINITY);
    ck_assert_int_eq(results[0], -ENOSPC);
    ck_assert_uint_eq(torn, 2);
    ck_assert_int_eq(results[1], -EFBIG);
    ck_assert_uint_eq(lost, 1);
    ck_assert_int_eq(put("next\n", &lost), 0);
    ck_assert_int_eq(put("last\n", &lost), 0);
    ck_assert_file(path, "12345678\na\nnext\nlast\n");
}
END_TEST

START_TEST(access_output_to_a_full_disk_loses_all_lines)
{
    size_t lost = 0;

    ck_assert_int_eq(access_output_open("/dev/full"), 0);
    ck_assert_int_eq(put("one\ntwo\n", &lost), -ENOSPC);
    ck_assert_uint_eq(lost, 2);
}
END_TEST

START_TEST(access_output_without_its_folder_is_refused)
{
    char none[80];

    snprintf(none, sizeof(none), "%s/none/log", folder);
    ck_assert_int_eq(access_output_open(none), -ENOENT);
    ck_assert_int_eq(access_output_open("off"), 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, access_output_writes_behind_what_is_there);
    tcase_add_test(tc, access_output_reopened_goes_to_a_new_file);
    tcase_add_test(tc, access_output_behind_a_torn_line_begins_on_a_line_of_its_own);
    tcase_add_test(tc, access_output_to_a_full_disk_loses_all_lines);
    tcase_add_test(tc, access_output_without_its_folder_is_refused);
}

int main(void)
{
    return run_suite("access_output", add);
}
