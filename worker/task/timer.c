/* SPDX-License-Identifier: MIT */
#include "worker/task/timer.h"

#include <errno.h>
#include <stdlib.h>

#include "common/check.h"

#define ARITY 4

void timer_heap_init(struct timer_heap *heap)
{
    *heap = (struct timer_heap){0};
}

void timer_heap_fini(struct timer_heap *heap)
{
    CHECK(heap->len == 0);
    free(heap->entries);
    *heap = (struct timer_heap){0};
}

int timer_heap_reserve(struct timer_heap *heap, size_t n)
{
    struct timer_entry *entries;
    size_t capacity = heap->capacity ? heap->capacity : 64;

    while (capacity < n + 1)
        capacity *= 2;
    if (capacity == heap->capacity)
        return 0;
    entries = realloc(heap->entries, capacity * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    heap->entries = entries;
    heap->capacity = capacity;
    return 0;
}

static inline size_t parent(size_t i)
{
    return (i - 2) / ARITY + 1;
}

static inline size_t first_child(size_t i)
{
    return (i - 1) * ARITY + 2;
}

static inline void place(struct timer_heap *heap, size_t i, struct timer_entry entry)
{
    heap->entries[i] = entry;
    entry.timer->position = (uint32_t)i;
}

static void sift_up(struct timer_heap *heap, size_t i, struct timer_entry entry)
{
    while (i > 1 && heap->entries[parent(i)].due_ns > entry.due_ns) {
        place(heap, i, heap->entries[parent(i)]);
        i = parent(i);
    }
    place(heap, i, entry);
}

static void sift_down(struct timer_heap *heap, size_t i, struct timer_entry entry)
{
    for (;;) {
        size_t best = first_child(i);
        size_t end = best + ARITY < heap->len + 1 ? best + ARITY : heap->len + 1;

        if (best > heap->len)
            break;
        for (size_t child = best + 1; child < end; child++) {
            if (heap->entries[child].due_ns < heap->entries[best].due_ns)
                best = child;
        }
        if (heap->entries[best].due_ns >= entry.due_ns)
            break;
        place(heap, i, heap->entries[best]);
        i = best;
    }
    place(heap, i, entry);
}

void timer_start(struct timer_heap *heap, struct timer *timer, int64_t due_ns)
{
    struct timer_entry entry = {.due_ns = due_ns, .timer = timer};
    int64_t before = timer->due_ns;

    timer->due_ns = due_ns;
    if (!timer->position) {
        CHECK(heap->len + 1 < heap->capacity);
        sift_up(heap, ++heap->len, entry);
    } else if (due_ns < before) {
        sift_up(heap, timer->position, entry);
    } else {
        sift_down(heap, timer->position, entry);
    }
}

void timer_take_out(struct timer_heap *heap, struct timer *timer)
{
    size_t i = timer->position;
    struct timer_entry last = heap->entries[heap->len--];

    timer->position = 0;
    if (last.timer == timer)
        return;
    if (i > 1 && heap->entries[parent(i)].due_ns > last.due_ns)
        sift_up(heap, i, last);
    else
        sift_down(heap, i, last);
}

struct timer *timer_take_due(struct timer_heap *heap, int64_t now_ns)
{
    struct timer *timer;

    if (!heap->len || heap->entries[1].due_ns > now_ns)
        return NULL;
    timer = heap->entries[1].timer;
    timer_take_out(heap, timer);
    return timer;
}
