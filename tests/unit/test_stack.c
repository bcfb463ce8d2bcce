/* SPDX-License-Identifier: MIT */
#include "worker/task/stack.h"

#include <check.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/dies.h"
#include "tests/unit/emulated.h"
#include "tests/unit/suite.h"
#include "worker/task/sanitize.h"

#define PAGE 4096
#define N    100

static struct stack *take(struct stack_pool *pool)
{
    struct stack *stack = stack_take(pool);

    ck_assert_ptr_nonnull(stack);
    return stack;
}

static size_t usable(const struct stack *stack)
{
    return (size_t)((const char *)stack - stack->bottom);
}

static void take_all(struct stack_pool *pool, struct stack **stacks)
{
    for (size_t i = 0; i < N; i++)
        stacks[i] = take(pool);
}

static void give_all(struct stack_pool *pool, struct stack **stacks)
{
    for (size_t i = 0; i < N; i++)
        stack_give(pool, stacks[i]);
}

START_TEST(stacks_have_the_size_rounded_up_and_do_not_overlap)
{
    struct stack_pool pool;
    struct stack *stacks[N];

    stack_pool_init(&pool, 50 * 1024);
    ck_assert_uint_eq(pool.size, 64u * 1024);
    take_all(&pool, stacks);
    for (size_t i = 0; i < N; i++) {
        ck_assert_uint_gt(usable(stacks[i]), 64u * 1024 - 2 * PAGE);
        memset(stacks[i]->bottom, (int)i, usable(stacks[i]));
    }
    for (size_t i = 0; i < N; i++) {
        ck_assert_int_eq(stacks[i]->bottom[0], (char)i);
        ck_assert_int_eq(((char *)stacks[i])[-1], (char)i);
    }
    give_all(&pool, stacks);
    stack_pool_fini(&pool);
}
END_TEST

START_TEST(sizes_keep_within_their_limits)
{
    struct stack_pool pool;

    stack_pool_init(&pool, 1);
    ck_assert_uint_eq(pool.size, STACK_SIZE_MIN);
    stack_pool_init(&pool, SIZE_MAX);
    ck_assert_uint_eq(pool.size, STACK_SIZE_MAX);
    stack_give(&pool, take(&pool));
    stack_pool_fini(&pool);
}
END_TEST

START_TEST(stack_given_back_last_is_taken_first)
{
    struct stack_pool pool;
    struct stack *stacks[N];

    stack_pool_init(&pool, STACK_SIZE_DEFAULT);
    take_all(&pool, stacks);
    give_all(&pool, stacks);
    ck_assert_ptr_eq(take(&pool), stacks[N - 1]);
    ck_assert_ptr_eq(take(&pool), stacks[N - 2]);
    ck_assert_uint_eq(pool.nstacks, N);
    stack_give(&pool, stacks[N - 2]);
    stack_give(&pool, stacks[N - 1]);
    stack_pool_fini(&pool);
}
END_TEST

START_TEST(tops_of_neighbours_lie_in_different_cache_lines_of_their_pages)
{
    struct stack_pool pool;
    struct stack *stacks[N];

    stack_pool_init(&pool, STACK_SIZE_DEFAULT);
    take_all(&pool, stacks);
    for (size_t i = 1; i < 16; i++)
        ck_assert_uint_ne((uintptr_t)stacks[i] % PAGE / 64, (uintptr_t)stacks[0] % PAGE / 64);
    give_all(&pool, stacks);
    stack_pool_fini(&pool);
}
END_TEST

static void write_below_a_stack(void)
{
    struct stack_pool pool;

    stack_pool_init(&pool, STACK_SIZE_DEFAULT);
    *(volatile char *)(take(&pool)->bottom - 1) = 1;
}

START_TEST(write_below_the_bottom_hits_the_guard)
{
    char said[8192];
    struct stack_pool pool;
    struct stack *stack;

    if (EMULATOR_LACKS(NO_GUARD_INSTALL))
        return;
    ck_assert_int_ne(run_in_child(write_below_a_stack, said, sizeof(said)), 0);
    stack_pool_init(&pool, STACK_SIZE_DEFAULT);
    stack = take(&pool);
    ck_assert(stack_is_guard(stack, stack->bottom - 1));
    ck_assert(stack_is_guard(stack, stack->bottom - PAGE));
    ck_assert(!stack_is_guard(stack, stack->bottom));
    ck_assert(!stack_is_guard(stack, stack->bottom - PAGE - 1));
    stack_give(&pool, stack);
    stack_pool_fini(&pool);
}
END_TEST

