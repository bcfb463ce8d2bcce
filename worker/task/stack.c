/* SPDX-License-Identifier: MIT */
/*
 * stack.c - see stack.h.
 *
 * An arena is one mapping of several stacks. From its lowest address, a stack is: guard page,
 * usable bytes, the struct stack, its colour. The colour moves the tops of neighbours apart by a
 * cache line or more: all tops at the same offset of a page would share a few cache sets.
 */
#include "worker/task/stack.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/check.h"
#include "worker/task/sanitize.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA           0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define PAGE         4096u
#define ARENA_BYTES  (16u * 1024 * 1024)
#define COLOURS      16u
#define COLOUR_BYTES 64u
#define TRIM_AT_ONCE 1024

/* A free stack that was needed lately may keep so much. */
#define WARM_BYTES (4 * PAGE)

/* By mprotect, two mappings each, of the 65530 that vm.max_map_count allows. */
#define GUARDS_BY_MAP 8192

struct stack_arena {
    struct stack_arena *next;
    char *base;
    size_t bytes;
};

unsigned stack_class(size_t size)
{
    unsigned class = 0;

    while (class < STACK_CLASSES - 1 && ((size_t)STACK_SIZE_MIN << class) < size)
        class ++;
    return class;
}

void stack_pool_init(struct stack_pool *pool, size_t size)
{
    *pool = (struct stack_pool){.size = (size_t)STACK_SIZE_MIN << stack_class(size)};
}

void stack_pool_fini(struct stack_pool *pool)
{
    struct stack_arena *arena = pool->arenas;

    CHECK(pool->nfree == pool->nstacks);
    for (size_t i = pool->ncold; i < pool->nfree; i++)
        sanitize_stack_forget(pool->free[i]->valgrind_id);
    while (arena) {
        struct stack_arena *next = arena->next;

        munmap(arena->base, arena->bytes);
        free(arena);
        arena = next;
    }
    free(pool->free);
    *pool = (struct stack_pool){.size = pool->size};
}

/* Guard the lowest page of a stack, by the cheapest means that the kernel has. */
static void install_guard(char *base)
{
    static atomic_uint by_map;
    static atomic_bool no_marks;

    if (!atomic_load_explicit(&no_marks, memory_order_relaxed)) {
        if (madvise(base, PAGE, MADV_GUARD_INSTALL) == 0)
            return;
        atomic_store_explicit(&no_marks, true, memory_order_relaxed);
    }
    if (atomic_fetch_add_explicit(&by_map, 1, memory_order_relaxed) < GUARDS_BY_MAP)
        (void)mprotect(base, PAGE, PROT_NONE);
}

/* Where the stack of a record ends: colour and record are less than a page. */
static char *end_of(const struct stack *stack)
{
    return (char *)(((uintptr_t)stack + PAGE) & ~(uintptr_t)(PAGE - 1));
}

/* Write the record, of a new stack or of one that was cold. */
static struct stack *warm_up(const struct stack_pool *pool, struct stack *stack)
{
    stack->bottom = end_of(stack) - pool->size + PAGE;
    stack->valgrind_id = sanitize_stack_learn(stack->bottom, (char *)stack);
    return stack;
}

static void cool_down(struct stack *stack)
{
    sanitize_stack_forget(stack->valgrind_id);
    (void)madvise(stack->bottom, (size_t)(end_of(stack) - stack->bottom), MADV_DONTNEED);
}

/* Room in `free` for one stack more. */
static int reserve_free(struct stack_pool *pool)
{
    struct stack **grown;
    size_t n = pool->nstacks;

    if (n != 0 && (n < 64 || (n & (n - 1)) != 0))
        return 0;
    grown = realloc(pool->free, (n < 64 ? 64 : 2 * n) * sizeof(struct stack *));
    if (!grown)
        return -1;
    pool->free = grown;
    return 0;
}

static int add_arena(struct stack_pool *pool)
{
    size_t bytes = pool->size > ARENA_BYTES ? pool->size : ARENA_BYTES;
    struct stack_arena *arena = malloc(sizeof(*arena));

    if (!arena)
        return -1;
    arena->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (arena->base == MAP_FAILED) {
        free(arena);
        return -1;
    }
    /* One touched page must not cost a huge one; both calls are advice. */
    (void)madvise(arena->base, bytes, MADV_NOHUGEPAGE);
    (void)prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, arena->base, bytes, "task stacks");
    arena->bytes = bytes;
    arena->next = pool->arenas;
    pool->arenas = arena;
    return 0;
}

static struct stack *make_stack(struct stack_pool *pool)
{
    size_t per_arena = pool->size > ARENA_BYTES ? 1 : ARENA_BYTES / pool->size;
    size_t place = pool->nstacks % per_arena;
    size_t colour = pool->nstacks % COLOURS * COLOUR_BYTES;
    char *base;

    if (reserve_free(pool) < 0 || (place == 0 && add_arena(pool) < 0))
        return NULL;
    base = pool->arenas->base + place * pool->size;
    install_guard(base);
    pool->nstacks++;
    return warm_up(pool,
                   (struct stack *)(void *)(base + pool->size - colour - sizeof(struct stack)));
}

struct stack *stack_take_slow(struct stack_pool *pool)
{
    if (pool->nfree == 0)
        return make_stack(pool);
    pool->ncold = --pool->nfree;
    pool->nfree_low = pool->nfree;
    return warm_up(pool, pool->free[pool->nfree]);
}

void stack_pool_trim(struct stack_pool *pool)
{
    size_t budget = TRIM_AT_ONCE;

    for (; pool->ncold < pool->nfree_low && budget > 0; budget--)
        cool_down(pool->free[pool->ncold++]);
    for (size_t i = pool->ncold; i < pool->nfree && budget > 0; i++, budget--) {
        const struct stack *stack = pool->free[i];
        char *deep_end = end_of(stack) - WARM_BYTES;

        if (stack_resident(stack) > WARM_BYTES)
            (void)madvise(stack->bottom, (size_t)(deep_end - stack->bottom), MADV_DONTNEED);
    }
    pool->nfree_low = pool->nfree;
}

size_t stack_resident(const struct stack *stack)
{
    unsigned char pages[STACK_SIZE_MAX / PAGE / 64];
    char *from = stack->bottom;
    char *end = end_of(stack);
    size_t resident = 0;

    while (from < end) {
        size_t bytes = (size_t)(end - from);

        if (bytes > sizeof(pages) * PAGE)
            bytes = sizeof(pages) * PAGE;
        if (mincore(from, bytes, pages) < 0)
            return 0;
        for (size_t i = 0; i < bytes / PAGE; i++)
            resident += (pages[i] & 1) * PAGE;
        from += bytes;
    }
    return resident;
}

bool stack_is_guard(const struct stack *stack, const void *address)
{
    const char *bottom = stack->bottom;

    return (const char *)address >= bottom - PAGE && (const char *)address < bottom;
}
