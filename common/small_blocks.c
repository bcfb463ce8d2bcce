/* SPDX-License-Identifier: MIT */
#include "common/small_blocks.h"

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Sizes are multiples of the step; what is larger than the last is malloc's alone. */
#define STEP   16
#define NSIZES 16

/* Of each size: 127.5 KiB in all. A sanitizer is to see what is used after it was freed. */
#if defined(__has_feature)
#define ADDRESSES_ARE_CHECKED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define ADDRESSES_ARE_CHECKED 1
#else
#define ADDRESSES_ARE_CHECKED 0
#endif
#define KEPT_MAX (ADDRESSES_ARE_CHECKED ? 0 : 60)

struct block {
    struct block *next;
};

struct kept {
    struct block *first;
    unsigned n;
};

/* By size, in steps: the first is unused. */
static _Thread_local struct kept kept[NSIZES + 1];
static _Thread_local bool is_known;

/* Its destructor frees what a thread has kept. */
static pthread_key_t at_exit;
static bool has_key;

void small_blocks_give_back(void)
{
    for (size_t i = 0; i <= NSIZES; i++) {
        while (kept[i].first) {
            struct block *block = kept[i].first;

            kept[i].first = block->next;
            free(block);
        }
        kept[i].n = 0;
    }
}

/* Whatever the thread frees from now on is not kept any more. */
static void thread_ends(void *unused)
{
    small_blocks_give_back();
    for (size_t i = 0; i <= NSIZES; i++)
        kept[i].n = KEPT_MAX;
}

__attribute__((constructor)) static void make_key(void)
{
    has_key = pthread_key_create(&at_exit, thread_ends) == 0;
}

/* May this thread keep anything? Its end has to be known. */
static bool may_keep(void)
{
    if (!is_known)
        is_known = has_key && pthread_setspecific(at_exit, kept) == 0;
    return is_known;
}

void *small_blocks_allocate(size_t size)
{
    size_t steps = (size + STEP - 1) / STEP;
    struct kept *same;

    if (steps > NSIZES || size == 0)
        return malloc(size);
    same = &kept[steps];
    if (same->first) {
        struct block *block = same->first;

        same->first = block->next;
        same->n--;
        return block;
    }
    return malloc(steps * STEP);
}

void small_blocks_free(void *block)
{
    size_t steps = block ? malloc_usable_size(block) / STEP : 0;
    struct block *last = block;

    if (steps == 0 || steps > NSIZES || kept[steps].n == KEPT_MAX || !may_keep()) {
        free(block);
        return;
    }
    last->next = kept[steps].first;
    kept[steps].first = last;
    kept[steps].n++;
}
