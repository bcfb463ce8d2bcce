/* SPDX-License-Identifier: MIT */
#include "worker/http/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

/* Pieces above a quarter of it get a block of their own, so that no block's rest is wasted. */
#define BLOCK_SIZE 4096

struct arena_block {
    struct arena_block *next;
    alignas(max_align_t) char bytes[];
};

/* A block of the heap with room for size bytes. */
static char *add_block(struct arena *arena, size_t size)
{
    struct arena_block *block;

    if (size > arena->left)
        return NULL;
    block = malloc(sizeof(*block) + size);
    if (!block)
        return NULL;
    arena->left -= size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block->bytes;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t mask = alignof(max_align_t) - 1;
    char *at;

    if (size > SIZE_MAX - mask)
        return NULL;
    size = (size + mask) & ~mask;
    if (size <= (size_t)(arena->end - arena->at)) {
        at = arena->at;
        arena->at += size;
        return at;
    }
    if (size > BLOCK_SIZE / 4)
        return add_block(arena, size);
    at = add_block(arena, BLOCK_SIZE);
    if (!at)
        return NULL;
    arena->at = at + size;
    arena->end = at + BLOCK_SIZE;
    return at;
}

void arena_fini(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;

        free(arena->blocks);
        arena->blocks = next;
    }
}
