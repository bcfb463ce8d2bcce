/* SPDX-License-Identifier: MIT */
#include "common/small_blocks.h"

#include <check.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define NBLOCKS 1000

START_TEST(blocks_of_every_size_are_whole_and_stay_apart)
{
    unsigned char *blocks[600];

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned size = 1; size < 600; size++) {
            blocks[size] = small_blocks_allocate(size);
            ck_assert_ptr_nonnull(blocks[size]);
            memset(blocks[size], (int)(size % 251), size);
        }
        for (unsigned size = 1; size < 600; size++) {
            for (unsigned i = 0; i < size; i++)
                ck_assert_uint_eq(blocks[size][i], size % 251);
            small_blocks_free(blocks[size]);
        }
    }
    small_blocks_free(NULL);
    free(small_blocks_allocate(100));
}
END_TEST

/* In use by this program, by malloc's own account; what a thread keeps is among it. */
static size_t in_use(void)
{
    return mallinfo2().uordblks;
}

static void allocate_and_free(size_t size)
{
    static void *blocks[NBLOCKS];

    for (unsigned i = 0; i < NBLOCKS; i++)
        blocks[i] = small_blocks_allocate(size);
    for (unsigned i = 0; i < NBLOCKS; i++)
        small_blocks_free(blocks[i]);
}

START_TEST(what_is_kept_is_bounded)
{
    size_t before = in_use();

    for (size_t size = 1; size <= 512; size += 3)
        allocate_and_free(size);
    ck_assert_uint_le(in_use(), before + 256 * 1024);
}
END_TEST

static void *use_some(void *block)
{
    small_blocks_free(block);
    allocate_and_free(64);
    return small_blocks_allocate(64);
}

START_TEST(thread_frees_what_another_made_and_leaves_nothing)
{
    void *block = small_blocks_allocate(64);
    size_t before;

    for (unsigned i = 0; i < 50; i++) {
        pthread_t thread;

        if (i == 1)
            before = in_use();
        ck_assert_int_eq(pthread_create(&thread, NULL, use_some, block), 0);
        ck_assert_int_eq(pthread_join(thread, &block), 0);
    }
    ck_assert_uint_le(in_use(), before + 8 * 1024);
    small_blocks_free(block);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, blocks_of_every_size_are_whole_and_stay_apart);
    tcase_add_test(tc, what_is_kept_is_bounded);
    tcase_add_test(tc, thread_frees_what_another_made_and_leaves_nothing);
}

int main(void)
{
    return run_suite("small_blocks", add);
}
