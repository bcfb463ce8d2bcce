/* SPDX-License-Identifier: MIT */
/*
 * stack.h - stacks for tasks: arenas of address space, committed page by page, guarded below.
 *
 * One allocator per loop, no locks. A freed stack is the next one handed out, so that its pages are
 * warm. Guards are MADV_GUARD_INSTALL marks (Linux >= 6.13), which cost no mapping of their own;
 * without them, mprotect as long as vm.max_map_count allows, then none.
 */
#ifndef COPPICE_STACK_H
#define COPPICE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STACK_SIZE_DEFAULT (256u * 1024)
#define STACK_SIZE_MIN     (32u * 1024)
#define STACK_SIZE_MAX     (64u * 1024 * 1024)
#define STACK_CLASSES      12 /* powers of two from the least to the largest size */

struct stack {    /* this record lies at the very top of its stack */
    char *bottom; /* lowest usable byte, just above the guard */
    unsigned valgrind_id;
};

struct stack_arena;

struct stack_pool {
    size_t size;         /* of address space, the guard included */
    struct stack **free; /* the warmest at the end; room for all stacks */
    size_t nfree;
    size_t ncold;     /* of them, from the start: hold no memory, not even their record */
    size_t nfree_low; /* fewest that were free since the last trim */
    size_t nstacks;
    struct stack_arena *arenas;
};

/* Which power of two a size is rounded up to: an index below STACK_CLASSES. */
unsigned stack_class(size_t size);

/* size is rounded up to a power of two within the limits above. */
void stack_pool_init(struct stack_pool *pool, size_t size);

/* Give every mapping back; no stack may be in use. */
void stack_pool_fini(struct stack_pool *pool);

/* A stack, warm where there is one. NULL: no memory. */
struct stack *stack_take_slow(struct stack_pool *pool);

static inline struct stack *stack_take(struct stack_pool *pool)
{
    if (pool->nfree <= pool->ncold)
        return stack_take_slow(pool);
    if (--pool->nfree < pool->nfree_low)
        pool->nfree_low = pool->nfree;
    return pool->free[pool->nfree];
}

static inline void stack_give(struct stack_pool *pool, struct stack *stack)
{
    pool->free[pool->nfree++] = stack;
}

/* Give back to the kernel all that the stacks hold which nobody needed since the last call, and the
 * deep pages of the others that are free; a bounded number of stacks each time. */
void stack_pool_trim(struct stack_pool *pool);

/* Bytes of the stack that are resident, exact to the page (mincore(2)). */
size_t stack_resident(const struct stack *stack);

/* Does the address lie in the guard below this stack? */
bool stack_is_guard(const struct stack *stack, const void *address);

#endif
