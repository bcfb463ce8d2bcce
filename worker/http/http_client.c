/* SPDX-License-Identifier: MIT */
#include "worker/http/http_client.h"

#include <errno.h>
#include <stdio.h>

#include "common/version.h"

int http_client_build_get(char *buffer, size_t size, const char *authority, const char *path,
                          bool keep_alive)
{
    int len = snprintf(buffer, size,
                       "GET %s HTTP/1.1\r\n"
                       "Host: %s\r\n"
                       "User-Agent: coppice-load/" COPPICE_VERSION "\r\n"
                       "%s\r\n",
                       path, authority, keep_alive ? "" : "Connection: close\r\n");

    return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : len;
}

void http_client_init(struct http_client *client, struct cop_stream *stream, cop_time timeout)
{
    client->stream = stream;
    client->timeout = timeout;
    cop_stream_set_timeouts(stream, timeout, timeout);
}

/* A stream's time-outs bound each wait. What bounds them all together is to allow, once an answer
 * has come in part, only what is left. */
static int allow_what_is_left(struct http_client *client, cop_time started)
{
    cop_time left = started + client->timeout - cop_now();

    if (client->timeout == COP_NEVER)
        return 0;
    if (left <= 0)
        return -ETIMEDOUT;
    cop_stream_set_timeouts(client->stream, left, client->timeout);
    return 0;
}

/* One more piece of the answer. Returns 1 when it is whole, 0 when more must come. */
static int take_piece(struct http_client *client, uint64_t *bytes)
{
    ssize_t n = cop_read(client->stream, client->buffer, sizeof(client->buffer));
    ssize_t used;

    if (n < 0)
        return (int)n;
    if (n == 0)
        return http_response_parser_finish(&client->parser) < 0 ? -ENODATA : 1;
    *bytes += (uint64_t)n;
    used = http_response_parser_feed(&client->parser, client->buffer, (size_t)n);
    if (used < 0)
        return (int)used;
    if (used < n)
        return -EBADMSG;
    return client->parser.response.complete;
}

int http_client_ask(struct http_client *client, const char *request, size_t len, cop_time started,
                    struct http_client_answer *answer)
{
    const struct http_response *response = &client->parser.response;
    uint64_t bytes = 0;
    bool in_part = false;
    int rc;

    http_response_parser_init(&client->parser);
    rc = cop_write(client->stream, request, len);
    if (rc < 0)
        return rc;
    while ((rc = take_piece(client, &bytes)) == 0) {
        in_part = true;
        rc = allow_what_is_left(client, started);
        if (rc < 0)
            return rc;
    }
    if (rc < 0)
        return rc;
    if (in_part)
        cop_stream_set_timeouts(client->stream, client->timeout, client->timeout);
    answer->status = response->status;
    answer->keep_alive = response->keep_alive;
    answer->bytes = bytes;
    return 0;
}
