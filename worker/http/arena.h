/* SPDX-License-Identifier: MIT */
/*
 * arena.h - memory that is given piece by piece and taken back all at once.
 *
 * The first block is the owner's, so that few and small pieces cost a comparison and an addition.
 */
#ifndef COPPICE_ARENA_H
#define COPPICE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    char *at;
    char *end;
    struct arena_block *blocks; /* of the heap */
    size_t left;                /* bytes that the heap may still give */
};

/* Begin with the owner's first[0 .. size), aligned for any type, and at most heap_max bytes more.
 */
static inline void arena_init(struct arena *arena, void *first, size_t size, size_t heap_max)
{
    arena->at = first;
    arena->end = arena->at + size;
    arena->blocks = NULL;
    arena->left = heap_max;
}

/* size bytes, aligned for any type, with arbitrary content. NULL: no memory, or too much of it. */
void *arena_alloc(struct arena *arena, size_t size);

/* Free what came from the heap. */
void arena_fini(struct arena *arena);

#endif
