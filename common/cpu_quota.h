/* SPDX-License-Identifier: MIT */
/*
 * cpu_quota.h - how much CPU time the cgroups of this process allow it (cgroup v2 cpu.max, v1
 * cpu.cfs_quota_us).
 */
#ifndef COPPICE_CPU_QUOTA_H
#define COPPICE_CPU_QUOTA_H

/* CPUs, rounded up: the least of what the cgroup and those above it allow; 0: no limit, or none
 * that can be read. `root` stands before /proc and /sys: "" on a real system. */
unsigned cpu_quota_read(const char *root);

#endif
