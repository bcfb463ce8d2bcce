/* SPDX-License-Identifier: MIT */
/*
 * The sequence lock: odd while the writer writes. Every word of the view is stored with release
 * after the odd sequence and loaded with acquire before the second look at it; so no fence is
 * needed, a reader that saw a new word also sees that the sequence moved, and the race that a
 * sequence lock lives by is one of atomics.
 */
#include "common/beat.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#define TRIES       3
#define VIEW_WORDS  (sizeof(struct beat_view) / sizeof(uint64_t))
#define LABEL_WORDS (BEAT_LABEL_MAX / sizeof(uint64_t))

typedef uint64_t __attribute__((may_alias)) word;

_Static_assert(sizeof(struct beat_view) % sizeof(word) == 0, "a view is read in whole words");
_Static_assert(sizeof(struct beat) == 256, "slots share no cache line");

#define STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELEASE)

struct beat *beat_new(size_t n)
{
    void *slots = mmap(NULL, n * sizeof(struct beat), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return slots == MAP_FAILED ? NULL : slots;
}

void beat_free(struct beat *beats, size_t n)
{
    if (beats != NULL)
        munmap(beats, n * sizeof(struct beat));
}

static void begin(struct beat *beat)
{
    uint32_t sequence = atomic_load_explicit(&beat->sequence, memory_order_relaxed);

    atomic_store_explicit(&beat->sequence, sequence + 1, memory_order_relaxed);
}

static void end(struct beat *beat)
{
    uint32_t sequence = atomic_load_explicit(&beat->sequence, memory_order_relaxed);

    atomic_store_explicit(&beat->sequence, sequence + 1, memory_order_release);
}

void beat_set_state(struct beat *beat, enum beat_state state)
{
    begin(beat);
    STORE(beat->view.state, (uint32_t)state);
    end(beat);
}

void beat_tick(struct beat *beat, int64_t now_ns, int64_t lag_ns, uint32_t connections,
               uint32_t tasks, uint32_t tasks_running)
{
    begin(beat);
    STORE(beat->view.beat_ns, now_ns);
    STORE(beat->view.lag_ns, lag_ns);
    STORE(beat->view.connections, connections);
    STORE(beat->view.tasks, tasks);
    STORE(beat->view.tasks_running, tasks_running);
    end(beat);
}

void beat_task_start(struct beat *beat, uint64_t task, int64_t now_ns, const char *label,
                     size_t len)
{
    char text[BEAT_LABEL_MAX] = {0};
    word *to = (word *)(void *)beat->view.label;

    memcpy(text, label, len < sizeof(text) ? len : sizeof(text) - 1);
    begin(beat);
    STORE(beat->view.task, task);
    STORE(beat->view.task_since_ns, now_ns);
    for (size_t i = 0; i < LABEL_WORDS; i++) {
        word part;

        memcpy(&part, text + i * sizeof(part), sizeof(part));
        STORE(to[i], part);
    }
    end(beat);
}

void beat_task_stop(struct beat *beat)
{
    begin(beat);
    STORE(beat->view.task_since_ns, 0);
    end(beat);
}

static bool copy(const struct beat *beat, struct beat_view *view)
{
    const word *from = (const word *)&beat->view;
    word *to = (word *)view;
    uint32_t before = atomic_load_explicit(&beat->sequence, memory_order_acquire);

    for (size_t i = 0; i < VIEW_WORDS; i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_ACQUIRE);
    return before % 2 == 0 && atomic_load_explicit(&beat->sequence, memory_order_relaxed) == before;
}

int beat_read(const struct beat *beat, struct beat_view *view)
{
    for (int i = 0; i < TRIES; i++)
        if (copy(beat, view))
            return 0;
    view->label[BEAT_LABEL_MAX - 1] = 0;
    return -EAGAIN;
}
