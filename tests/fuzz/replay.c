/* SPDX-License-Identifier: MIT */
/*
 * replay.c - play a folder of inputs to a fuzzer's entry, without libFuzzer.
 *
 * Linked with one fuzz_NAME.c. It needs no clang, so every test run plays what any fuzzer once
 * found.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns 0 or -errno. The buffer is exactly as long as the input, so that a sanitizer sees one
 * byte too many. */
static int play(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *whole = NULL;
    uint8_t *input = NULL;
    int rc = -ENOMEM;
    size_t size;

    if (file == NULL)
        return -errno;
    whole = malloc(INPUT_MAX);
    if (whole == NULL)
        goto out;
    size = fread(whole, 1, INPUT_MAX, file);
    if (ferror(file)) {
        rc = -EIO;
        goto out;
    }
    input = malloc(size > 0 ? size : 1);
    if (input == NULL)
        goto out;
    memcpy(input, whole, size);
    LLVMFuzzerTestOneInput(input, size);
    rc = 0;
out:
    free(input);
    free(whole);
    fclose(file);
    return rc;
}

/* Returns how many inputs were played, or -errno. A folder that does not exist has none. */
static int play_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int played = 0;
    int rc = 0;

    if (dir == NULL)
        return errno == ENOENT ? 0 : -errno;
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        char path[PATH_MAX];

        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= (int)sizeof(path))
            rc = -ENAMETOOLONG;
        else
            rc = play(path);
        if (rc < 0)
            fprintf(stderr, "replay: %s: %s\n", path, strerror(-rc));
        else
            played++;
    }
    closedir(dir);
    return rc < 0 ? rc : played;
}

int main(int argc, char **argv)
{
    int played;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    played = play_folder(argv[1]);
    if (played < 0)
        return 1;
    printf("%s: %d inputs played\n", argv[1], played);
    return 0;
}
