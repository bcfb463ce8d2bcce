/* SPDX-License-Identifier: MIT */
/*
 * While a call waits or an answer is unsent, no further line is looked at, so a client that does
 * not read costs one answer of memory, and is dropped like an idle one. Only a few lines are
 * handled in a wake, then it is the turn of others.
 */
#include "master/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "master/commands.h"
#include "master/master.h"

#define LINE_MAX_BYTES (64 * 1024)
#define ANSWER_MAX     (8 * 1024 * 1024)
#define WORDS_MAX      32
#define LINES_PER_WAKE 4
#define IDLE_NS        (30 * NS_PER_S)

struct client {
    struct list node;
    struct master *master;
    int fd;
    ev_io read_io;
    ev_io write_io;
    ev_timer again; /* more lines to handle, at the next turn of the loop */
    struct command_peer peer;
    int64_t active_ns;
    char *in; /* LINE_MAX_BYTES */
    size_t in_len;
    bool is_at_end; /* it sends no more */
    char *out;
    size_t out_len;
    size_t out_sent;
    /* the call, while it waits for its answer */
    bool is_waiting;
    bool is_json;
    struct jsondoc *request;
    char *line;
    struct command_call call;
};

/* ---- clients ---- */

static void end_call(struct client *client)
{
    command_call_fini(&client->call);
    jsondoc_free(client->request);
    free(client->line);
    client->request = NULL;
    client->line = NULL;
    client->is_waiting = false;
}

void client_free(struct client *client)
{
    struct ev_loop *loop = client->master->loop;

    ev_io_stop(loop, &client->read_io);
    ev_io_stop(loop, &client->write_io);
    ev_timer_stop(loop, &client->again);
    list_remove(&client->node);
    end_call(client);
    close(client->fd);
    free(client->in);
    free(client->out);
    free(client);
}

static enum command_access access_of(uid_t uid, gid_t gid, gid_t group)
{
    if (uid == 0 || uid == geteuid())
        return ACCESS_ADMIN;
    return gid == group ? ACCESS_OPERATE : ACCESS_READ;
}

static int identify(struct client *client, gid_t group)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return -errno;
    client->peer = (struct command_peer){
        .uid = cred.uid,
        .pid = cred.pid,
        .access = access_of(cred.uid, cred.gid, group),
    };
    return 0;
}

/* ---- answers ---- */

/* Takes text, which may be NULL when memory ran out. */
static void answer(struct client *client, char *text, const char *ending)
{
    size_t len = text == NULL ? 0 : strlen(text), more = strlen(ending);
    char *whole = text == NULL ? NULL : realloc(text, len + more + 1);

    if (whole == NULL) {
        free(text);
        client->is_at_end = true;
        client->in_len = 0;
        return;
    }
    memcpy(whole + len, ending, more + 1);
    client->out = whole;
    client->out_len = len + more;
    client->out_sent = 0;
}

static void answer_json(struct client *client, int rc)
{
    struct command_call *call = &client->call;
    struct jsondoc *reply = jsondoc_object();
    const struct jsondoc *id = jsondoc_get(client->request, "id");
    char *text = NULL;

    if (jsondoc_is_integer(id))
        jsondoc_set(reply, "id", jsondoc_integer(jsondoc_integer_value(id, 0)));
    else if (jsondoc_text(id) != NULL)
        jsondoc_set(reply, "id", jsondoc_string(jsondoc_text(id)));
    jsondoc_set(reply, "ok", jsondoc_bool(rc == 0));
    if (rc < 0)
        jsondoc_set(reply, "error", jsondoc_string(call->error));
    if (rc == 0 && jsondoc_bool_value(jsondoc_get(client->request, "text"), false)) {
        text = command_print(call);
        jsondoc_set(reply, "text", jsondoc_string(text));
        free(text);
    }
    if (rc == 0) {
        jsondoc_set(reply, "data", call->data);
        call->data = NULL;
    }
    text = jsondoc_print(reply, false);
    jsondoc_free(reply);
    if (text != NULL && strlen(text) > ANSWER_MAX) {
        free(text);
        text = strdup("{\"ok\":false,\"error\":\"the answer is too large\"}");
    }
    answer(client, text, "\n");
}

