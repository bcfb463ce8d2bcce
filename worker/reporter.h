/* SPDX-License-Identifier: MIT */
/*
 * reporter.h - sends the worker's facts up the pipe: at each interval, and once more at the end.
 */
#ifndef COPPICE_REPORTER_H
#define COPPICE_REPORTER_H

#include <stddef.h>

#include "common/heritage.h"
#include "common/metrics.h"
#include "common/report.h"

struct reporter {
    struct report_writer *writers; /* one per loop */
    struct metrics **metrics;      /* the heritage's */
    size_t n;
};

/* For the n loops of the worker. Returns 0 or -ENOMEM. */
int reporter_init(struct reporter *reporter, const struct heritage *heritage, size_t n);
void reporter_fini(struct reporter *reporter);

/* Facts without numbers; each is written once, also through a pipe that is full for a moment. */
void reporter_hello(struct reporter *reporter);
void reporter_ready(struct reporter *reporter, const char *example);
void reporter_fatal(struct reporter *reporter, const char *text);

/* Take the process's numbers, and send every loop's. A full pipe drops records, never waits. */
void reporter_send(struct reporter *reporter);

/* The last numbers, then a farewell for each loop; waits up to a second for room in the pipe. */
void reporter_bye(struct reporter *reporter);

#endif
