/* SPDX-License-Identifier: MIT */
#include "tests/unit/suite.h"
#include "worker/http/arena.h"

#include <check.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

static _Alignas(max_align_t) char first[256];

START_TEST(small_pieces_come_from_the_first_block)
{
    struct arena arena;
    char *a, *b;

    arena_init(&arena, first, sizeof(first), 0);
    a = arena_alloc(&arena, 3);
    b = arena_alloc(&arena, 100);
    ck_assert_ptr_eq(a, first);
    ck_assert_ptr_eq(b, first + alignof(max_align_t));
    ck_assert_ptr_null(arena.blocks);
    arena_fini(&arena);
}
END_TEST

START_TEST(pieces_do_not_overlap_and_are_aligned)
{
    struct arena arena;
    unsigned char *pieces[200];

    arena_init(&arena, first, sizeof(first), 1 << 20);
    for (size_t i = 0; i < 200; i++) {
        pieces[i] = arena_alloc(&arena, i * 13);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)i, i * 13);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < i * 13; j++)
            ck_assert_uint_eq(pieces[i][j], i);
    arena_fini(&arena);
    ck_assert_ptr_null(arena.blocks);
}
END_TEST

START_TEST(more_than_the_limit_is_refused)
{
    struct arena arena;

    arena_init(&arena, first, sizeof(first), 10000);
    ck_assert_ptr_null(arena_alloc(&arena, 10001));
    ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX - 20));
    ck_assert_ptr_nonnull(arena_alloc(&arena, 9984));
    ck_assert_ptr_null(arena_alloc(&arena, 2000));
    ck_assert_ptr_nonnull(arena_alloc(&arena, 200));
    arena_fini(&arena);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, small_pieces_come_from_the_first_block);
    tcase_add_test(tc, pieces_do_not_overlap_and_are_aligned);
    tcase_add_test(tc, more_than_the_limit_is_refused);
}

int main(void)
{
    return run_suite("arena", add);
}
