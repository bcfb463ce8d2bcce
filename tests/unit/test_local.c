/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tests/unit/in_loop.h"

static const struct cop_key keys[8];
static int one, two;

static int child(void *arg)
{
    ck_assert_ptr_eq(cop_local_get(&keys[0]), &one);
    ck_assert_ptr_null(cop_local_get(&keys[1]));
    ck_assert_int_eq(cop_local_set(&keys[0], &two), 0);
    ck_assert_int_eq(cop_local_set(&keys[1], &two), 0);
    ck_assert_ptr_eq(cop_local_get(&keys[0]), &two);
    return 0;
}

LOOP_TEST(value_is_null_until_it_is_set_and_after_it_is_taken_away)
{
    ck_assert_ptr_null(cop_local_get(&keys[0]));
    ck_assert_int_eq(cop_local_set(&keys[0], NULL), 0);
    ck_assert_int_eq(cop_local_set(&keys[0], &one), 0);
    ck_assert_int_eq(cop_local_set(&keys[1], &two), 0);
    ck_assert_ptr_eq(cop_local_get(&keys[0]), &one);
    ck_assert_int_eq(cop_local_set(&keys[0], NULL), 0);
    ck_assert_ptr_null(cop_local_get(&keys[0]));
    ck_assert_ptr_eq(cop_local_get(&keys[1]), &two);
    return 0;
}

LOOP_TEST(child_inherits_values_and_what_it_sets_is_its_own)
{
    struct cop_task *task;

    ck_assert_int_eq(cop_local_set(&keys[0], &one), 0);
    task = start(child, NULL);
    /* Set after the spawn: the child does not see it. */
    ck_assert_int_eq(cop_local_set(&keys[1], &one), 0);
    ck_assert_int_eq(cop_await(task), 0);
    ck_assert_ptr_eq(cop_local_get(&keys[0]), &one);
    ck_assert_ptr_eq(cop_local_get(&keys[1]), &one);
    return 0;
}

LOOP_TEST(children_of_groups_and_gathers_inherit_too)
{
    struct cop_call calls[2] = {{.fn = child}, {.fn = child}};
    struct cop_group group;

    ck_assert_int_eq(cop_local_set(&keys[0], &one), 0);
    ck_assert_int_eq(cop_gather(calls, 2, 0), 0);
    cop_group_enter(&group);
    ck_assert_ptr_nonnull(cop_group_spawn(&group, child, NULL));
    return cop_group_exit(&group, 0);
}

LOOP_TEST(many_keys_stand_side_by_side)
{
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 8; i++)
            ck_assert_int_eq(cop_local_set(&keys[i], (void *)&keys[i]), 0);
    }
    for (size_t i = 0; i < 8; i++)
        ck_assert_ptr_eq(cop_local_get(&keys[i]), &keys[i]);
    return 0;
}

LOOP_TEST(value_without_a_key_is_einval)
{
    ck_assert_int_eq(cop_local_set(NULL, &one), -EINVAL);
    return 0;
}

LOOP_TEST(value_for_which_there_is_no_memory_is_enomem_and_changes_nothing)
{
    /* The assertions take memory too; volatile keeps the compiler from doing without. */
    void *volatile reserve = malloc(65536);
    void *volatile taken;
    int rc;

    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(cop_local_set(&keys[i], &one), 0);
    if (!stop_memory(__func__)) {
        free(reserve);
        return 0;
    }
    /* What was freed before is kept by its size. */
    for (size_t size = 1024; size >= 16; size -= 16) {
        do
            taken = malloc(size);
        while (taken);
    }
    rc = cop_local_set(&keys[4], &two);
    free(reserve);
    ck_assert_int_eq(rc, -ENOMEM);
    ck_assert_ptr_null(cop_local_get(&keys[4]));
    ck_assert_ptr_eq(cop_local_get(&keys[3]), &one);
    ck_assert_int_eq(cop_local_set(&keys[3], &two), 0);
    return 0;
}

static void add(TCase *tc)
{
    tcase_add_test(tc, value_is_null_until_it_is_set_and_after_it_is_taken_away);
    tcase_add_test(tc, child_inherits_values_and_what_it_sets_is_its_own);
    tcase_add_test(tc, children_of_groups_and_gathers_inherit_too);
    tcase_add_test(tc, many_keys_stand_side_by_side);
    tcase_add_test(tc, value_for_which_there_is_no_memory_is_enomem_and_changes_nothing);
    tcase_add_test(tc, value_without_a_key_is_einval);
}

int main(void)
{
    return run_suite("local", add);
}
