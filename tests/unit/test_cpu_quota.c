/* SPDX-License-Identifier: MIT */
#include "common/cpu_quota.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/test_cpu_quota.XXXXXX";

static void make_root(void)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static void remove_root(void)
{
    ck_assert_int_eq(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Write a file under the root, with every folder above it. */
static void put(const char *name, const char *text)
{
    char path[PATH_MAX];
    FILE *stream;

    snprintf(path, sizeof(path), "%s%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    stream = fopen(path, "w");
    ck_assert_ptr_nonnull(stream);
    fputs(text, stream);
    fclose(stream);
}

START_TEST(cpu_quota_without_cgroups_is_no_limit)
{
    ck_assert_uint_eq(cpu_quota_read(root), 0);
}
END_TEST

START_TEST(cpu_quota_of_v2_is_rounded_up)
{
    put("/proc/self/cgroup", "0::/app\n");
    put("/sys/fs/cgroup/app/cpu.max", "max 100000\n");
    ck_assert_uint_eq(cpu_quota_read(root), 0);
    put("/sys/fs/cgroup/app/cpu.max", "150000 100000\n");
    ck_assert_uint_eq(cpu_quota_read(root), 2);
    put("/sys/fs/cgroup/app/cpu.max", "200000 100000\n");
    ck_assert_uint_eq(cpu_quota_read(root), 2);
    put("/sys/fs/cgroup/app/cpu.max", "1000 100000\n");
    ck_assert_uint_eq(cpu_quota_read(root), 1);
}
END_TEST

START_TEST(cpu_quota_is_the_least_of_all_levels)
{
    put("/proc/self/cgroup", "0::/a/b/c\n");
    put("/sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n");
    put("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    ck_assert_uint_eq(cpu_quota_read(root), 3);
    put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    ck_assert_uint_eq(cpu_quota_read(root), 2);
}
END_TEST

START_TEST(cpu_quota_of_a_container_is_found_at_the_mounted_root)
{
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/cpu.max", "400000 100000\n");
    ck_assert_uint_eq(cpu_quota_read(root), 4);
    put("/proc/self/cgroup", "0::/not/mounted/here\n");
    ck_assert_uint_eq(cpu_quota_read(root), 4);
}
END_TEST

START_TEST(cpu_quota_of_v1_is_quota_over_period)
{
    put("/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/app\n");
    put("/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us", "50000\n");
    ck_assert_uint_eq(cpu_quota_read(root), 0);
    put("/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "125000\n");
    ck_assert_uint_eq(cpu_quota_read(root), 3);
}
END_TEST

START_TEST(cpu_quota_that_makes_no_sense_is_no_limit)
{
    static const char *const rubbish[] = {
        "", "\n", "0 100000\n", "100000 0\n", "-5 100000\n", "x y\n", "9223372036854775807 1\n"};

    put("/proc/self/cgroup", "0::/app\nrubbish\n::\n0:\n");
    for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
        put("/sys/fs/cgroup/app/cpu.max", rubbish[i]);
        ck_assert_uint_eq(cpu_quota_read(root), 0);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_root, remove_root);
    tcase_add_test(tc, cpu_quota_without_cgroups_is_no_limit);
    tcase_add_test(tc, cpu_quota_of_v2_is_rounded_up);
    tcase_add_test(tc, cpu_quota_is_the_least_of_all_levels);
    tcase_add_test(tc, cpu_quota_of_a_container_is_found_at_the_mounted_root);
    tcase_add_test(tc, cpu_quota_of_v1_is_quota_over_period);
    tcase_add_test(tc, cpu_quota_that_makes_no_sense_is_no_limit);
}

int main(void)
{
    return run_suite("cpu_quota", add);
}
