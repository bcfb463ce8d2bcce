/* SPDX-License-Identifier: MIT */
/*
 * config_mark.h - a place in a configuration file, and the one way to say that something is wrong
 * there.
 */
#ifndef COPPICE_CONFIG_MARK_H
#define COPPICE_CONFIG_MARK_H

#include <stddef.h>

/* Line and column count from 1. The name of the file is owned by the struct config. */
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

/* Write "file:line:column: message" and return -EINVAL. */
int config_mark_fail(const struct config_error *error, const struct config_mark *mark,
                     const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
