/* SPDX-License-Identifier: MIT */
#include "common/config_keys.h"

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "common/config_value.h"
#include "tests/unit/suite.h"

static size_t size_of(enum config_type type)
{
    switch (type) {
    case CONFIG_BOOL:
        return sizeof(bool);
    case CONFIG_INTEGER:
    case CONFIG_WORKERS:
    case CONFIG_MODE:
    case CONFIG_CHOICE:
        return sizeof(unsigned);
    case CONFIG_DURATION:
        return sizeof(int64_t);
    case CONFIG_SIZE:
        return sizeof(uint64_t);
    default:
        return sizeof(void *);
    }
}

START_TEST(config_keys_have_fields_of_their_type)
{
    for (size_t i = 0; i < config_keys_count; i++)
        ck_assert_msg(config_keys[i].size == size_of(config_keys[i].type), "%s",
                      config_keys[i].name);
}
END_TEST

START_TEST(config_keys_are_found_by_section_and_name_and_only_once)
{
    for (size_t i = 0; i < config_keys_count; i++)
        ck_assert_ptr_eq(config_keys_find(config_keys[i].section, config_keys[i].name),
                         &config_keys[i]);
    ck_assert_ptr_null(config_keys_find("log", "backlog"));
    ck_assert_ptr_null(config_keys_find("", ""));
}
END_TEST

START_TEST(config_keys_do_not_share_fields)
{
    for (size_t i = 0; i < config_keys_count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct config_key *a = &config_keys[i], *b = &config_keys[j];

            if ((strcmp(a->section, CONFIG_KEYS_POOL) == 0) ==
                (strcmp(b->section, CONFIG_KEYS_POOL) == 0))
                ck_assert_msg(a->offset >= b->offset + b->size || b->offset >= a->offset + a->size,
                              "%s and %s", a->name, b->name);
        }
}
END_TEST

START_TEST(config_keys_say_what_they_are_and_expect)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        char expected[CONFIG_KEYS_TEXT_MAX];

        config_keys_print_expected(&config_keys[i], expected);
        ck_assert_uint_gt(strlen(expected), 5);
        ck_assert_uint_lt(strlen(expected), sizeof(expected) - 1);
        ck_assert_uint_gt(strlen(config_keys[i].help), 10);
        ck_assert_uint_gt(strlen(config_keys_type_name(&config_keys[i])), 2);
    }
}
END_TEST

START_TEST(config_keys_of_an_app_say_what_they_expect_without_choices)
{
    struct config_key key = {.name = "root", .type = CONFIG_PATH, .max = 9};
    char text[CONFIG_KEYS_TEXT_MAX];

    ck_assert_str_eq(config_keys_print_expected(&key, text), "an absolute path of at most 9 bytes");
}
END_TEST

START_TEST(config_keys_have_defaults_that_print_as_they_set)
{
    struct config *config = config_new();
    struct config_pool *pool = config_add_pool(config, "p", "a");

    for (size_t i = 0; i < config_keys_count; i++) {
        const struct config_key *key = &config_keys[i];
        void *base = strcmp(key->section, CONFIG_KEYS_POOL) == 0 ? (void *)pool : (void *)config;
        char *before, *after;
        size_t len;
        FILE *stream;

        if (!key->fallback || !config_value_is_single(key))
            continue;
        stream = open_memstream(&before, &len);
        config_value_print(key, base, stream);
        fclose(stream);
        ck_assert_int_eq(config_value_set(key, base, key->fallback), 0);
        stream = open_memstream(&after, &len);
        config_value_print(key, base, stream);
        fclose(stream);
        ck_assert_str_eq(before, after);
        free(before);
        free(after);
    }
    config_free(config);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, config_keys_have_fields_of_their_type);
    tcase_add_test(tc, config_keys_are_found_by_section_and_name_and_only_once);
    tcase_add_test(tc, config_keys_do_not_share_fields);
    tcase_add_test(tc, config_keys_say_what_they_are_and_expect);
    tcase_add_test(tc, config_keys_of_an_app_say_what_they_expect_without_choices);
    tcase_add_test(tc, config_keys_have_defaults_that_print_as_they_set);
}

int main(void)
{
    return run_suite("config_keys", add);
}
