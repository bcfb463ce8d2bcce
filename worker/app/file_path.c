/* SPDX-License-Identifier: MIT */
#include "worker/app/file_path.h"

#include <string.h>

#include "common/digits.h"

/* One octet from path[*i]. Returns it, or -status. */
static int decode(const char *path, size_t len, size_t *i)
{
    int high, low;

    if (path[*i] != '%')
        return (unsigned char)path[(*i)++];
    if (len - *i < 3)
        return -400;
    high = hex_value(path[*i + 1]);
    low = hex_value(path[*i + 2]);
    if (high < 0 || low < 0 || high + low == 0)
        return -400;
    *i += 3;
    return high * 16 + low == '/' ? -404 : high * 16 + low;
}

/* The segment name[from .. *len) is complete. */
static int end_segment(char *name, size_t from, size_t *len, int dot_files)
{
    size_t n = *len - from;
    const char *segment = name + from;

    if (n == 1 && segment[0] == '.') {
        *len = from;
    } else if (n == 2 && memcmp(segment, "..", 2) == 0) {
        *len = from ? from - 1 : 0;
        while (*len && name[*len - 1] != '/')
            (*len)--;
    } else if (n && segment[0] == '.' && !dot_files) {
        return -404;
    }
    return 0;
}

int file_path_read(const char *path, size_t len, int dot_files, char *name, size_t size)
{
    size_t n = 0, from = 0, i = 0;

    while (i < len) {
        int rc = path[i] == '/' ? 0 : decode(path, len, &i);

        if (rc < 0)
            return rc;
        if (n + 2 > size)
            return -404;
        if (rc > 0) {
            name[n++] = (char)rc;
            continue;
        }
        i++;
        rc = end_segment(name, from, &n, dot_files);
        if (rc < 0)
            return rc;
        if (n && name[n - 1] != '/')
            name[n++] = '/';
        from = n;
    }
    if (end_segment(name, from, &n, dot_files) < 0)
        return -404;
    name[n] = 0;
    return (int)n;
}
