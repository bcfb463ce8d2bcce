/* SPDX-License-Identifier: MIT */
/*
 * Sends back what it receives. One message is one read: it counts as a request.
 */
#include <errno.h>

#include "common/metrics.h"
#include "worker/app/app.h"

#define BUFFER_SIZE (16 * 1024)

static enum cop_verdict echo(struct cop_connection *connection, void *arg)
{
    struct cop_stream *stream = &connection->stream;
    char buffer[BUFFER_SIZE];

    do {
        ssize_t n = cop_read(stream, buffer, sizeof(buffer));

        if (n <= 0)
            return n == -EAGAIN ? COP_PARK : COP_CLOSE;
        METRIC_ADD(requests, 1);
        if (cop_write(stream, buffer, (size_t)n) < 0) {
            METRIC_ADD(request_errors, 1);
            return COP_CLOSE;
        }
    } while (!stream->drained && !connection->service->draining);
    return COP_PARK;
}

extern const struct cop_app app_echo;

const struct cop_app app_echo = {
    .name = "echo",
    .help = "sends every byte back over TCP",
    .serve = echo,
};
