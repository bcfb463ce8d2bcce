/* SPDX-License-Identifier: MIT */
/* A server that sends back what it gets, and three clients that check it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <coppice.h>

static struct cop_server server;

static void echo(struct cop_stream *stream, void *arg)
{
    char buffer[256];
    ssize_t n;

    while ((n = cop_read(stream, buffer, sizeof(buffer))) > 0)
        if (cop_write(stream, buffer, (size_t)n) < 0)
            return;
}

static int ask(void *arg)
{
    const char *text = arg;
    char answer[64] = "";
    struct cop_stream stream;
    int rc = cop_connect(&stream, &server.acceptor.address);

    if (rc < 0)
        return rc;
    rc = cop_write(&stream, text, strlen(text));
    if (rc == 0)
        rc = cop_read_exactly(&stream, answer, strlen(text));
    cop_stream_close(&stream);
    printf("%s\n", answer);
    return rc == 0 && strcmp(answer, text) != 0 ? -EIO : rc;
}

static int serve_and_ask(void *arg)
{
    static char words[][8] = {"one", "two", "three"};
    int rc = cop_start_server_at(&server, "127.0.0.1:0", echo, NULL);

    if (rc < 0)
        return rc;
    rc = cop_for_each(ask, words, 3, sizeof(words[0]));
    return cop_server_stop(&server, COP_S) < 0 ? -EIO : rc;
}

COP_MAIN(serve_and_ask)
