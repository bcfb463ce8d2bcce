/* SPDX-License-Identifier: MIT */
/*
 * peer_fcontext - what a bare jump of Boost.Context costs: peer_fcontext switch. See bench_tasks.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 4000000
#define SIZE   65536

/* Of Boost.Context, which has no header for C. */
struct transfer {
    void *context;
    void *data;
};
struct transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *top, size_t size, void (*entry)(struct transfer));

static void come_and_go(struct transfer transfer)
{
    for (;;)
        transfer = jump_fcontext(transfer.context, NULL);
}

static double cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

int main(int argc, char **argv)
{
    char *stack = malloc(SIZE);
    struct transfer transfer;
    double before;

    if (argc != 2 || strcmp(argv[1], "switch") != 0 || !stack)
        return 2;
    transfer.context = make_fcontext(stack + SIZE, SIZE, come_and_go);
    before = cpu_ns();
    for (int i = 0; i < ROUNDS; i++)
        transfer = jump_fcontext(transfer.context, NULL);
    printf("switch %.3f ns\n", (cpu_ns() - before) / ROUNDS / 2);
    return 0;
}
