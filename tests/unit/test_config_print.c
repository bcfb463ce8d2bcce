/* SPDX-License-Identifier: MIT */
#include "common/config.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *print(const struct config *config)
{
    char *text = NULL;
    size_t len;
    FILE *stream = open_memstream(&text, &len);

    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(config_print(config, stream), 0);
    fclose(stream);
    return text;
}

static struct config *load(const char *text)
{
    struct config *config = NULL;
    char message[512];

    ck_assert_msg(config_load_text("f", text, strlen(text), &config, message, sizeof(message)) == 0,
                  "%s", message);
    return config;
}

START_TEST(config_print_loads_to_the_same_configuration)
{
    struct config *config =
        load("control: {socket: /run/x.sock, mode: '0600'}\n"
             "log: {level: debug, format: json, output: '/var/log/a b.log'}\n"
             "supervision: {hang_timeout: 1500ms, drain_grace: 0, kill_timeout: 7us}\n"
             "limits: {open_files: 20000}\n"
             "pools:\n"
             "  w:\n"
             "    listen: ['*:80', 'unix:@a\"b\\c']\n"
             "    app: \"./x $${y}\\n\"\n"
             "    model: threads\n"
             "    tasks: 5\n"
             "    tcp_nodelay: false\n"
             "    body_max: 12345\n"
             "    options: {'a: b': ' c ', \"\\u2028\\ufeff\\x85\\U0001F333\": '${HOME}', n: ~, "
             "'${': '$${'}\n"
             "  null: {app: 'null', listen: '*:81'}\n");
    char *first = print(config);
    struct config *again = load(first);
    char *second = print(again);

    ck_assert_str_eq(first, second);
    ck_assert_str_eq(again->log.output, "/var/log/a b.log");
    ck_assert_str_eq(again->pools[0].listen_text[1], "unix:@a\"b\\c");
    ck_assert_int_eq(again->supervision.kill_timeout, 7000);
    ck_assert_uint_eq(again->pools[0].body_max, 12345);
    ck_assert_uint_eq(again->pools[0].tasks, 5);
    ck_assert_uint_eq(again->pools[0].noptions, 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_str_eq(again->pools[0].options[i].name, config->pools[0].options[i].name);
        ck_assert_str_eq(again->pools[0].options[i].value, config->pools[0].options[i].value);
    }
    ck_assert_str_eq(again->pools[1].name, "null");
    ck_assert_str_eq(again->pools[1].app, "null");
    free(first);
    free(second);
    config_free(config);
    config_free(again);
}
END_TEST

START_TEST(config_print_to_a_full_device_fails)
{
    struct config *config = load("pools: {w: {app: x, listen: '*:80'}}");
    FILE *stream = fopen("/dev/full", "w");

    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(config_print(config, stream), -EIO);
    fclose(stream);
    config_free(config);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, config_print_loads_to_the_same_configuration);
    tcase_add_test(tc, config_print_to_a_full_device_fails);
}

int main(void)
{
    return run_suite("config_print", add);
}
