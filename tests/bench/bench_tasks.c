/* SPDX-License-Identifier: MIT */
/*
 * bench_tasks - what tasks cost: bench_tasks WORKLOAD prints one line of "name value unit".
 * Times are CPU time, because others use the machine too. task_figures.py runs the workloads in
 * interleaved rounds and beside other runtimes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/clock.h"
#include "worker/sync/group.h"
#include "worker/task/context.h"
#include "worker/task/sched.h"

#define YIELDERS 4
#define YIELDS   2000000
#define SPAWNS   2000000
#define GATHERED 1000
#define GATHERS  1000
#define MANY     100000

static int64_t cpu_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void print(const char *what, double value, const char *unit)
{
    printf("%s %.3f %s\n", what, value, unit);
}

/* ---- the floor: the bare switch, round and round ---- */

static void *contexts[YIELDERS + 1]; /* the last is the caller's */
static int running;

static void go_round(void)
{
    for (;;) {
        int from = running;

        running = from + 1 < YIELDERS ? from + 1 : 0;
        context_switch(&contexts[from], contexts[running]);
    }
}

static void go_round_and_stop(void)
{
    for (int i = 0; i < YIELDS; i++) {
        running = 1;
        context_switch(&contexts[0], contexts[1]);
    }
    context_switch(&contexts[0], contexts[YIELDERS]);
}

static int measure_switch(void *arg)
{
    int64_t before;

    for (int i = 0; i < YIELDERS; i++) {
        size_t size = 65536 + (size_t)i * 128;
        char *stack = aligned_alloc(64, size);

        CHECK(stack);
        contexts[i] = context_make(stack, stack + size, i == 0 ? go_round_and_stop : go_round);
    }
    before = cpu_now();
    context_switch(&contexts[YIELDERS], contexts[0]);
    print("switch", (double)(cpu_now() - before) / YIELDS / YIELDERS, "ns");
    return 0;
}

/* ---- yield, spawn, gather ---- */

static int yield_often(void *arg)
{
    for (int i = 0; i < YIELDS; i++)
        CHECK(cop_yield() == 0);
    return 0;
}

static int measure_yield(void *arg)
{
    struct cop_task *tasks[YIELDERS];
    int64_t before;

    for (int i = 0; i < YIELDERS; i++)
        CHECK(tasks[i] = cop_create_task(yield_often, NULL));
    before = cpu_now();
    for (int i = 0; i < YIELDERS; i++)
        CHECK(cop_await(tasks[i]) == 0);
    print("yield", (double)(cpu_now() - before) / YIELDS / YIELDERS, "ns");
    return 0;
}

static int nothing(void *arg)
{
    return 0;
}

static int measure_spawn(void *arg)
{
    int64_t before = cpu_now();

    for (int i = 0; i < SPAWNS; i++) {
        struct cop_task *task = cop_create_task(nothing, NULL);

        CHECK(task && cop_await(task) == 0);
    }
    print("spawn", (double)(cpu_now() - before) / SPAWNS, "ns");
    return 0;
}

static void gather_once(void)
{
    struct cop_group group;

    cop_group_enter(&group);
    for (int i = 0; i < GATHERED; i++)
        CHECK(cop_group_spawn(&group, nothing, NULL));
    CHECK(cop_group_exit(&group, 0) == 0);
}

static int measure_gather(void *arg)
{
    int64_t before;

    gather_once();
    before = cpu_now();
    for (int i = 0; i < GATHERS; i++)
        gather_once();
    print("gather", (double)(cpu_now() - before) / GATHERS / GATHERED, "ns");
    return 0;
}

/* ---- 100,000 at once ---- */

static size_t status_kib(const char *field)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    size_t kib = 0;

    CHECK(file);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtoul(line + strlen(field) + 1, NULL, 10);
    }
    fclose(file);
    return kib;
}

static size_t mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    size_t n = 0;
    int c;

    CHECK(file);
    while ((c = getc(file)) != EOF)
        n += c == '\n';
    fclose(file);
    return n;
}

static int sleep_for_ever(void *arg)
{
    (void)cop_sleep(COP_NEVER);
    return 0;
}

static int measure_parked(void *arg)
{
    size_t kib = status_kib("VmRSS") + status_kib("VmPTE");
    size_t before = mappings();
    struct cop_group group;

    cop_group_enter(&group);
    for (int i = 0; i < MANY; i++)
        CHECK(cop_group_spawn(&group, sleep_for_ever, NULL));
    CHECK(cop_yield() == 0);
    print("parked", (double)(status_kib("VmRSS") + status_kib("VmPTE") - kib) / MANY, "KB");
    print("mappings", (double)(mappings() - before), "mappings");
    cop_group_cancel(&group);
    return cop_group_exit(&group, 0);
}

static double latest; /* as a part of the sleep */

static int sleep_and_compare(void *arg)
{
    int64_t d = *(const int64_t *)arg;
    int64_t began = cop_now();
    double late;

    CHECK(cop_sleep(d) == 0);
    late = (double)(cop_now() - began - d) / (double)d;
    if (late > latest)
        latest = late;
    return 0;
}

static int measure_sleepers(void *arg)
{
    int64_t *durations = malloc(MANY * sizeof(*durations));
    struct cop_group group;
    int64_t cpu;

    CHECK(durations);
    cop_group_enter(&group);
    for (int i = 0; i < MANY; i++) {
        durations[i] = COP_S + rand() % COP_S;
        CHECK(cop_group_spawn(&group, sleep_and_compare, &durations[i]));
    }
    CHECK(cop_yield() == 0);
    cpu = cpu_now();
    CHECK(cop_group_exit(&group, 0) == 0);
    print("sleepers", (double)(cpu_now() - cpu) / 1000 / MANY, "us");
    print("late", latest * 100, "%");
    free(durations);
    return 0;
}

static const struct {
    const char *name;
    cop_fn measure;
} workloads[] = {
    {"switch", measure_switch}, {"yield", measure_yield},   {"spawn", measure_spawn},
    {"gather", measure_gather}, {"parked", measure_parked}, {"sleepers", measure_sleepers},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++) {
        if (argc == 2 && strcmp(argv[1], workloads[i].name) == 0)
            return cop_run(workloads[i].measure, NULL) < 0;
    }
    fprintf(stderr, "usage: bench_tasks switch|yield|spawn|gather|parked|sleepers\n");
    return 2;
}
