/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/app/file_types.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/types-XXXXXX";

static void write_table(const char *text, size_t len)
{
    int fd;

    strcpy(path, "/tmp/types-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
    close(fd);
}

static int make(const char *text, const char *more, const char *charset, struct file_types **types)
{
    int rc;

    write_table(text, strlen(text));
    rc = file_types_new(path, more, charset, types);
    unlink(path);
    return rc;
}

static const char table[] = "# comment\n"
                            "text/html\t\t\thtml htm # and more\n"
                            "text/x-nothing\n"
                            "\n"
                            "image/png PNG\r\n"
                            "no-type png\n"
                            "text/earlier twice\n"
                            "text/later twice\n"
                            "application/own js";

static const struct {
    const char *name, *type;
} cases[] = {
    {"index.html", "text/html; charset=utf-8"},
    {"a/b/INDEX.HTM", "text/html; charset=utf-8"},
    {"x.tar.png", "image/png"},
    {"x.twice", "text/earlier; charset=utf-8"},
    {"x.js", "application/own"},
    {"x.css", "text/css; charset=utf-8"}, /* built in */
    {"x.mine", "application/mine"},
    {"x.html5", "application/octet-stream"},
    {"x.", "application/octet-stream"},
    {"png", "application/octet-stream"},
    {"a.png/png", "application/octet-stream"},
    {"", "application/octet-stream"},
    {"x.both", "text/both; charset=utf-8"},
};

START_TEST(type_is_that_of_the_last_ending_in_any_case)
{
    struct file_types *types;
    char type[FILE_TYPE_MAX];

    ck_assert_int_eq(make(table, "application/mine mine, text/both both", "utf-8", &types), 0);
    ck_assert_str_eq(file_types_print(types, cases[_i].name, type), cases[_i].type);
    file_types_free(types);
}
END_TEST

START_TEST(own_types_come_before_the_table_and_no_charset_is_none)
{
    struct file_types *types;
    char type[FILE_TYPE_MAX];

    ck_assert_int_eq(make(table, "text/mine html js", "", &types), 0);
    ck_assert_str_eq(file_types_print(types, "a.html", type), "text/mine");
    ck_assert_str_eq(file_types_print(types, "a.js", type), "text/mine");
    file_types_free(types);
}
END_TEST

START_TEST(table_that_is_not_there_or_no_text_and_own_types_that_are_none_are_refused)
{
    struct file_types *types = NULL;

    ck_assert_int_eq(file_types_new("/nowhere/types", "", "", &types), -ENOENT);
    ck_assert_int_eq(make("", "html text/html", "", &types), -EINVAL);
    ck_assert_int_eq(make("", "text/html html,text/ x", "", &types), -EINVAL);
    ck_assert_int_eq(make("", "text/h\"tml html", "", &types), -EINVAL);
    write_table("text/html\0html", 14);
    ck_assert_int_eq(file_types_new(path, "", "", &types), -EILSEQ);
    unlink(path);
    ck_assert_ptr_null(types);
}
END_TEST

START_TEST(without_a_table_the_usual_endings_are_known)
{
    struct file_types *types;
    char type[FILE_TYPE_MAX];

    ck_assert_int_eq(file_types_new(NULL, "", "utf-8", &types), 0);
    ck_assert_str_eq(file_types_print(types, "a.svg", type), "image/svg+xml");
    ck_assert_str_eq(file_types_print(types, "a.woff2", type), "font/woff2");
    ck_assert_str_eq(file_types_print(types, "a.html", type), "text/html; charset=utf-8");
    file_types_free(types);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, type_is_that_of_the_last_ending_in_any_case, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tc, own_types_come_before_the_table_and_no_charset_is_none);
    tcase_add_test(tc, table_that_is_not_there_or_no_text_and_own_types_that_are_none_are_refused);
    tcase_add_test(tc, without_a_table_the_usual_endings_are_known);
}

int main(void)
{
    return run_suite("file_types", add);
}
