/* SPDX-License-Identifier: MIT */
#include "common/config_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/yaml_tree.h"

/* ---- reading ---- */

static int fail(char *why, size_t size, int error, const char *expected)
{
    snprintf(why, size, "cannot read it: %s, expected %s", strerror(error), expected);
    return -error;
}

static int too_large(char *why, size_t size)
{
    snprintf(why, size, "the file is too large, expected at most %u MiB",
             YAML_TREE_BYTES_MAX >> 20);
    return -EFBIG;
}

static int read_all(int fd, struct config_file *file, char *why, size_t size)
{
    /* One byte more than allowed tells a file that grew, or whose size is not known before it is
     * read. */
    size_t capacity = YAML_TREE_BYTES_MAX + 1;
    char *text = malloc(capacity);
    size_t len = 0;

    if (!text)
        return fail(why, size, ENOMEM, "more memory");
    while (len < capacity) {
        ssize_t n = read(fd, text + len, capacity - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(text);
            return fail(why, size, errno, "a readable file");
        }
        if (n == 0)
            break;
        len += (size_t)n;
    }
    if (len == capacity) {
        free(text);
        return too_large(why, size);
    }
    file->text = text;
    file->len = len;
    return 0;
}

static int read_regular(int fd, struct config_file *file, char *why, size_t size)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail(why, size, errno, "a readable file");
    if (S_ISDIR(st.st_mode))
        return fail(why, size, EISDIR, "a file");
    if (!S_ISREG(st.st_mode)) {
        snprintf(why, size, "cannot read it: a device, pipe or socket, expected a regular file");
        return -EINVAL;
    }
    if (st.st_size > YAML_TREE_BYTES_MAX)
        return too_large(why, size);
    file->device = st.st_dev;
    file->inode = st.st_ino;
    return read_all(fd, file, why, size);
}

int config_file_read(const char *path, struct config_file *file, char *why, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int rc;

    if (fd < 0)
        return fail(why, size, errno, "a readable file");
    rc = read_regular(fd, file, why, size);
    close(fd);
    return rc;
}

/* ---- finding ---- */

int config_file_beside(const char *from, const char *path, char *file, size_t size)
{
    const char *slash = from && path[0] != '/' ? strrchr(from, '/') : NULL;
    int folder = slash ? (int)(slash - from) + 1 : 0;
    int n = snprintf(file, size, "%.*s%s", folder, folder ? from : "", path);

    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int add_path(struct config_file_list *list, const char *folder, const char *name)
{
    char **paths = reallocarray(list->paths, list->count + 1, sizeof(*paths));

    if (!paths)
        return -ENOMEM;
    list->paths = paths;
    if (asprintf(&paths[list->count], "%s%s", folder, name) < 0)
        return -ENOMEM;
    list->count++;
    return 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int match_folder(DIR *directory, const char *folder, const char *pattern,
                        struct config_file_list *list)
{
    const struct dirent *entry;

    while ((errno = 0, entry = readdir(directory))) {
        int rc;

        if (fnmatch(pattern, entry->d_name, FNM_PERIOD | FNM_NOESCAPE) != 0)
            continue;
        rc = add_path(list, folder, entry->d_name);
        if (rc < 0)
            return rc;
    }
    return -errno;
}

static int find_matches(const char *folder, const char *pattern, struct config_file_list *list)
{
    DIR *directory = opendir(folder[0] ? folder : ".");
    int rc;

    if (!directory)
        return errno == ENOENT ? 0 : -errno;
    rc = match_folder(directory, folder, pattern, list);
    closedir(directory);
    if (rc == 0 && list->count > 1)
        qsort(list->paths, list->count, sizeof(*list->paths), compare_paths);
    return rc;
}

/* The folder with its "/", or nothing: what stands before the last part. */
static char *folder_of(const char *from, const char *pattern)
{
    const char *from_slash = pattern[0] == '/' ? NULL : strrchr(from, '/');
    const char *pattern_slash = strrchr(pattern, '/');
    char *folder;
    int n = asprintf(&folder, "%.*s%.*s", from_slash ? (int)(from_slash - from) + 1 : 0, from,
                     pattern_slash ? (int)(pattern_slash - pattern) + 1 : 0, pattern);

    return n < 0 ? NULL : folder;
}

int config_file_find(const char *from, const char *pattern, struct config_file_list *list,
                     char *why, size_t size)
{
    const char *slash = strrchr(pattern, '/');
    const char *name = slash ? slash + 1 : pattern;
    struct config_file_list found = {0};
    char *folder;
    int rc;

    if (name[0] == '\0' || strcspn(pattern, "*?[") < (size_t)(name - pattern)) {
        snprintf(why, size, "expected a path of files, with wildcards only after the last \"/\"");
        return -EINVAL;
    }
    folder = folder_of(from, pattern);
    if (!folder)
        return fail(why, size, ENOMEM, "more memory");
    if (strpbrk(name, "*?["))
        rc = find_matches(folder, name, &found);
    else
        rc = add_path(&found, folder, name);
    free(folder);
    if (rc < 0) {
        config_file_list_free(&found);
        return fail(why, size, -rc, "a readable folder");
    }
    *list = found;
    return 0;
}

void config_file_list_free(struct config_file_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    *list = (struct config_file_list){0};
}
