/* SPDX-License-Identifier: MIT */
/*
 * peer_st - what State Threads' threads cost: peer_st yield|spawn. See bench_tasks.c.
 */
#include <st.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define YIELDERS 4
#define YIELDS   100000
#define SPAWNS   500000

static double cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void *yield_often(void *arg)
{
    for (int i = 0; i < YIELDS; i++)
        st_usleep(0);
    return NULL;
}

static void *nothing(void *arg)
{
    return NULL;
}

static double measure_yield(void)
{
    st_thread_t threads[YIELDERS];
    double before = cpu_ns();

    for (int i = 0; i < YIELDERS; i++)
        threads[i] = st_thread_create(yield_often, NULL, 1, 65536);
    for (int i = 0; i < YIELDERS; i++)
        st_thread_join(threads[i], NULL);
    return (cpu_ns() - before) / YIELDERS / YIELDS;
}

static double measure_spawn(void)
{
    double before = cpu_ns();

    for (int i = 0; i < SPAWNS; i++)
        st_thread_join(st_thread_create(nothing, NULL, 1, 65536), NULL);
    return (cpu_ns() - before) / SPAWNS;
}

int main(int argc, char **argv)
{
    if (argc != 2 || st_init() < 0)
        return 2;
    if (strcmp(argv[1], "yield") == 0)
        printf("yield %.3f ns\n", measure_yield());
    else if (strcmp(argv[1], "spawn") == 0)
        printf("spawn %.3f ns\n", measure_spawn());
    else
        return 2;
    return 0;
}
