/* SPDX-License-Identifier: MIT */
/* Four threads count primes; each tells the loop when it is done, and the loop goes on meanwhile.
 */
#include <stdbool.h>
#include <stdio.h>

#include "worker/coppice.h"

struct range {
    int from;
    int to;
    struct loop *loop;
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
    int n = 0, rc;

    for (int i = range->from; i < range->to; i++)
        n += is_prime(i);
    rc = cop_call_soon_threadsafe(range->loop, tell, NULL);
    return rc < 0 ? rc : n;
}

static int count_in_thread(void *arg)
{
    return cop_to_thread(count, arg);
}

static int count_all(void *arg)
{
    struct range ranges[4];
    struct cop_call calls[4];
    int rc, sum = 0;

    for (int i = 0; i < 4; i++) {
        ranges[i] = (struct range){i * 10000, (i + 1) * 10000, cop_this_loop()};
        calls[i] = (struct cop_call){.fn = count_in_thread, .arg = &ranges[i]};
    }
    rc = cop_gather(calls, 4, 0);
    for (int i = 0; i < 4; i++)
        sum += calls[i].rc;
    if (rc == 0)
        rc = cop_event_wait(&all_told);
    printf("%d primes, %d threads told\n", sum, told);
    return rc;
}

int main(void)
{
    return cop_run(count_all, NULL) < 0;
}