static void answer_text(struct client *client, int rc)
{
    char *text = NULL;

    if (rc == 0)
        text = command_print(&client->call);
    else if (asprintf(&text, "error: %s\n", client->call.error) < 0)
        text = NULL;
    answer(client, text, "\n");
}

static void finish_call(struct client *client, int rc)
{
    if (client->is_json)
        answer_json(client, rc);
    else
        answer_text(client, rc);
    end_call(client);
}

/* ---- lines ---- */

static int parse_json(struct client *client)
{
    struct command_call *call = &client->call;
    char why[256];

    client->request = jsondoc_parse(client->line, strlen(client->line), why, sizeof(why));
    if (client->request == NULL)
        return command_refuse(call, -EINVAL, "not JSON: %s", why);
    return command_parse_json(call, client->request);
}

static int parse_text(struct client *client)
{
    char *words[WORDS_MAX], *rest = NULL;
    size_t n = 0;

    for (char *word = strtok_r(client->line, " \t\r", &rest); word != NULL;
         word = strtok_r(NULL, " \t\r", &rest)) {
        if (n == WORDS_MAX)
            return command_refuse(&client->call, -EINVAL, "more than %d words", WORDS_MAX);
        words[n++] = word;
    }
    return command_parse_words(&client->call, words, n);
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\r")] == 0;
}

/* line is the client's to free. */
static void handle_line(struct client *client, char *line)
{
    int rc;

    if (is_blank(line)) {
        free(line);
        return;
    }
    client->line = line;
    client->is_json = line[0] == '{';
    client->call = (struct command_call){.master = client->master, .peer = client->peer};
    rc = client->is_json ? parse_json(client) : parse_text(client);
    if (rc == 0)
        rc = command_run(&client->call);
    client->is_waiting = rc == COMMAND_LATER;
    if (!client->is_waiting)
        finish_call(client, rc);
}

/* A copy of the next line without its end, taken out of the input; NULL: none is complete, or no
 * memory. */
static char *take_line(struct client *client)
{
    char *end = memchr(client->in, '\n', client->in_len);
    size_t len = end != NULL ? (size_t)(end - client->in) : client->in_len;
    size_t used = end != NULL ? len + 1 : len;
    char *line;

    if (end == NULL && (!client->is_at_end || len == 0))
        return NULL;
    /* A line with a NUL must not pass for the part before it. */
    for (size_t i = 0; i < len; i++)
        if (client->in[i] == 0)
            client->in[i] = '?';
    line = malloc(len + 1);
    if (line != NULL) {
        memcpy(line, client->in, len);
        line[len] = 0;
    }
    memmove(client->in, client->in + used, client->in_len - used);
    client->in_len -= used;
    return line;
}

static void refuse_long_line(struct client *client)
{
    char *text = NULL;

    client->is_at_end = true;
    client->in_len = 0;
    if (asprintf(&text, "error: a line has at most %d bytes\n", LINE_MAX_BYTES) < 0)
        text = NULL;
    answer(client, text, "\n");
}

/* ---- reading and writing ---- */

/* Send what can be sent. Returns 1 when nothing is left, 0 when the peer must read first, -errno.
 */
