/* SPDX-License-Identifier: MIT */
#include "worker/app/file_listing.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/emulated.h"
#include "tests/unit/suite.h"
#include <sys/stat.h>
#include <unistd.h>

static char folder[32];
static int root;

static void set_up(void)
{
    strcpy(folder, "/tmp/listing-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(root, 0);
}

static void tear_down(void)
{
    char command[64];

    close(root);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void put(const char *name, off_t size)
{
    int fd = openat(root, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, size), 0);
    close(fd);
}

static char *list(const char *name, bool dot_files)
{
    char *html = NULL;
    size_t len = 0;

    ck_assert_int_eq(file_listing_make(root, name, dot_files, &html, &len), 0);
    ck_assert_uint_eq(strlen(html), len);
    return html;
}

/* Where the text begins; it must be there. */
static const char *at(const char *html, const char *text)
{
    const char *found = strstr(html, text);

    ck_assert_msg(found, "expected %s in %s", text, html);
    return found;
}

START_TEST(folders_come_first_then_names_in_any_case)
{
    char *html;

    put("b", 0);
    put("C", 1500);
    put("a", 999);
    ck_assert_int_eq(mkdirat(root, "z", 0755), 0);
    html = list("", false);
    ck_assert(at(html, "href=\"z/\">z/<") < at(html, "href=\"a\""));
    ck_assert(at(html, "href=\"a\"") < at(html, "href=\"b\""));
    ck_assert(at(html, "href=\"b\"") < at(html, "href=\"C\""));
    (void)at(html, "<td>999 B</td>");
    (void)at(html, "<td>1.5 KiB</td>");
    ck_assert_ptr_null(strstr(html, "../"));
    free(html);
    html = list("z/", false);
    (void)at(html, "href=\"../\"");
    free(html);
}
END_TEST

START_TEST(names_do_harm_neither_in_text_nor_in_references)
{
    char *html;

    put("<script>&\"'", 0);
    put("a:b?c#d%41 \n\xff\xc3\xa9", 0);
    html = list("", false);
    ck_assert_ptr_null(strstr(html, "<script>"));
    (void)at(html, "href=\"%3Cscript%3E%26%22%27\">&#60;script&#62;&#38;&#34;&#39;<");
    (void)at(html, "href=\"a%3Ab%3Fc%23d%2541%20%0A%FF%C3%A9\"");
    (void)at(html, ">a:b?c#d%41 \xef\xbf\xbd\xef\xbf\xbd\xc3\xa9<");
    free(html);
}
END_TEST

START_TEST(what_is_not_served_is_not_listed)
{
    char *html;

    put(".dot", 0);
    put("file", 7);
    ck_assert_int_eq(mkfifoat(root, "fifo", 0644), 0);
    ck_assert_int_eq(symlinkat("/etc/passwd", root, "out"), 0);
    ck_assert_int_eq(symlinkat("none", root, "dangling"), 0);
    ck_assert_int_eq(mkdirat(root, "sub", 0755), 0);
    ck_assert_int_eq(symlinkat("../file", root, "sub/link"), 0);
    html = list("", false);
    ck_assert_ptr_null(strstr(html, ".dot"));
    ck_assert_ptr_null(strstr(html, "fifo"));
    ck_assert_ptr_null(strstr(html, "out"));
    ck_assert_ptr_null(strstr(html, "dangling"));
    free(html);
    html = list("", true);
    (void)at(html, "href=\".dot\"");
    free(html);
    html = list("sub/", false);
    (void)at(html, "href=\"link\">link</a></td><td>7 B");
    free(html);
}
END_TEST

START_TEST(large_folder_is_cut_and_says_so)
{
    char name[16], *html;
    size_t n = 0;

    for (int i = 0; i < FILE_LISTING_MAX + 1; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        put(name, 0);
    }
    html = list("", false);
    for (const char *row = html; (row = strstr(row, "<tr><td>")); row++)
        n++;
    ck_assert_uint_eq(n, FILE_LISTING_MAX);
    (void)at(html, "There are more");
    free(html);
    ck_assert_int_eq(unlinkat(root, "f0", 0), 0);
    html = list("", false);
    ck_assert_ptr_null(strstr(html, "There are more"));
    free(html);
}
END_TEST

START_TEST(what_is_no_folder_below_the_root_fails)
{
    char *html;
    size_t len;

    put("file", 0);
    ck_assert_int_eq(symlinkat("/etc", root, "etc"), 0);
    ck_assert_int_eq(file_listing_make(root, "none/", false, &html, &len), -ENOENT);
    ck_assert_int_eq(file_listing_make(root, "file/", false, &html, &len), -ENOTDIR);
    ck_assert_int_eq(file_listing_make(root, "etc/", false, &html, &len), -EXDEV);
}
END_TEST

static void add(TCase *tc)
{
    if (EMULATOR_LACKS(NO_OPENAT2))
        return;
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, folders_come_first_then_names_in_any_case);
    tcase_add_test(tc, names_do_harm_neither_in_text_nor_in_references);
    tcase_add_test(tc, what_is_not_served_is_not_listed);
    tcase_add_test(tc, large_folder_is_cut_and_says_so);
    tcase_add_test(tc, what_is_no_folder_below_the_root_fails);
}

int main(void)
{
    return run_suite("file_listing", add);
}
