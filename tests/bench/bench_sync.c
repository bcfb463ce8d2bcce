/* SPDX-License-Identifier: MIT */
/*
 * bench_sync - what it costs to synchronise tasks: the median of some rounds in nanoseconds, beside
 * the target.
 *
 * Each measurement is a row of the table below.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "worker/coppice.h"

#define ROUNDS     15
#define OPERATIONS 200000
#define NCALLS     1000
#define GATHERS    200
#define QUEUE_ROOM 64

static int nothing(void *arg)
{
    return 0;
}

static void lock_and_unlock(void)
{
    static struct cop_lock lock;

    for (int i = 0; i < OPERATIONS; i++) {
        CHECK(cop_lock_acquire(&lock) == 0);
        cop_lock_release(&lock);
    }
}

static void semaphore_take_and_give(void)
{
    static struct cop_semaphore semaphore = {.value = 1};

    for (int i = 0; i < OPERATIONS; i++)
        CHECK(cop_semaphore_acquire(&semaphore) == 0 && cop_semaphore_release(&semaphore) == 0);
}

static int pass_lock_around(void *arg)
{
    struct cop_lock *lock = arg;

    for (int i = 0; i < OPERATIONS / 2; i++) {
        CHECK(cop_lock_acquire(lock) == 0);
        CHECK(cop_yield() == 0);
        cop_lock_release(lock);
    }
    return 0;
}

static void two_tasks_want_one_lock(void)
{
    static struct cop_lock lock;
    struct cop_call calls[2] = {{.fn = pass_lock_around, .arg = &lock},
                                {.fn = pass_lock_around, .arg = &lock}};

    CHECK(cop_gather(calls, 2, 0) == 0);
}

static int produce(void *arg)
{
    for (intptr_t i = 0; i < OPERATIONS; i++)
        CHECK(cop_queue_put(arg, &i) == 0);
    cop_queue_shutdown(arg);
    return 0;
}

static void hand_over(size_t capacity)
{
    intptr_t room[QUEUE_ROOM], item, expected = 0;
    struct cop_queue queue;
    struct cop_task *producer;

    CHECK(cop_queue_init(&queue, room, capacity, sizeof(room[0])) == 0);
    producer = cop_create_task(produce, &queue);
    CHECK(producer);
    while (cop_queue_get(&queue, &item) == 0)
        CHECK(item == expected++);
    CHECK(expected == OPERATIONS && cop_await(producer) == 0);
}

static void queue_with_room_for_one(void)
{
    hand_over(1);
}

static void queue_with_room_for_many(void)
{
    hand_over(QUEUE_ROOM);
}

static void gather_a_thousand(void)
{
    static struct cop_call calls[NCALLS];

    for (int i = 0; i < NCALLS; i++)
        calls[i] = (struct cop_call){.fn = nothing};
    for (int i = 0; i < GATHERS; i++)
        CHECK(cop_gather(calls, NCALLS, 0) == 0);
}

static int select_many(void *arg)
{
    struct cop_queue *queues = arg;
    intptr_t item = 0;
    struct cop_waitable waits[] = {cop_on_get(&queues[0], &item), cop_on_get(&queues[1], &item)};

    for (int i = 0; i < OPERATIONS; i++)
        CHECK(cop_select(waits, 2) == i % 2);
    return 0;
}

static void select_of_two_queues(void)
{
    intptr_t rooms[2], item = 0;
    struct cop_queue queues[2];
    struct cop_task *selector;

    for (int i = 0; i < 2; i++)
        CHECK(cop_queue_init(&queues[i], &rooms[i], 1, sizeof(rooms[i])) == 0);
    selector = cop_create_task(select_many, queues);
    CHECK(selector);
    for (int i = 0; i < OPERATIONS; i++) {
        CHECK(cop_queue_put(&queues[i % 2], &item) == 0);
        CHECK(cop_yield() == 0);
    }
    CHECK(cop_await(selector) == 0);
}

static const struct measurement {
    const char *name;
    void (*fn)(void);
    int operations;   /* that one call of fn makes */
    double target_ns; /* 0: none */
} measurements[] = {
    {"gather of 1,000, per task", gather_a_thousand, GATHERS *NCALLS, 60},
    {"lock + unlock, uncontended", lock_and_unlock, OPERATIONS, 5},
    {"semaphore acquire + release", semaphore_take_and_give, OPERATIONS, 0},
    {"lock handed over, with a yield", two_tasks_want_one_lock, OPERATIONS, 0},
    {"queue hand-over, room for 64", queue_with_room_for_many, OPERATIONS, 30},
    {"queue hand-over, room for 1", queue_with_room_for_one, OPERATIONS, 30},
    {"select of 2 queues, with a yield", select_of_two_queues, OPERATIONS, 0},
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_of(const struct measurement *measurement)
{
    double ns[ROUNDS];

    measurement->fn();
    for (int i = 0; i < ROUNDS; i++) {
        cop_time start = cop_now();

        measurement->fn();
        ns[i] = (double)(cop_now() - start) / measurement->operations;
    }
    qsort(ns, ROUNDS, sizeof(ns[0]), compare);
    return ns[ROUNDS / 2];
}

static int measure_all(void *arg)
{
    printf("%-34s %9s %9s\n", "", "ns", "target");
    for (size_t i = 0; i < sizeof(measurements) / sizeof(measurements[0]); i++) {
        const struct measurement *measurement = &measurements[i];
        double ns = median_of(measurement);

        printf("%-34s %9.1f", measurement->name, ns);
        if (measurement->target_ns > 0)
            printf(" %9.0f%s", measurement->target_ns,
                   ns > measurement->target_ns ? "  missed" : "");
        printf("\n");
    }
    return 0;
}

int main(void)
{
    return cop_run(measure_all, NULL);
}
