/* SPDX-License-Identifier: MIT */
/* A path below a root: the name has no empty, "." or ".." segment and no NUL, does not begin with a
 * slash, fits, and is its own name when it is asked for again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "worker/app/file_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name, int dot_files)
{
    CHECK(name[0] != '/');
    while (*name) {
        size_t n = strcspn(name, "/");

        CHECK(n > 0 && !(n == 1 && name[0] == '.') && !(n == 2 && memcmp(name, "..", 2) == 0));
        CHECK(dot_files || name[0] != '.');
        name += n + (name[n] == '/');
    }
}

static void check_again(const char *name, int dot_files)
{
    char again[256];

    if (strchr(name, '%'))
        return;
    CHECK(file_path_read(name, strlen(name), dot_files, again, sizeof(again)) >= 0);
    CHECK(strcmp(name, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int dot_files = size > 0 && data[0] == '+';
    char name[256], *path;
    int rc;

    if (size > 200) /* a name that just does not fit would not fit again either */
        return 0;
    path = malloc(size + 1);
    CHECK(path);
    path[0] = '/';
    if (size)
        memcpy(path + 1, data, size);
    rc = file_path_read(path, size + 1, dot_files, name, sizeof(name));
    CHECK(rc == -400 || rc == -404 || (rc >= 0 && strlen(name) == (size_t)rc));
    if (rc >= 0) {
        check_name(name, dot_files);
        check_again(name, dot_files);
    }
    free(path);
    return 0;
}
