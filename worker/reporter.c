/* SPDX-License-Identifier: MIT */
#include "worker/reporter.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "common/clock.h"
#include "worker/process_stats.h"

/* How long the start and the end of a worker wait for a master that does not read. */
#define PATIENCE_NS NS_PER_S

int reporter_init(struct reporter *reporter, const struct heritage *heritage, size_t n)
{
    reporter->writers = calloc(n, sizeof(*reporter->writers));
    if (!reporter->writers)
        return -ENOMEM;
    reporter->metrics = heritage->metrics;
    reporter->n = n;
    for (size_t i = 0; i < n; i++)
        reporter->writers[i] = (struct report_writer){
            .fd = heritage->report_fd, .loop = (uint16_t)i, .generation = heritage->generation};
    return 0;
}

void reporter_fini(struct reporter *reporter)
{
    free(reporter->writers);
    reporter->writers = NULL;
}

/* Wait until the pipe takes a record again. Returns false when the time is up. */
static bool wait_for_room(const struct reporter *reporter, int64_t deadline)
{
    struct pollfd pollfd = {.fd = reporter->writers[0].fd, .events = POLLOUT};
    int64_t left_ms = (deadline - clock_now()) / NS_PER_MS;

    return left_ms > 0 && poll(&pollfd, 1, (int)left_ms) > 0 && !(pollfd.revents & POLLERR);
}

static void insist(struct reporter *reporter, struct report_writer *writer,
                   int (*send)(struct report_writer *writer))
{
    int64_t deadline = clock_now() + PATIENCE_NS;

    while (send(writer) == -EAGAIN && wait_for_room(reporter, deadline))
        ;
}

void reporter_hello(struct reporter *reporter)
{
    insist(reporter, &reporter->writers[0], report_send_hello);
}

void reporter_ready(struct reporter *reporter, const char *example)
{
    int64_t deadline = clock_now() + PATIENCE_NS;

    while (report_send_ready(&reporter->writers[0], example) == -EAGAIN &&
           wait_for_room(reporter, deadline))
        ;
}

void reporter_fatal(struct reporter *reporter, const char *text)
{
    int64_t deadline = clock_now() + PATIENCE_NS;

    while (report_send_fatal(&reporter->writers[0], text) == -EAGAIN &&
           wait_for_room(reporter, deadline))
        ;
}

void reporter_send(struct reporter *reporter)
{
    process_stats_take(reporter->metrics[0]);
    for (size_t i = 0; i < reporter->n; i++)
        (void)report_send_metrics(&reporter->writers[i], reporter->metrics[i]);
}

void reporter_bye(struct reporter *reporter)
{
    int64_t deadline = clock_now() + PATIENCE_NS;

    process_stats_take(reporter->metrics[0]);
    for (size_t i = 0; i < reporter->n; i++) {
        while (report_send_metrics(&reporter->writers[i], reporter->metrics[i]) == -EAGAIN &&
               wait_for_room(reporter, deadline))
            ;
        insist(reporter, &reporter->writers[i], report_send_bye);
    }
}
