/* SPDX-License-Identifier: MIT */
/* A server that sends back what it gets, and three clients that check it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "worker/coppice.h"

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
    struct cop_call calls[3];
    struct address local;
    const char *why;
    int rc = address_parse("127.0.0.1:0", &local, &why);

    if (rc == 0)
        rc = cop_start_server(&server, &local, echo, NULL);
    if (rc < 0)
        return rc;
    for (int i = 0; i < 3; i++)
        calls[i] = (struct cop_call){.fn = ask, .arg = words[i]};
    rc = cop_gather(calls, 3, 0);
    return cop_server_stop(&server, COP_S) < 0 ? -EIO : rc;
}

int main(void)
{
    return cop_run(serve_and_ask, NULL) < 0;
}
