/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/jsondoc.h"
#include "tests/unit/suite.h"

static char folder[] = "/tmp/test_log.XXXXXX";
static char path[64];

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/log", folder);
}

static void remove_folder(void)
{
    char moved[80];

    snprintf(moved, sizeof(moved), "%s.1", path);
    unlink(path);
    unlink(moved);
    rmdir(folder);
}

/* The file's text, to be freed. */
static char *contents(const char *file)
{
    char *text = calloc(1, 1 << 20);
    FILE *stream = fopen(file, "r");

    ck_assert_ptr_nonnull(stream);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_lt(fread(text, 1, (1 << 20) - 1, stream), (1 << 20) - 1);
    fclose(stream);
    return text;
}

static struct jsondoc *only_record(void)
{
    char *text = contents(path);
    char error[200] = "";
    struct jsondoc *record = jsondoc_parse(text, strlen(text), error, sizeof(error));

    ck_assert_msg(record, "%s in %s", error, text);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
    return record;
}

START_TEST(log_line_as_text_has_time_level_who_and_message)
{
    char *text;
    int pid, end = 0;
    char level[8], who[8];

    ck_assert_int_eq(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_INFO), 0);
    log_set_who("web/3");
    log_warn("hello %d", 7);
    text = contents(path);
    ck_assert_int_eq(sscanf(text, "%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ %7s %5s[%d] hello 7\n%n",
                            level, who, &pid, &end),
                     3);
    ck_assert_str_eq(level, "warn");
    ck_assert_str_eq(who, "web/3");
    ck_assert_int_eq(pid, getpid());
    ck_assert_uint_eq((size_t)end, strlen(text));
    free(text);
}
END_TEST

START_TEST(log_line_below_the_level_is_not_written)
{
    char *text;

    ck_assert_int_eq(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_WARN), 0);
    log_info("not this");
    log_set_level(LOG_LEVEL_ERROR);
    log_warn("nor this");
    log_error("but this");
    text = contents(path);
    ck_assert_ptr_null(strstr(text, "not this"));
    ck_assert_ptr_null(strstr(text, "nor this"));
    ck_assert_ptr_nonnull(strstr(text, "but this"));
    free(text);
}
END_TEST

START_TEST(log_line_as_text_stays_one_line_whatever_it_is_given)
{
    char *text;

    ck_assert_int_eq(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_INFO), 0);
    /* The last two: a C1 control and a turn to the left, both as UTF-8. */
    log_info("%s", "a\nb\r\x1b[31m\x7f\xff \xc3\xa9 \"\\\xc2\x9b\xe2\x80\xae");
    text = contents(path);
    ck_assert_ptr_nonnull(
        strstr(text, "a\\nb\\r\\x1b[31m\\x7f\\xff \xc3\xa9 \"\\\\xc2\\x9b\\xe2\\x80\\xae\n"));
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
}
END_TEST

START_TEST(log_line_as_json_is_json_whatever_it_is_given)
{
    struct jsondoc *record;

    ck_assert_int_eq(log_open(path, LOG_FORMAT_JSON, LOG_LEVEL_INFO), 0);
    log_set_who("web/3\"");
    log_error("%s", "\"\\\n\t\x01\x7f\xff\xc3 \xf0\x9f\x8c\xb3");
    record = only_record();
    ck_assert_str_eq(jsondoc_text(jsondoc_get(record, "message")),
                     "\"\\\n\t\x01\x7f\xef\xbf\xbd\xef\xbf\xbd \xf0\x9f\x8c\xb3");
    ck_assert_str_eq(jsondoc_text(jsondoc_get(record, "level")), "error");
    ck_assert_str_eq(jsondoc_text(jsondoc_get(record, "who")), "web/3\"");
    ck_assert_int_eq(jsondoc_integer_value(jsondoc_get(record, "pid"), 0), getpid());
    ck_assert_uint_eq(strlen(jsondoc_text(jsondoc_get(record, "time"))), 24);
    jsondoc_free(record);
}
END_TEST

START_TEST(log_line_that_is_too_long_is_cut_and_still_whole_json)
{
    static const char *const fillers[] = {"x", "\x01", "\xc3\xa9", "\xff", "\""};
    static char message[2 * PIPE_BUF];

    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
        struct jsondoc *record;
        struct stat st;
        const char *text;

        message[0] = '\0';
        while (strlen(message) < PIPE_BUF + 10)
            strcat(message, fillers[i]);
        unlink(path);
        ck_assert_int_eq(log_open(path, LOG_FORMAT_JSON, LOG_LEVEL_INFO), 0);
        log_info("%s", message);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_le(st.st_size, PIPE_BUF);
        ck_assert_int_ge(st.st_size, PIPE_BUF - 16);
        record = only_record();
        text = jsondoc_text(jsondoc_get(record, "message"));
        ck_assert_str_eq(text + strlen(text) - 3, "...");
        jsondoc_free(record);
    }
}
END_TEST

