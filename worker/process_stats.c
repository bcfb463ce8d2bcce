/* SPDX-License-Identifier: MIT */
#include "worker/process_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/metrics.h"

static uint64_t us_of(struct timeval tv)
{
    return (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec;
}

/* Read a small file of /proc, relative to dir, as a string. Returns its length, 0 on failure. */
static size_t read_small(int dir, const char *path, char *text, size_t size)
{
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return 0;
    n = read(fd, text, size - 1);
    close(fd);
    if (n <= 0)
        return 0;
    text[n] = 0;
    return (size_t)n;
}

/* Time that all threads spent on run queues: the second number of each schedstat. */
static int sum_run_delay(uint64_t *total_ns)
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;

    if (!dir)
        return -1;
    *total_ns = 0;
    while ((entry = readdir(dir))) {
        char path[sizeof(entry->d_name) + sizeof("/schedstat")];
        char text[128];
        uint64_t delay;

        snprintf(path, sizeof(path), "%s/schedstat", entry->d_name);
        if (entry->d_name[0] != '.' && read_small(dirfd(dir), path, text, sizeof(text)) &&
            sscanf(text, "%*u %" SCNu64, &delay) == 1)
            *total_ns += delay;
    }
    closedir(dir);
    return 0;
}

void process_stats_take(struct metrics *metrics)
{
    struct rusage usage;
    uint64_t delay_ns;
    char text[128];
    uint64_t pages;

    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        metric_set(metrics, METRIC_cpu_user_us, us_of(usage.ru_utime));
        metric_set(metrics, METRIC_cpu_system_us, us_of(usage.ru_stime));
        metric_set(metrics, METRIC_switches_voluntary, (uint64_t)usage.ru_nvcsw);
        metric_set(metrics, METRIC_switches_involuntary, (uint64_t)usage.ru_nivcsw);
        metric_set(metrics, METRIC_page_faults, (uint64_t)(usage.ru_minflt + usage.ru_majflt));
    }
    if (sum_run_delay(&delay_ns) == 0)
        metric_set(metrics, METRIC_run_delay_us, delay_ns / 1000);
    if (read_small(AT_FDCWD, "/proc/self/statm", text, sizeof(text)) &&
        sscanf(text, "%*u %" SCNu64, &pages) == 1)
        metric_set(metrics, METRIC_rss_bytes, pages * (uint64_t)sysconf(_SC_PAGESIZE));
}
