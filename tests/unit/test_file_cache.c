/* SPDX-License-Identifier: MIT */
#include "worker/app/file_cache.h"

#include <sys/stat.h>

#include "tests/unit/both_loops.h"
#include "tests/unit/emulated.h"

/* A folder with a cache over it. */
struct fixture {
    char folder[32];
    struct file_cache_options options;
    struct file_types *types;
    struct file_cache *cache;
};

static void put(const struct fixture *fixture, const char *name, const char *text, time_t modified)
{
    struct timespec times[2] = {{.tv_sec = modified}, {.tv_sec = modified}};
    int fd =
        openat(fixture->options.source.dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(futimens(fd, times), 0);
    close(fd);
}

static void fixture_init(struct fixture *fixture)
{
    strcpy(fixture->folder, "/tmp/cache-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture->folder));
    ck_assert_int_eq(file_types_new(NULL, "", "", &fixture->types), 0);
    fixture->options = (struct file_cache_options){
        .source.dir = open(fixture->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .entries = 8,
        .open_files = 8,
        .bytes = 1 << 20,
        .source.file_max = 100,
        .valid = 3600 * COP_S,
        .source.codings = (1u << FILE_IDENTITY) - 1,
        .source.types = fixture->types};
    ck_assert_int_ge(fixture->options.source.dir, 0);
}

static void fixture_start(struct fixture *fixture)
{
    ck_assert_int_eq(file_cache_new(&fixture->options, &fixture->cache), 0);
}

static void fixture_fini(struct fixture *fixture)
{
    char command[64];

    file_cache_free(fixture->cache);
    file_types_free(fixture->types);
    close(fixture->options.source.dir);
    snprintf(command, sizeof(command), "rm -r %s", fixture->folder);
    ck_assert_int_eq(system(command), 0);
}

static struct file *get(const struct fixture *fixture, const char *name)
{
    struct file *file = NULL;

    ck_assert_int_eq(file_cache_get(fixture->cache, name, strlen(name), &file), 0);
    return file;
}

static int failure(const struct fixture *fixture, const char *name)
{
    struct file *file = NULL;

    return file_cache_get(fixture->cache, name, strlen(name), &file);
}

static void ck_holds(const struct fixture *fixture, const char *name, const char *text)
{
    struct file *file = get(fixture, name);
    const struct file_body *body = &file->copies[FILE_IDENTITY]->body;

    ck_assert_uint_eq(body->size, strlen(text));
    ck_assert_ptr_nonnull(body->data);
    ck_assert_mem_eq(body->data, text, strlen(text));
    file_cache_release(file);
}

static uint64_t misses(void)
{
    return metric_get(metrics_here, METRIC_file_cache_misses);
}

TEST_IN_LOOP(folder_that_may_not_be_read_is_a_folder_and_a_file_is_forbidden)
{
    uid_t self = geteuid();
    struct fixture fixture;
    int folder, file;

    fixture_init(&fixture);
    fixture_start(&fixture);
    put(&fixture, "a.txt", "a", 1000);
    ck_assert_int_eq(mkdirat(fixture.options.source.dir, "folder", 0711), 0);
    ck_assert_int_eq(chmod(fixture.folder, 0755), 0);
    if (self == 0) {
        ck_assert_int_eq(fchmodat(fixture.options.source.dir, "a.txt", 0600, 0), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    } else {
        ck_assert_int_eq(fchmodat(fixture.options.source.dir, "a.txt", 0, 0), 0);
        ck_assert_int_eq(fchmodat(fixture.options.source.dir, "folder", 0311, 0), 0);
    }
    folder = failure(&fixture, "folder");
    file = failure(&fixture, "a.txt");
    ck_assert_int_eq(seteuid(self), 0);
    ck_assert_int_eq(folder, -EISDIR);
    ck_assert_int_eq(file, -EACCES);
    ck_assert_int_eq(fchmodat(fixture.options.source.dir, "folder", 0700, 0), 0);
    fixture_fini(&fixture);
}
END_TEST

TEST_IN_LOOP(file_is_read_once_and_a_change_is_seen_when_its_time_is_up)
{
    struct fixture fixture;

    fixture_init(&fixture);
    fixture_start(&fixture);
    put(&fixture, "a.txt", "one", 1000);
    ck_holds(&fixture, "a.txt", "one");
    put(&fixture, "a.txt", "three", 2000);
    ck_holds(&fixture, "a.txt", "one");
    ck_assert_uint_eq(misses(), 1);
    file_cache_free(fixture.cache);
    fixture.options.valid = 0;
    fixture_start(&fixture);
    ck_holds(&fixture, "a.txt", "three");
    put(&fixture, "a.txt", "four", 2000);
    ck_holds(&fixture, "a.txt", "four");
    ck_assert_int_eq(unlinkat(fixture.options.source.dir, "a.txt", 0), 0);
    ck_assert_int_eq(failure(&fixture, "a.txt"), -ENOENT);
    ck_assert_uint_eq(file_cache_size(fixture.cache).entries, 0);
    fixture_fini(&fixture);
}

TEST_IN_LOOP(change_within_the_tick_of_the_first_read_is_seen)
{
    struct fixture fixture;
    struct timespec same[2];
    struct stat found;

    fixture_init(&fixture);
    fixture.options.valid = 0;
    fixture_start(&fixture);
    put(&fixture, "a", "1", 1000);
    ck_holds(&fixture, "a", "1");
    ck_assert_int_eq(fstatat(fixture.options.source.dir, "a", &found, 0), 0);
    same[0] = same[1] = found.st_mtim;
    put(&fixture, "a", "2", 1000);
    ck_assert_int_eq(utimensat(fixture.options.source.dir, "a", same, 0), 0);
    ck_holds(&fixture, "a", "2");
    fixture_fini(&fixture);
}

TEST_IN_LOOP(file_in_use_stays_open_when_it_must_make_room)
{
    struct fixture fixture;
    struct file *file;
    char text[200], byte;

    fixture_init(&fixture);
    fixture.options.entries = 2;
    fixture_start(&fixture);
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = 0;
    put(&fixture, "big", text, 1000);
    put(&fixture, "b", "b", 1000);
    put(&fixture, "c", "c", 1000);
    file = get(&fixture, "big");
    ck_assert_ptr_null(file->copies[FILE_IDENTITY]->body.data);
    ck_assert_uint_eq(file_cache_size(fixture.cache).open_files, 1);
    ck_holds(&fixture, "b", "b");
    ck_holds(&fixture, "c", "c");
    ck_assert_uint_eq(file_cache_size(fixture.cache).entries, 2);
    ck_assert_uint_eq(file_cache_size(fixture.cache).open_files, 0);
    ck_assert_int_eq(pread(file->copies[FILE_IDENTITY]->body.fd, &byte, 1, 0), 1);
    file_cache_release(file);
    fixture_fini(&fixture);
}

TEST_IN_LOOP(least_recently_used_goes_first)
{
    struct fixture fixture;

    fixture_init(&fixture);
    fixture.options.entries = 2;
    fixture_start(&fixture);
    put(&fixture, "a", "a", 1000);
    put(&fixture, "b", "b", 1000);
    put(&fixture, "c", "c", 1000);
    ck_holds(&fixture, "a", "a");
    ck_holds(&fixture, "b", "b");
    ck_holds(&fixture, "a", "a");
    ck_holds(&fixture, "c", "c"); /* b goes */
    ck_assert_uint_eq(misses(), 3);
    ck_holds(&fixture, "a", "a");
    ck_assert_uint_eq(misses(), 3);
    ck_holds(&fixture, "b", "b");
    ck_assert_uint_eq(misses(), 4);
    fixture_fini(&fixture);
}

TEST_IN_LOOP(bytes_and_descriptors_are_bounded)
{
    struct fixture fixture;
    char name[8], text[200];

    fixture_init(&fixture);
    fixture.options.entries = 100;
    fixture.options.bytes = 10000;
    fixture.options.open_files = 3;
    fixture_start(&fixture);
    memset(text, 'x', sizeof(text));
    for (int i = 0; i < 40; i++) {
        text[i % 2 ? 150 : 50] = 0;
        snprintf(name, sizeof(name), "f%d", i);
        put(&fixture, name, text, 1000);
        text[i % 2 ? 150 : 50] = 'x';
        file_cache_release(get(&fixture, name));
        ck_assert_uint_le(file_cache_size(fixture.cache).open_files, 3);
        ck_assert_uint_le(file_cache_size(fixture.cache).bytes, 10000);
    }
    ck_assert_uint_gt(file_cache_size(fixture.cache).entries, 2);
    fixture_fini(&fixture);
}

TEST_IN_LOOP(file_that_alone_is_too_large_pushes_nothing_out)
{
    struct fixture fixture;
    char text[3000];

    fixture_init(&fixture);
    fixture.options.source.file_max = sizeof(text);
    fixture.options.bytes = 2000;
    fixture_start(&fixture);
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = 0;
    put(&fixture, "a", "a", 1000);
    put(&fixture, "big", text, 1000);
    ck_holds(&fixture, "a", "a");
    ck_holds(&fixture, "big", text);
    ck_assert_uint_eq(file_cache_size(fixture.cache).entries, 1);
    ck_assert_uint_eq(misses(), 2);
    ck_holds(&fixture, "a", "a");
    ck_assert_uint_eq(misses(), 2);
    fixture_fini(&fixture);
}

TEST_IN_LOOP(nothing_is_kept_where_no_entries_are_allowed)
{
    struct fixture fixture;

    fixture_init(&fixture);
    fixture.options.entries = 0;
    fixture_start(&fixture);
    put(&fixture, "a", "a", 1000);
    ck_holds(&fixture, "a", "a");
    put(&fixture, "a", "b", 1000);
    ck_holds(&fixture, "a", "b");
    ck_assert_uint_eq(file_cache_size(fixture.cache).entries, 0);
    fixture_fini(&fixture);
}

TEST_IN_LOOP(copies_are_found_unless_they_are_older_and_have_tags_of_their_own)
{
    struct fixture fixture;
    struct file *file;

    fixture_init(&fixture);
    fixture.options.valid = 0;
    fixture_start(&fixture);
    put(&fixture, "a.js", "text", 2000);
    put(&fixture, "a.js.gz", "gzip", 2000);
    put(&fixture, "a.js.br", "old", 1999);
    file = get(&fixture, "a.js");
    ck_assert(file->has_copies);
    ck_assert_ptr_null(file->copies[FILE_BR]);
    ck_assert_ptr_null(file->copies[FILE_ZSTD]);
    ck_assert_str_ne(file->copies[FILE_GZIP]->etag, file->copies[FILE_IDENTITY]->etag);
    ck_assert_str_eq(file->type, "text/javascript");
    file_cache_release(file);

    put(&fixture, "a.js.zst", "zstd", 2001);
    ck_assert_int_eq(unlinkat(fixture.options.source.dir, "a.js.gz", 0), 0);
    file = get(&fixture, "a.js");
    ck_assert_ptr_nonnull(file->copies[FILE_ZSTD]);
    ck_assert_ptr_null(file->copies[FILE_GZIP]);
    file_cache_release(file);
    fixture_fini(&fixture);
}

/* Until its times tell the next change; `valid` is 0. */
static void wait_until_settled(const struct fixture *fixture, const char *name)
{
    bool is_fresh = true;

    while (is_fresh) {
        struct file *file = get(fixture, name);

        is_fresh = false;
        for (int i = 0; i < FILE_CODINGS; i++)
            is_fresh |= file->copies[i] && file->copies[i]->body.fresh;
        file_cache_release(file);
    }
}

TEST_IN_LOOP(file_goes_on_without_a_copy_that_cannot_be_had_any_more)
{
    struct fixture fixture;
    struct file *file;

    fixture_init(&fixture);
    fixture.options.valid = 0;
    fixture_start(&fixture);
    put(&fixture, "a.js", "text", 2000);
    put(&fixture, "a.js.gz", "gzip", 2000);
    file = get(&fixture, "a.js");
    ck_assert_ptr_nonnull(file->copies[FILE_GZIP]);
    file_cache_release(file);
    wait_until_settled(&fixture, "a.js");

    ck_assert_int_eq(unlinkat(fixture.options.source.dir, "a.js.gz", 0), 0);
    ck_assert_int_eq(mkdirat(fixture.options.source.dir, "a.js.gz", 0755), 0);
    file = get(&fixture, "a.js");
    ck_assert_ptr_null(file->copies[FILE_GZIP]);
    file_cache_release(file);
    fixture_fini(&fixture);
}

TEST_IN_LOOP(what_is_no_file_below_the_root_fails_and_is_not_kept)
{
    struct fixture fixture;

    fixture_init(&fixture);
    fixture_start(&fixture);
    put(&fixture, "a", "a", 1000);
    ck_assert_int_eq(mkdirat(fixture.options.source.dir, "d", 0755), 0);
    ck_assert_int_eq(mkfifoat(fixture.options.source.dir, "fifo", 0644), 0);
    ck_assert_int_eq(symlinkat("loop", fixture.options.source.dir, "loop"), 0);
    ck_assert_int_eq(symlinkat("/etc/passwd", fixture.options.source.dir, "out"), 0);
    ck_assert_int_eq(symlinkat("d/../a", fixture.options.source.dir, "in"), 0);
    ck_assert_int_eq(failure(&fixture, "none"), -ENOENT);
    ck_assert_int_eq(failure(&fixture, "d"), -EISDIR);
    ck_assert_int_eq(failure(&fixture, "fifo"), -ENOENT);
    ck_assert_int_eq(failure(&fixture, "loop"), -ELOOP);
    ck_assert_int_eq(failure(&fixture, "out"), -EXDEV);
    ck_assert_int_eq(failure(&fixture, "a/b"), -ENOTDIR);
    ck_assert_int_eq(failure(&fixture, "../x"), -EXDEV);
    ck_assert_uint_eq(file_cache_size(fixture.cache).entries, 0);
    ck_holds(&fixture, "in", "a");
    fixture_fini(&fixture);
}

static void add(TCase *tc)
{
    if (EMULATOR_LACKS(NO_OPENAT2))
        return;
    add_test_in_both(tc, folder_that_may_not_be_read_is_a_folder_and_a_file_is_forbidden);
    add_test_in_both(tc, file_is_read_once_and_a_change_is_seen_when_its_time_is_up);
    add_test_in_both(tc, change_within_the_tick_of_the_first_read_is_seen);
    add_test_in_both(tc, file_in_use_stays_open_when_it_must_make_room);
    add_test_in_both(tc, least_recently_used_goes_first);
    add_test_in_both(tc, bytes_and_descriptors_are_bounded);
    add_test_in_both(tc, file_that_alone_is_too_large_pushes_nothing_out);
    add_test_in_both(tc, nothing_is_kept_where_no_entries_are_allowed);
    add_test_in_both(tc, copies_are_found_unless_they_are_older_and_have_tags_of_their_own);
    add_test_in_both(tc, file_goes_on_without_a_copy_that_cannot_be_had_any_more);
    add_test_in_both(tc, what_is_no_file_below_the_root_fails_and_is_not_kept);
}

int main(void)
{
    return run_suite("file_cache", add);
}