START_TEST(log_line_leaves_errno_alone)
{
    ck_assert_int_eq(log_open("/dev/full", LOG_FORMAT_TEXT, LOG_LEVEL_INFO), 0);
    errno = EXDEV;
    log_info("lost");
    ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(log_open_that_fails_keeps_the_old_output)
{
    char *text;

    ck_assert_int_eq(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_INFO), 0);
    ck_assert_int_eq(log_open("/nowhere/log", LOG_FORMAT_JSON, LOG_LEVEL_ERROR), -ENOENT);
    log_info("still here");
    text = contents(path);
    ck_assert_ptr_nonnull(strstr(text, "] still here\n"));
    free(text);
}
END_TEST

START_TEST(log_open_of_a_fifo_without_reader_fails_at_once)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_INFO), -ENXIO);
    ck_assert_int_eq(log_fd(), STDERR_FILENO);
}
END_TEST

START_TEST(log_line_into_a_pipe_that_nobody_reads_is_lost_and_counted)
{
    static char text[1 << 20];
    int fds[2], before = dup(STDERR_FILENO);
    size_t nwritten = 0;
    ssize_t len;

    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    for (int i = 0; i < 3000; i++)
        log_info("%0100d", i);
    len = read(fds[0], text, sizeof(text) - 1);
    ck_assert_int_gt(len, 0);
    ck_assert_int_eq(text[len - 1], '\n');
    for (ssize_t i = 0; i < len; i++)
        nwritten += text[i] == '\n';
    log_info("again");
    len = read(fds[0], text, sizeof(text) - 1);
    ck_assert_int_gt(len, 0);
    text[len] = 0;
    ck_assert_int_eq(dup2(before, STDERR_FILENO), STDERR_FILENO);
    snprintf(path, sizeof(path), " %zu lines were lost: nobody read", 3000 - nwritten);
    ck_assert_msg(strstr(text, path) != NULL, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "] again\n"));
}
END_TEST

START_TEST(log_reopen_writes_to_a_new_file_under_the_same_descriptor)
{
    char moved[80];
    char *old, *new;
    int fd;

    snprintf(moved, sizeof(moved), "%s.1", path);
    ck_assert_int_eq(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_INFO), 0);
    fd = log_fd();
    log_info("before");
    ck_assert_int_eq(rename(path, moved), 0);
    log_info("between");
    ck_assert_int_eq(log_reopen(), 0);
    log_info("after");
    ck_assert_int_eq(log_fd(), fd);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_APPEND, 0);
    old = contents(moved);
    new = contents(path);
    ck_assert_ptr_nonnull(strstr(old, "between"));
    ck_assert_ptr_null(strstr(old, "after"));
    ck_assert_ptr_nonnull(strstr(new, "after"));
    free(old);
    free(new);
}
END_TEST

static void *log_many(void *arg)
{
    for (int i = 0; i < 500; i++)
        log_info("%s", "0123456789012345678901234567890123456789");
    return NULL;
}

START_TEST(log_lines_of_two_threads_never_mix)
{
    pthread_t threads[2];
    char *text, *line, *rest;
    int n = 0;

    ck_assert_int_eq(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_INFO), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, log_many, NULL), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    text = contents(path);
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), n++)
        ck_assert_str_eq(strchr(line, ']'), "] 0123456789012345678901234567890123456789");
    ck_assert_int_eq(n, 1000);
    free(text);
}
END_TEST

START_TEST(log_level_names_are_found_again)
{
    for (int level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++)
        ck_assert_int_eq(log_level_find(log_level_name((enum log_level)level)), level);
    ck_assert_int_eq(log_level_find("loud"), -EINVAL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, log_line_as_text_has_time_level_who_and_message);
    tcase_add_test(tc, log_line_below_the_level_is_not_written);
    tcase_add_test(tc, log_line_as_text_stays_one_line_whatever_it_is_given);
    tcase_add_test(tc, log_line_as_json_is_json_whatever_it_is_given);
    tcase_add_test(tc, log_line_that_is_too_long_is_cut_and_still_whole_json);
    tcase_add_test(tc, log_line_leaves_errno_alone);
    tcase_add_test(tc, log_open_that_fails_keeps_the_old_output);
    tcase_add_test(tc, log_open_of_a_fifo_without_reader_fails_at_once);
    tcase_add_test(tc, log_line_into_a_pipe_that_nobody_reads_is_lost_and_counted);
    tcase_add_test(tc, log_reopen_writes_to_a_new_file_under_the_same_descriptor);
    tcase_add_test(tc, log_lines_of_two_threads_never_mix);
    tcase_add_test(tc, log_level_names_are_found_again);
}

int main(void)
{
    return run_suite("log", add);
}
