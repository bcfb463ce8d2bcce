/* SPDX-License-Identifier: MIT */
/*
 * load_summary.h - what `coppice load` found, for people and for programs, from its workers' summed
 * metrics.
 */
#ifndef COPPICE_LOAD_SUMMARY_H
#define COPPICE_LOAD_SUMMARY_H

#include <stdbool.h>
#include <stdio.h>

#include "common/metrics.h"
#include "master/load_options.h"

/* The sum of all kinds of failures. */
uint64_t load_summary_errors(const struct metrics *metrics);

/* The summary for people. `interrupted`: it ended before its time. */
void load_summary_print(FILE *stream, const struct load_options *options,
                        const struct metrics *metrics, bool interrupted);

/* One JSON object on one line; base units, integers where they are. Returns 0 or -ENOMEM. */
int load_summary_print_json(FILE *stream, const struct load_options *options,
                            const struct metrics *metrics, bool interrupted);

/* A line about the interval since `before`, without a line end. */
void load_summary_print_progress(FILE *stream, const struct load_options *options,
                                 const struct metrics *metrics, const struct metrics *before,
                                 double seconds);

#endif
