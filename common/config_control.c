/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"

static int print_auto(char *path, size_t size)
{
    const char *service = getenv("RUNTIME_DIRECTORY");
    const char *user = getenv("XDG_RUNTIME_DIR");

    /* systemd separates several folders with ":"; the first one is ours. */
    if (service && service[0] == '/')
        return snprintf(path, size, "%.*s/control.sock", (int)strcspn(service, ":"), service);
    if (geteuid() == 0)
        return snprintf(path, size, "/run/coppice/control.sock");
    if (user && user[0] == '/')
        return snprintf(path, size, "%s/coppice/control.sock", user);
    return snprintf(path, size, "/tmp/coppice-%u/control.sock", (unsigned)geteuid());
}

int config_control_path(const char *socket, char *path, size_t size)
{
    int n;

    if (strcmp(socket, "none") == 0)
        return -ENOENT;
    n = strcmp(socket, "auto") == 0 ? print_auto(path, size) : snprintf(path, size, "%s", socket);
    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}