static int flush(struct client *client)
{
    while (client->out_sent < client->out_len) {
        ssize_t n = send(client->fd, client->out + client->out_sent,
                         client->out_len - client->out_sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -errno;
        client->out_sent += (size_t)n;
        client->active_ns = clock_now();
    }
    free(client->out);
    client->out = NULL;
    client->out_len = client->out_sent = 0;
    return 1;
}

/* Read what is there. Returns 0 or -errno when the client is gone. */
static int fill(struct client *client)
{
    ssize_t n;

    if (client->is_at_end || client->in_len == LINE_MAX_BYTES)
        return 0;
    n = recv(client->fd, client->in + client->in_len, LINE_MAX_BYTES - client->in_len, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    client->is_at_end = n == 0;
    client->in_len += (size_t)n;
    client->active_ns = clock_now();
    return 0;
}

/* Watch for what the client's state waits for. */
static void arm(struct client *client)
{
    struct ev_loop *loop = client->master->loop;

    if (client->is_at_end || client->in_len == LINE_MAX_BYTES)
        ev_io_stop(loop, &client->read_io);
    else
        ev_io_start(loop, &client->read_io);
    if (client->out != NULL)
        ev_io_start(loop, &client->write_io);
    else
        ev_io_stop(loop, &client->write_io);
}

/* Go on as far as possible; the client may be gone afterwards. */
static void step(struct client *client)
{
    bool has_more = true;

    for (int i = 0; i < LINES_PER_WAKE && has_more; i++) {
        int rc = flush(client);
        char *line;

        if (rc < 0) {
            client_free(client);
            return;
        }
        if (rc == 0 || client->is_waiting)
            break;
        line = take_line(client);
        if (line != NULL) {
            handle_line(client, line);
        } else if (client->in_len == LINE_MAX_BYTES) {
            refuse_long_line(client);
        } else if (client->is_at_end) {
            client_free(client);
            return;
        } else {
            has_more = false;
        }
    }
    if (client->out != NULL && flush(client) < 0) {
        client_free(client);
        return;
    }
    if (has_more && client->out == NULL && !client->is_waiting && !ev_is_active(&client->again)) {
        ev_timer_set(&client->again, 0., 0.);
        ev_timer_start(client->master->loop, &client->again);
    }
    arm(client);
}

static void became_readable(struct ev_loop *loop, ev_io *io, int events)
{
    struct client *client = io->data;

    if (fill(client) < 0)
        client_free(client);
    else
        step(client);
}

static void became_writable(struct ev_loop *loop, ev_io *io, int events)
{
    step(io->data);
}

static void turn_came(struct ev_loop *loop, ev_timer *timer, int events)
{
    step(timer->data);
}

/* ---- its life ---- */

int client_new(struct master *master, struct list *clients, int fd, gid_t group)
{
    struct client *client = calloc(1, sizeof(*client));
    int rc;

    if (client != NULL)
        client->in = malloc(LINE_MAX_BYTES);
    if (client == NULL || client->in == NULL) {
        free(client);
        close(fd);
        return -ENOMEM;
    }
    client->master = master;
    client->fd = fd;
    client->active_ns = clock_now();
    ev_io_init(&client->read_io, became_readable, fd, EV_READ);
    ev_io_init(&client->write_io, became_writable, fd, EV_WRITE);
    ev_init(&client->again, turn_came);
    client->read_io.data = client->write_io.data = client->again.data = client;
    list_push_back(clients, &client->node);
    rc = identify(client, group);
    if (rc < 0)
        client_free(client);
    else
        arm(client);
    return rc;
}

void client_resume(struct client *client)
{
    int rc = client->is_waiting ? client->call.command->resume(&client->call) : COMMAND_LATER;

    if (rc == COMMAND_LATER)
        return;
    finish_call(client, rc);
    step(client);
}

void client_tick(struct client *client, int64_t now_ns)
{
    if (client->is_waiting) {
        client_resume(client);
    } else if (now_ns - client->active_ns > IDLE_NS && client->master->stop == MASTER_SERVES) {
        /* Who waits for a stop sees it by the end of the connection, so then nobody is too idle. */
        client_free(client);
    }
}

void client_close(struct client *client)
{
    (void)flush(client);
    client_free(client);
}

struct client *client_of(struct list *node)
{
    return list_entry(node, struct client, node);
}
