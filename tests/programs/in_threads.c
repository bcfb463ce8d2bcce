/* SPDX-License-Identifier: MIT */
/* Four threads count primes; each tells the loop when it is done, and the loop goes on meanwhile.
 */
#include <stdbool.h>
#include <stdio.h>

#include <coppice.h>

struct range {
    int from;
    int to;
    struct cop_loop *loop;
    int primes;
};

static struct cop_event all_told;
static int told;

static bool is_prime(int n)
{
    for (int i = 2; i * i <= n; i++)
        if (n % i == 0)
            return false;
    return n > 1;
}

static void tell(void *arg)
{
    if (++told == 4)
        cop_event_set(&all_told);
}

static int count(void *arg)
{
    struct range *range = arg;

    for (int i = range->from; i < range->to; i++)
        range->primes += is_prime(i);
    return cop_call_soon_threadsafe(range->loop, tell, NULL);
}

static int count_in_thread(void *arg)
{
    return cop_to_thread(count, arg);
}

static int count_all(void *arg)
{
    struct range ranges[4];
    int rc, sum = 0;

    for (int i = 0; i < 4; i++)
        ranges[i] = (struct range){i * 10000, (i + 1) * 10000, cop_this_loop(), 0};
    rc = cop_for_each(count_in_thread, ranges, 4, sizeof(ranges[0]));
    for (int i = 0; i < 4; i++)
        sum += ranges[i].primes;
    if (rc == 0)
        rc = cop_event_wait(&all_told);
    printf("%d primes, %d threads told\n", sum, told);
    return rc;
}

COP_MAIN(count_all)
