/* SPDX-License-Identifier: MIT */
#include "master/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/list.h"
#include "common/log.h"
#include "master/bind.h"
#include "master/client.h"
#include "master/generation.h"
#include "master/master.h"

#define CLIENTS_MAX 32
#define BACKLOG     64

struct control {
    struct master *master;
    struct listener listener;
    ev_io accept_io;
    struct list clients;
    char path[COP_ADDRESS_TEXT_MAX];
    gid_t group; /* of the socket's file */
};

/* ---- accepting ---- */

static void turn_away(int fd)
{
    static const char text[] = "error: too many clients\n\n";

    (void)send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

static unsigned count_clients(const struct control *control)
{
    unsigned n = 0;

    list_for_each (&control->clients, node)
        n++;
    return n;
}

static void client_came(struct ev_loop *loop, ev_io *io, int events)
{
    struct control *control = io->data;
    int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0 && count_clients(control) < CLIENTS_MAX)
        (void)client_new(control->master, &control->clients, fd, control->group);
    else if (fd >= 0)
        turn_away(fd);
    else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
        ev_io_stop(loop, io); /* control_tick starts it again */
}

void control_tick(struct control *control)
{
    int64_t now = clock_now();

    ev_io_start(control->master->loop, &control->accept_io);
    list_for_each_safe (&control->clients, node)
        client_tick(client_of(node), now);
}

void control_resume(struct control *control)
{
    if (!control)
        return;
    list_for_each_safe (&control->clients, node)
        client_resume(client_of(node));
}

/* ---- opening and closing ---- */

/* The default path's directory: ours, or root's. */
static int make_directory(const char *path, char *error, size_t size)
{
    char directory[COP_ADDRESS_TEXT_MAX];
    const char *slash = strrchr(path, '/');
    struct stat st;

    if (slash == NULL || slash == path)
        return 0;
    snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
    if (mkdir(directory, 0755) == 0)
        return 0;
    if (errno != EEXIST || lstat(directory, &st) < 0) {
        int rc = -errno;

        snprintf(error, size, "%s: %s", directory, strerror(-rc));
        return rc;
    }
    if (S_ISDIR(st.st_mode) && (st.st_uid == geteuid() || st.st_uid == 0))
        return 0;
    snprintf(error, size, "%s is not a directory of this user: set control.socket", directory);
    return -EPERM;
}

static int open_socket(struct control *control, char *error, size_t size)
{
    const struct config_control *config = &control->master->current->config->control;
    char text[COP_ADDRESS_TEXT_MAX + 8], why[192];
    const char *reason = NULL;
    struct cop_address address;
    struct stat st;
    int rc;

    if (config_control_is_automatic(config->socket) &&
        (rc = make_directory(control->path, error, size)) < 0)
        return rc;
    snprintf(text, sizeof(text), "unix:%s", control->path);
    rc = cop_address_parse(text, &address, &reason);
    if (rc < 0) {
        snprintf(error, size, "%s: %s", control->path, reason);
        return rc;
    }
    rc = bind_unix(&control->listener, &address, config->mode, BACKLOG, why, sizeof(why));
    if (rc < 0)
        snprintf(error, size, "%s: %s", control->path, why);
    else if (stat(control->path, &st) == 0)
        control->group = st.st_gid;
    return rc;
}

int control_open(struct master *master, const char *path, struct control **control, char *error,
                 size_t size)
{
    struct control *new = calloc(1, sizeof(*new));
    int rc;

    if (new == NULL) {
        snprintf(error, size, "%s: %s", path, strerror(ENOMEM));
        return -ENOMEM;
    }
    new->master = master;
    new->listener.fd = -1;
    list_init(&new->clients);
    snprintf(new->path, sizeof(new->path), "%s", path);
    rc = open_socket(new, error, size);
    if (rc < 0) {
        free(new);
        return rc;
    }
    ev_io_init(&new->accept_io, client_came, new->listener.fd, EV_READ);
    new->accept_io.data = new;
    ev_io_start(master->loop, &new->accept_io);
    *control = new;
    return 0;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    ev_io_stop(control->master->loop, &control->accept_io);
    list_for_each_safe (&control->clients, node)
        client_close(client_of(node));
    bind_close(&control->listener);
    free(control);
}

void control_set_mode(const struct control *control, unsigned mode)
{
    if (chmod(control->path, mode) < 0)
        log_warn("control socket: its mode stays as it was: %s", strerror(errno));
}

const char *control_path(const struct control *control)
{
    return control->path;
}
