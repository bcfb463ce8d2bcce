/* SPDX-License-Identifier: MIT */
/*
 * load_options.h - the command line of `coppice load`, from one table of options.
 */
#ifndef COPPICE_LOAD_OPTIONS_H
#define COPPICE_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/url.h"

struct load_options {
    const char *url_text;
    struct url url;
    int64_t connections;
    int64_t workers;
    int64_t requests; /* 0: no limit */
    int64_t warmup;
    int64_t duration;
    int64_t timeout;
    bool no_keepalive;
    bool json;
    bool help;
};

/* Read what stands after "coppice load" and check it against what this process may have
 * (descriptors). Returns 0, or -EINVAL with one line in error[0 .. size). With `help` set nothing
 * else was checked. */
int load_options_parse(int argc, char **argv, struct load_options *options, char *error,
                       size_t size);

void load_options_print_help(FILE *stream);

#endif