START_TEST(resident_counts_the_pages_that_were_touched)
{
    struct stack_pool pool;
    struct stack *stack;

    stack_pool_init(&pool, STACK_SIZE_DEFAULT);
    stack = take(&pool);
    ck_assert_uint_eq(stack_resident(stack), PAGE);
    stack->bottom[0] = 1;
    stack->bottom[10 * PAGE] = 1;
    ck_assert_uint_eq(stack_resident(stack), 3 * PAGE);
    stack_give(&pool, stack);
    stack_pool_fini(&pool);
}
END_TEST

START_TEST(trim_gives_back_all_of_the_stacks_that_nobody_needed_since_the_last)
{
    struct stack_pool pool;
    struct stack *stacks[N];

    stack_pool_init(&pool, STACK_SIZE_DEFAULT);
    take_all(&pool, stacks);
    give_all(&pool, stacks);
    stack_pool_trim(&pool);
    ck_assert_uint_eq(stack_resident(stacks[0]), PAGE);
    stack_pool_trim(&pool);
    for (size_t i = 0; i < N; i++)
        ck_assert_ptr_null(stacks[i]->bottom);

    /* A cold stack is as good as new. */
    for (size_t i = N; i-- > 0;) {
        ck_assert_ptr_eq(take(&pool), stacks[i]);
        ck_assert_uint_gt(usable(stacks[i]), STACK_SIZE_DEFAULT - 2 * PAGE);
        memset(stacks[i]->bottom, 1, usable(stacks[i]));
    }
    ck_assert_uint_eq(pool.nstacks, N);

    /* And grows cold again. */
    give_all(&pool, stacks);
    stack_pool_trim(&pool);
    stack_pool_trim(&pool);
    for (size_t i = 0; i < N; i++)
        ck_assert_ptr_null(stacks[i]->bottom);
    stack_pool_fini(&pool);
}
END_TEST

START_TEST(trim_leaves_the_stacks_alone_that_were_needed)
{
    struct stack_pool pool;
    struct stack *stacks[N];

    stack_pool_init(&pool, STACK_SIZE_DEFAULT);
    take_all(&pool, stacks);
    give_all(&pool, stacks);
    stack_pool_trim(&pool);
    ck_assert_ptr_eq(take(&pool), stacks[N - 1]);
    ck_assert_ptr_eq(take(&pool), stacks[N - 2]);
    stack_give(&pool, stacks[N - 2]);
    stack_give(&pool, stacks[N - 1]);
    stack_pool_trim(&pool);
    ck_assert_ptr_null(stacks[N - 3]->bottom);
    ck_assert_ptr_nonnull(stacks[N - 2]->bottom);
    ck_assert_ptr_nonnull(stacks[N - 1]->bottom);
    stack_pool_fini(&pool);
}
END_TEST

START_TEST(trim_gives_back_the_deep_pages_of_a_stack_that_is_in_use_now_and_then)
{
    struct stack_pool pool;
    struct stack *stack;

    stack_pool_init(&pool, STACK_SIZE_DEFAULT);
    stack = take(&pool);
    memset(stack->bottom, 1, usable(stack));
    ck_assert_uint_eq(stack_resident(stack), STACK_SIZE_DEFAULT - PAGE);
    stack_give(&pool, stack);
    stack_pool_trim(&pool);
    ck_assert_uint_le(stack_resident(stack), 4 * PAGE);
    ck_assert_ptr_eq(take(&pool), stack);
    ck_assert_ptr_eq(stack->bottom,
                     (char *)(((uintptr_t)stack | (PAGE - 1)) + 1) - STACK_SIZE_DEFAULT + PAGE);
    stack_give(&pool, stack);
    stack_pool_fini(&pool);
}
END_TEST

START_TEST(pool_freed_with_a_stack_in_use_is_a_bug)
{
    struct stack_pool pool;

    stack_pool_init(&pool, STACK_SIZE_DEFAULT);
    (void)take(&pool);
    stack_pool_fini(&pool);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, stacks_have_the_size_rounded_up_and_do_not_overlap);
    tcase_add_test(tc, sizes_keep_within_their_limits);
    tcase_add_test(tc, stack_given_back_last_is_taken_first);
    tcase_add_test(tc, tops_of_neighbours_lie_in_different_cache_lines_of_their_pages);
    tcase_add_test(tc, write_below_the_bottom_hits_the_guard);
    tcase_add_test(tc, resident_counts_the_pages_that_were_touched);
    tcase_add_test(tc, trim_gives_back_all_of_the_stacks_that_nobody_needed_since_the_last);
    tcase_add_test(tc, trim_leaves_the_stacks_alone_that_were_needed);
    tcase_add_test(tc, trim_gives_back_the_deep_pages_of_a_stack_that_is_in_use_now_and_then);
    tcase_add_test_raise_signal(tc, pool_freed_with_a_stack_in_use_is_a_bug, SIGABRT);
}

int main(void)
{
    return run_suite("stack", add);
}
