/* SPDX-License-Identifier: MIT */
/*
 * beat.h - a loop's slot in shared memory: is it alive, and what is it doing?
 *
 * One writer (the loop), any number of readers (the master), a sequence lock and nothing that could
 * be left locked by a death. Readable while the writer hangs and after it was killed. No pointers
 * inside.
 */
#ifndef COPPICE_BEAT_H
#define COPPICE_BEAT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define BEAT_LABEL_MAX 64

/* A loop that drains accepts no more. One that blocks goes from READY to LEAVING at once. */
enum beat_state { BEAT_EMPTY, BEAT_STARTING, BEAT_READY, BEAT_DRAINING, BEAT_LEAVING };

/* What a reader sees, whole. */
struct beat_view {
    int64_t beat_ns;       /* when the beat timer last ran */
    int64_t lag_ns;        /* how late it ran then */
    int64_t task_since_ns; /* since when the task below runs; 0: none runs */
    uint64_t task;         /* its number */
    uint32_t state;        /* enum beat_state */
    uint32_t connections;
    uint32_t tasks;
    uint32_t tasks_running;
    char label[BEAT_LABEL_MAX]; /* "GET /users/7", or the app's name */
};

struct beat {
    _Atomic uint32_t sequence;
    struct beat_view view;
} __attribute__((aligned(256)));

/* Slots for n loops in MAP_SHARED|MAP_ANONYMOUS memory, for a fork to share. NULL: no memory. */
struct beat *beat_new(size_t n);
void beat_free(struct beat *beats, size_t n);

/* The writer's side; each call is a few plain stores. */
void beat_set_state(struct beat *beat, enum beat_state state);
void beat_tick(struct beat *beat, int64_t now_ns, int64_t lag_ns, uint32_t connections,
               uint32_t tasks, uint32_t tasks_running);
/* label need not end in 0; it is cut to fit. */
void beat_task_start(struct beat *beat, uint64_t task, int64_t now_ns, const char *label,
                     size_t len);
void beat_task_stop(struct beat *beat);

/* Copy the slot into *view. Returns 0, or -EAGAIN when the writer was in the middle of writing at
 * each of three tries (or died there): then each field is whole, but they may not belong together.
 */
int beat_read(const struct beat *beat, struct beat_view *view);

#endif
