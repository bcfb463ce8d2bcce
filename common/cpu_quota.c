/* SPDX-License-Identifier: MIT */
/*
 * /proc/self/cgroup names the cgroup by its path from the root of the hierarchy: "0::/a/b" for v2,
 * "4:cpu,cpuacct:/a/b" for v1. A limit may be set on any level of it, so all are read, from the
 * leaf up. Inside a container the path may name what is not mounted; then only the mounted root is
 * found, which is the container's own cgroup.
 */
#include "common/cpu_quota.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FILE_PATH_MAX (2 * PATH_MAX)

/* Lines of /proc/self/cgroup and levels of a path that are looked at. */
#define LINES_MAX  64
#define LEVELS_MAX 64

/* The first line of a file, without its end. Returns 0 or -ENOENT. */
static int read_line(const char *path, char *line, int size)
{
    FILE *stream = fopen(path, "re");
    bool is_read;

    if (!stream)
        return -ENOENT;
    is_read = fgets(line, size, stream) != NULL;
    fclose(stream);
    if (!is_read)
        return -ENOENT;
    line[strcspn(line, "\n")] = '\0';
    return 0;
}

static unsigned round_up(int64_t quota, int64_t period)
{
    int64_t cpus;

    if (quota <= 0 || period <= 0)
        return 0;
    cpus = quota / period + (quota % period != 0);
    return cpus < INT_MAX ? (unsigned)cpus : 0;
}

static unsigned lower_limit(unsigned a, unsigned b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

static unsigned read_v2(const char *folder)
{
    char path[FILE_PATH_MAX], line[128];
    int64_t quota, period;

    snprintf(path, sizeof(path), "%s/cpu.max", folder);
    if (read_line(path, line, sizeof(line)) < 0 ||
        sscanf(line, "%" SCNd64 " %" SCNd64, &quota, &period) != 2)
        return 0;
    return round_up(quota, period);
}

static unsigned read_v1(const char *folder)
{
    char path[FILE_PATH_MAX], line[128];
    int64_t quota, period;

    snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", folder);
    if (read_line(path, line, sizeof(line)) < 0 || sscanf(line, "%" SCNd64, &quota) != 1)
        return 0;
    snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", folder);
    if (read_line(path, line, sizeof(line)) < 0 || sscanf(line, "%" SCNd64, &period) != 1)
        return 0;
    return round_up(quota, period);
}

/* The least of all levels of mount + path. */
static unsigned read_levels(const char *mount, const char *path, unsigned (*read_one)(const char *))
{
    char folder[PATH_MAX];
    size_t mount_len = strlen(mount);
    unsigned limit = 0;
    int n = snprintf(folder, sizeof(folder), "%s%s", mount, path);

    if (n < 0 || (size_t)n >= sizeof(folder))
        return 0;
    for (int level = 0; level < LEVELS_MAX; level++) {
        char *slash;

        limit = lower_limit(limit, read_one(folder));
        slash = strrchr(folder, '/');
        if (strlen(folder) <= mount_len || !slash)
            break;
        *slash = '\0';
    }
    return limit;
}

/* One line of /proc/self/cgroup: hierarchy:controllers:path. */
static unsigned read_hierarchy(const char *root, char *line)
{
    char mount[PATH_MAX];
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    unsigned limit;

    if (!path)
        return 0;
    *controllers++ = '\0';
    *path++ = '\0';
    if (controllers[0] == '\0') {
        snprintf(mount, sizeof(mount), "%s/sys/fs/cgroup", root);
        limit = read_levels(mount, path, read_v2);
        snprintf(mount, sizeof(mount), "%s/sys/fs/cgroup/unified", root);
        return lower_limit(limit, read_levels(mount, path, read_v2));
    }
    if (strcmp(controllers, "cpu") != 0 && strcmp(controllers, "cpu,cpuacct") != 0 &&
        strcmp(controllers, "cpuacct,cpu") != 0)
        return 0;
    snprintf(mount, sizeof(mount), "%s/sys/fs/cgroup/%s", root, controllers);
    return read_levels(mount, path, read_v1);
}

unsigned cpu_quota_read(const char *root)
{
    char path[PATH_MAX], line[PATH_MAX];
    unsigned limit = 0;
    FILE *stream;

    snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
    stream = fopen(path, "re");
    if (!stream)
        return 0;
    for (int i = 0; i < LINES_MAX && fgets(line, sizeof(line), stream); i++) {
        line[strcspn(line, "\n")] = '\0';
        limit = lower_limit(limit, read_hierarchy(root, line));
    }
    fclose(stream);
    return limit;
}
