/* SPDX-License-Identifier: MIT */
/*
 * peer_dill - what libdill's coroutines cost: peer_dill yield|spawn. See bench_tasks.c.
 */
#include <libdill.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define YIELDERS 4
#define YIELDS   2000000
#define SPAWNS   2000000

static double cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static coroutine void yield_often(void)
{
    for (int i = 0; i < YIELDS; i++)
        (void)yield();
}

static coroutine void nothing(void)
{
}

static double measure_yield(void)
{
    int all = bundle();
    double before = cpu_ns();

    for (int i = 0; i < YIELDERS; i++)
        bundle_go(all, yield_often());
    bundle_wait(all, -1);
    return (cpu_ns() - before) / YIELDERS / YIELDS;
}

static double measure_spawn(void)
{
    double before = cpu_ns();

    /* A coroutine runs at once, so it has ended when it is closed. */
    for (int i = 0; i < SPAWNS; i++)
        hclose(go(nothing()));
    return (cpu_ns() - before) / SPAWNS;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "yield") == 0)
        printf("yield %.3f ns\n", measure_yield());
    else if (argc == 2 && strcmp(argv[1], "spawn") == 0)
        printf("spawn %.3f ns\n", measure_spawn());
    else
        return 2;
    return 0;
}
