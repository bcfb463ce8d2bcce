/* SPDX-License-Identifier: MIT */
/*
 * timer.h - deadlines in a 4-ary heap, one heap per loop.
 *
 * A timer is embedded in what it belongs to and never allocates beyond the heap's array.
 */
#ifndef COPPICE_TIMER_H
#define COPPICE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t due_ns;
    uint32_t position; /* in the heap, from 1; 0: not in it */
};

struct timer_entry {
    int64_t due_ns;
    struct timer *timer;
};

struct timer_heap {
    struct timer_entry *entries; /* [1 .. len] */
    size_t len;
    size_t capacity;
};

void timer_heap_init(struct timer_heap *heap);
void timer_heap_fini(struct timer_heap *heap);

/* Room for n timers at once, so that timer_start cannot fail. Returns 0 or -ENOMEM. */
int timer_heap_reserve(struct timer_heap *heap, size_t n);

/* Start, or move, a timer. There must be room. */
void timer_start(struct timer_heap *heap, struct timer *timer, int64_t due_ns);

static inline bool timer_is_running(const struct timer *timer)
{
    return timer->position != 0;
}

/* Of a timer that is running. */
void timer_take_out(struct timer_heap *heap, struct timer *timer);

/* Harmless for a timer that is not running. */
static inline void timer_stop(struct timer_heap *heap, struct timer *timer)
{
    if (timer_is_running(timer))
        timer_take_out(heap, timer);
}

/* When the first one is due; INT64_MAX when there is none. */
static inline int64_t timer_first(const struct timer_heap *heap)
{
    return heap->len ? heap->entries[1].due_ns : INT64_MAX;
}

/* Take out the first timer if it is due; NULL otherwise. */
struct timer *timer_take_due(struct timer_heap *heap, int64_t now_ns);

#endif
