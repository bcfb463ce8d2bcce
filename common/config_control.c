/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"

/* `name` in the folder of control sockets. */
static int print_auto(const char *name, char *path, size_t size)
{
    const char *service = getenv("RUNTIME_DIRECTORY");
    const char *user = getenv("XDG_RUNTIME_DIR");

    /* systemd separates several folders with ":"; the first one is ours. */
    if (service && service[0] == '/')
        return snprintf(path, size, "%.*s/%s", (int)strcspn(service, ":"), service, name);
    if (geteuid() == 0)
        return snprintf(path, size, "/run/coppice/%s", name);
    if (user && user[0] == '/')
        return snprintf(path, size, "%s/coppice/%s", user, name);
    return snprintf(path, size, "/tmp/coppice-%u/%s", (unsigned)geteuid(), name);
}

bool config_control_is_automatic(const char *socket)
{
    return strcmp(socket, "auto") == 0 || strcmp(socket, "own") == 0;
}

int config_control_pattern(char *pattern, size_t size)
{
    int n = print_auto("run-*.sock", pattern, size);

    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int config_control_path(const char *socket, char *path, size_t size)
{
    char own[32];
    int n;

    if (strcmp(socket, "none") == 0)
        return -ENOENT;
    snprintf(own, sizeof(own), "run-%d.sock", (int)getpid());
    if (config_control_is_automatic(socket))
        n = print_auto(strcmp(socket, "own") == 0 ? own : "control.sock", path, size);
    else
        n = snprintf(path, size, "%s", socket);
    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}
