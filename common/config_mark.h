/* SPDX-License-Identifier: MIT */
/*
 * config_mark.h - a place in a configuration file, and the one way to say that something is wrong
 * there.
 */
#ifndef COPPICE_CONFIG_MARK_H
#define COPPICE_CONFIG_MARK_H

#include <stddef.h>

/* Line and column count from 1. The name of the file is owned by the struct config. A place on the
 * command line has line 0, and the option's name for a file, which is not copied. */
struct config_mark {
    const char *file;
    unsigned line;
    unsigned column;
};

/* Where a message goes; it is always one line of UTF-8 without control characters, cut to fit. */
struct config_error {
    char *text;
    size_t size;
};

#define CONFIG_MARK_TEXT_MAX 512

/* "file:line:column", or the option's name, into text[CONFIG_MARK_TEXT_MAX], cut to fit; returns
 * text. */
char *config_mark_print(const struct config_mark *mark, char *text);

/* Write "file:line:column: message" and return -EINVAL. */
int config_mark_fail(const struct config_error *error, const struct config_mark *mark,
                     const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
