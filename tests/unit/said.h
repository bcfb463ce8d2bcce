/* SPDX-License-Identifier: MIT */
/*
 * said.h - what a function of the runtime wrote to a descriptor, as text.
 */
#ifndef COPPICE_SAID_H
#define COPPICE_SAID_H

#include <check.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SAID_MAX 65536

static inline int said_open(void)
{
    int fd = memfd_create("said", 0);

    ck_assert_int_ge(fd, 0);
    return fd;
}

/* All of it; the text lasts until the next call. Closes fd. */
static inline const char *said_read(int fd)
{
    static char text[SAID_MAX];
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

    ck_assert_int_ge(n, 0);
    text[n] = 0;
    close(fd);
    return text;
}

static inline size_t said_count(const char *text, const char *word)
{
    size_t n = 0;

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        n++;
    return n;
}

#define assert_says(text, word) ck_assert_msg(strstr(text, word), "no \"%s\" in: %s", word, text)

#endif
