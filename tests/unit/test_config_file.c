/* SPDX-License-Identifier: MIT */
#include "common/config_file.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/yaml_tree.h"
#include "tests/unit/suite.h"

static char folder[] = "/tmp/test[config_file.XXXXXX";
static char why[256];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static void remove_folder(void)
{
    ck_assert_int_eq(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *in_folder(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void put(const char *name, size_t len)
{
    FILE *stream = fopen(in_folder(name), "w");

    ck_assert_ptr_nonnull(stream);
    for (size_t i = 0; i < len; i++)
        fputc('x', stream);
    fclose(stream);
}

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(mkdir(in_folder("conf.d"), 0700), 0);
    put("conf.d/b.yaml", 1);
    put("conf.d/a.yaml", 1);
    put("conf.d/.hidden.yaml", 1);
    put("conf.d/c.txt", 1);
}

static void ck_assert_unreadable(const char *path, int rc, const char *expected)
{
    struct config_file file;

    ck_assert_int_eq(config_file_read(path, &file, why, sizeof(why)), rc);
    ck_assert_msg(strstr(why, expected), "%s: %s", expected, why);
    ck_assert_ptr_nonnull(strstr(why, ", expected "));
}

START_TEST(config_file_read_gives_the_whole_file)
{
    struct config_file file;

    put("largest", YAML_TREE_BYTES_MAX);
    ck_assert_int_eq(config_file_read(in_folder("largest"), &file, why, sizeof(why)), 0);
    ck_assert_uint_eq(file.len, YAML_TREE_BYTES_MAX);
    free(file.text);
    put("empty", 0);
    ck_assert_int_eq(config_file_read(in_folder("empty"), &file, why, sizeof(why)), 0);
    ck_assert_uint_eq(file.len, 0);
    free(file.text);
}
END_TEST

START_TEST(config_file_read_refuses_what_is_too_large)
{
    put("large", YAML_TREE_BYTES_MAX + 1);
    ck_assert_unreadable(in_folder("large"), -EFBIG, "too large");
    put("huge", 0);
    ck_assert_int_eq(truncate(in_folder("huge"), 100l << 30), 0);
    ck_assert_unreadable(in_folder("huge"), -EFBIG, "too large");
}
END_TEST

START_TEST(config_file_read_refuses_what_is_no_file_without_waiting)
{
    ck_assert_int_eq(mkfifo(in_folder("fifo"), 0600), 0);
    ck_assert_unreadable(in_folder("fifo"), -EINVAL, "a device, pipe or socket");
    ck_assert_unreadable("/dev/zero", -EINVAL, "a device, pipe or socket");
    ck_assert_unreadable(in_folder("conf.d"), -EISDIR, "directory");
    ck_assert_unreadable(in_folder("absent"), -ENOENT, "No such file");
    ck_assert_unreadable(in_folder("conf.d/a.yaml/x"), -ENOTDIR, "Not a directory");
}
END_TEST

static void ck_assert_finds(const char *pattern, const char *first, const char *second)
{
    const char *expected[] = {first, second};
    struct config_file_list list;
    size_t count = first ? second ? 2 : 1 : 0;
    char main_file[256];

    strcpy(main_file, in_folder("main.yaml"));
    ck_assert_msg(config_file_find(main_file, pattern, &list, why, sizeof(why)) == 0, "%s", why);
    ck_assert_uint_eq(list.count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(list.paths[i], in_folder(expected[i]));
    config_file_list_free(&list);
}

START_TEST(config_file_find_sorts_and_leaves_hidden_files_out)
{
    ck_assert_finds("conf.d/*.yaml", "conf.d/a.yaml", "conf.d/b.yaml");
    ck_assert_finds("conf.d/[b-z].*", "conf.d/b.yaml", "conf.d/c.txt");
    ck_assert_finds("conf.d/?.txt", "conf.d/c.txt", NULL);
}
END_TEST

START_TEST(config_file_find_without_matches_is_an_empty_list)
{
    ck_assert_finds("conf.d/*.json", NULL, NULL);
    ck_assert_finds("absent.d/*.yaml", NULL, NULL);
}
END_TEST

START_TEST(config_file_find_without_wildcards_is_that_file_there_or_not)
{
    ck_assert_finds("absent.yaml", "absent.yaml", NULL);
    ck_assert_finds("conf.d/a.yaml", "conf.d/a.yaml", NULL);
}
END_TEST

START_TEST(config_file_find_is_relative_to_the_including_file_unless_absolute)
{
    struct config_file_list list;

    ck_assert_int_eq(config_file_find("main.yaml", "x.yaml", &list, why, sizeof(why)), 0);
    ck_assert_str_eq(list.paths[0], "x.yaml");
    config_file_list_free(&list);
    ck_assert_int_eq(config_file_find("/a/main.yaml", "/b/x.yaml", &list, why, sizeof(why)), 0);
    ck_assert_str_eq(list.paths[0], "/b/x.yaml");
    config_file_list_free(&list);
    ck_assert_int_eq(config_file_find("/a/main.yaml", "/x.yaml", &list, why, sizeof(why)), 0);
    ck_assert_str_eq(list.paths[0], "/x.yaml");
    config_file_list_free(&list);
}
END_TEST

START_TEST(config_file_find_refuses_wildcards_in_folders_and_no_name)
{
    static const char *const bad[] = {"", "conf.d/", "*/a.yaml", "/*/*", "con?.d/a.yaml"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct config_file_list list;

        ck_assert_int_eq(config_file_find("f", bad[i], &list, why, sizeof(why)), -EINVAL);
        ck_assert_ptr_nonnull(strstr(why, "expected a path"));
    }
}
END_TEST

START_TEST(config_file_find_in_what_is_no_folder_fails)
{
    struct config_file_list list;
    char main_file[256];

    strcpy(main_file, in_folder("main.yaml"));
    ck_assert_int_eq(config_file_find(main_file, "conf.d/a.yaml/*.yaml", &list, why, sizeof(why)),
                     -ENOTDIR);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, config_file_read_gives_the_whole_file);
    tcase_add_test(tc, config_file_read_refuses_what_is_too_large);
    tcase_add_test(tc, config_file_read_refuses_what_is_no_file_without_waiting);
    tcase_add_test(tc, config_file_find_sorts_and_leaves_hidden_files_out);
    tcase_add_test(tc, config_file_find_without_matches_is_an_empty_list);
    tcase_add_test(tc, config_file_find_without_wildcards_is_that_file_there_or_not);
    tcase_add_test(tc, config_file_find_is_relative_to_the_including_file_unless_absolute);
    tcase_add_test(tc, config_file_find_refuses_wildcards_in_folders_and_no_name);
    tcase_add_test(tc, config_file_find_in_what_is_no_folder_fails);
}

int main(void)
{
    return run_suite("config_file", add);
}
