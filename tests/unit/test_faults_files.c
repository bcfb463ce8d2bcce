/* SPDX-License-Identifier: MIT */
/*
 * test_faults_files.c - files below a root, when memory, descriptors or threads run out: a failure
 * is told, and nothing is left.
 */
#include "tests/unit/emulated.h"
#include "tests/unit/faults.h"

#include <sys/stat.h>

#include "worker/app/file_cache.h"
#include "worker/app/file_listing.h"

/* Made once: what is in it is only read. */
static char folder[32];
static int root;

static void put(const char *name, size_t size)
{
    char text[300];
    int fd = openat(root, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    ck_assert_uint_le(size, sizeof(text));
    memset(text, 'x', size);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, size), (ssize_t)size);
    close(fd);
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/files-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(root, 0);
    put("small.js", 10);
    put("small.js.gz", 5);
    put("large", 300);
}

static void remove_folder(void)
{
    char command[64];

    close(root);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static int get(struct file_cache *cache, const char *name)
{
    struct file *file;
    int rc = file_cache_get(cache, name, strlen(name), &file);

    if (rc == 0)
        file_cache_release(file);
    return rc;
}

static int use_cache(const struct file_types *types)
{
    const struct file_cache_options options = {.source.dir = root,
                                               .entries = 8,
                                               .open_files = 8,
                                               .bytes = 1 << 20,
                                               .source.file_max = 100,
                                               .source.codings = (1u << FILE_IDENTITY) - 1,
                                               .source.types = types};
    static const char *const names[] = {"small.js", "large", "small.js", "large"};
    struct file_cache *cache;
    int rc = file_cache_new(&options, &cache);

    if (rc < 0)
        return rc;
    for (int i = 0; i < 4 && rc == 0; i++)
        rc = get(cache, names[i]);
    file_cache_free(cache);
    return rc;
}

static int use_files(void)
{
    struct file_types *types;
    int rc = file_types_new(NULL, "text/x-own own", "utf-8", &types);

    if (rc < 0)
        return rc;
    rc = use_cache(types);
    file_types_free(types);
    return rc;
}

static int list(void *arg)
{
    char *html;
    size_t len;
    int rc = file_listing_make(root, "", true, &html, &len);

    if (rc == 0)
        free(html);
    return rc;
}

static int use_listing(void)
{
    return cop_to_thread(list, NULL);
}

START_TEST(files_are_served_or_the_failure_is_told)
{
    static const int errors[] = {-ENOMEM, -EMFILE, 0};
    struct sweep one = {use_files, errors, false};

    make_folder();
    sweep(&one, _i);
    remove_folder();
}
END_TEST

START_TEST(folder_is_listed_or_the_failure_is_told)
{
    static const int errors[] = {-ENOMEM, -EMFILE, -EAGAIN, 0};
    struct sweep one = {use_listing, errors, false};

    make_folder();
    sweep(&one, _i);
    remove_folder();
}
END_TEST

static void add(TCase *tc)
{
    if (EMULATOR_LACKS(NO_OPENAT2))
        return;
    add_test_in_both(tc, files_are_served_or_the_failure_is_told);
    add_test_in_both(tc, folder_is_listed_or_the_failure_is_told);
}

int main(void)
{
    return run_suite("faults_files", add);
}
