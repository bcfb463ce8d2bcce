/* SPDX-License-Identifier: MIT */
/* A chat room over TCP: a line from one goes to all the others. Prints where; SIGTERM ends it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <coppice.h>

struct line {
    size_t len;
    char text[256];
};

struct member {
    struct member *next;
    struct cop_stream *stream;
    struct cop_queue lines; /* to send */
    struct line room[8];
};

static struct member *members;

static int send_lines(void *arg)
{
    struct member *member = arg;
    struct line line;
    int rc;

    while ((rc = cop_queue_get(&member->lines, &line)) == 0)
        if ((rc = cop_write(member->stream, line.text, line.len)) < 0)
            return rc;
    return rc == -EPIPE ? 0 : rc;
}

/* Never waits: who reads too slowly misses lines. */
static void say(const struct member *from, const char *text, size_t len)
{
    struct line line = {.len = len};

    memcpy(line.text, text, len);
    for (struct member *member = members; member; member = member->next)
        if (member != from && cop_queue_try_put(&member->lines, &line) < 0)
            fputs("a line was lost\n", stderr);
}

static void leave(const struct member *member)
{
    struct member **link = &members;

    while (*link != member)
        link = &(*link)->next;
    *link = member->next;
}

static void talk(struct cop_stream *stream, void *arg)
{
    struct member self = {.next = members, .stream = stream};
    struct line input;
    struct cop_reader reader;
    struct cop_group group;
    char *text;
    ssize_t n;

    if (cop_queue_init(&self.lines, self.room, 8, sizeof(struct line)) < 0)
        return;
    cop_reader_init(&reader, stream, input.text, sizeof(input.text));
    members = &self;
    cop_group_enter(&group);
    if (cop_write(stream, "welcome\n", 8) == 0 && cop_group_spawn(&group, send_lines, &self))
        while ((n = cop_reader_read_until(&reader, "\n", 1, &text)) > 0)
            say(&self, text, (size_t)n);
    leave(&self);
    cop_queue_shutdown(&self.lines);
    if (cop_group_exit(&group, 0) < 0)
        cop_stream_abort(stream);
}

static int open_room(void *arg)
{
    struct cop_server server;
    struct cop_signals signals;
    char text[COP_ADDRESS_TEXT_MAX];
    int rc = cop_signals_open(&signals, (int[]){SIGTERM}, 1);

    if (rc < 0)
        return rc;
    rc = cop_start_server_at(&server, "127.0.0.1:0", talk, NULL);
    if (rc == 0) {
        puts(cop_address_print(&server.acceptor.address, text));
        fflush(stdout);
        rc = cop_signals_wait(&signals);
        if (cop_server_stop(&server, 0) == -ETIMEDOUT)
            puts("closed on those who were there");
    }
    cop_signals_close(&signals);
    return rc;
}

COP_MAIN(open_room)
