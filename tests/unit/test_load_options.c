/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "master/load_options.h"
#include "tests/unit/suite.h"

#define URL "http://127.0.0.1:8080/"

static char error[512];

/* Parse words that a space divides. */
static int parse(const char *line, struct load_options *options)
{
    static char words[512];
    char *argv[16];
    int argc = 0;

    strcpy(words, line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    error[0] = '\0';
    return load_options_parse(argc, argv, options, error, sizeof(error));
}

START_TEST(url_alone_gets_the_defaults)
{
    struct load_options options;

    ck_assert_msg(parse(URL, &options) == 0, "%s", error);
    ck_assert_str_eq(options.url_text, URL);
    ck_assert_int_eq(options.connections, 16);
    ck_assert_int_eq(options.duration, 10 * NS_PER_S);
    ck_assert_int_eq(options.warmup, NS_PER_S);
    ck_assert_int_eq(options.timeout, 5 * NS_PER_S);
    ck_assert_int_eq(options.requests, 0);
    ck_assert_int_ge(options.workers, 1);
    ck_assert(!options.no_keepalive && !options.json && !options.help);
}
END_TEST

START_TEST(options_stand_before_and_after_the_url_in_both_forms)
{
    struct load_options options;

    ck_assert_msg(parse("--connections 7 --json " URL " --duration=250ms --workers 3 --timeout 2m "
                        "--warmup 0 --requests 9 --no-keepalive",
                        &options) == 0,
                  "%s", error);
    ck_assert_int_eq(options.connections, 7);
    ck_assert_int_eq(options.duration, 250 * NS_PER_MS);
    ck_assert_int_eq(options.workers, 3);
    ck_assert_int_eq(options.timeout, 120 * NS_PER_S);
    ck_assert_int_eq(options.warmup, 0);
    ck_assert_int_eq(options.requests, 9);
    ck_assert(options.json && options.no_keepalive);
}
END_TEST

START_TEST(workers_default_is_never_more_than_the_connections)
{
    struct load_options options;

    ck_assert_int_eq(parse("--connections 1 " URL, &options), 0);
    ck_assert_int_eq(options.workers, 1);
}
END_TEST

START_TEST(help_needs_nothing_else)
{
    struct load_options options;

    ck_assert_int_eq(parse("-h", &options), 0);
    ck_assert(options.help);
    ck_assert_int_eq(parse("--help", &options), 0);
    ck_assert(options.help);
}
END_TEST

START_TEST(nonsense_is_refused_in_one_line_that_names_it)
{
    static const struct {
        const char *line;
        const char *named;
    } wrong[] = {
        {"", "expected a URL"},
        {"nonsense", "nonsense: expected http://"},
        {"https://127.0.0.1/", "https is not supported"},
        {URL " " URL, "one URL at a time"},
        {URL " --conections 3", "unknown option --conections"},
        {URL " -x", "unknown option -x"},
        {URL " --connections", "--connections needs a value"},
        {URL " --connections many", "--connections: \"many\" is no number"},
        {URL " --connections 0", "--connections: 0 is out of range (expected 1 to 1000000)"},
        {URL " --connections -1", "--connections"},
        {URL " --connections 1000001", "--connections: 1000001 is out of range"},
        {URL " --connections 99999999999999999999", "--connections: 99999999999999999999 is out"},
        {URL " --duration 10", "--duration: \"10\" is no duration"},
        {URL " --duration 0", "--duration: 0 is out of range"},
        {URL " --duration=", "--duration: \"\" is no duration"},
        {URL " --timeout 1x", "--timeout: \"1x\" is no duration"},
        {URL " --workers 17 --connections 16", "--workers: 17 workers cannot share"},
        {URL " --workers 257", "--workers: 257 is out of range"},
        {URL " --json=yes", "--json takes no value"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct load_options options;
        struct load_options before;

        memset(&options, 0x5a, sizeof(options));
        before = options;
        ck_assert_msg(parse(wrong[i].line, &options) == -EINVAL, "accepted: %s", wrong[i].line);
        ck_assert_msg(strstr(error, wrong[i].named) != NULL, "%s: %s", wrong[i].line, error);
        ck_assert_ptr_null(strchr(error, '\n'));
        ck_assert_mem_eq(&options, &before, sizeof(options));
    }
}
END_TEST

START_TEST(more_connections_than_descriptors_are_refused_unless_more_workers_share_them)
{
    const struct rlimit few = {.rlim_cur = 100, .rlim_max = 100};
    struct load_options options;

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    ck_assert_int_eq(parse(URL " --workers 1 --connections 100", &options), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error, "RLIMIT_NOFILE allows (100 descriptors"));
    ck_assert_msg(parse(URL " --workers 2 --connections 100", &options) == 0, "%s", error);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, url_alone_gets_the_defaults);
    tcase_add_test(tc, options_stand_before_and_after_the_url_in_both_forms);
    tcase_add_test(tc, workers_default_is_never_more_than_the_connections);
    tcase_add_test(tc, help_needs_nothing_else);
    tcase_add_test(tc, nonsense_is_refused_in_one_line_that_names_it);
    tcase_add_test(tc,
                   more_connections_than_descriptors_are_refused_unless_more_workers_share_them);
}

int main(void)
{
    return run_suite("load_options", add);
}
