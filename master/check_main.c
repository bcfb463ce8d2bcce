/* SPDX-License-Identifier: MIT */
#include "master/check_main.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/check.h"
#include "common/config.h"
#include "common/config_keys.h"

#define ERROR_MAX 512

static const char usage[] =
    "usage: coppice check FILE [--dump]\n"
    "       coppice check --keys\n"
    "\n"
    "  FILE    is it a configuration? Says what is wrong with it and with the apps' options, and "
    "where\n"
    "  --dump  print the effective configuration, every default included\n"
    "  --keys  print the table of all keys\n";

static int print_keys(void)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        const struct config_key *key = &config_keys[i];
        char expected[CONFIG_KEYS_TEXT_MAX];

        printf("%s.%s\n    type:     %s\n    default:  %s\n    expected: %s\n    %s\n",
               key->section, key->name, config_keys_type_name(key),
               key->fallback ? key->fallback : "(required)",
               config_keys_print_expected(key, expected), key->help);
    }
    return fflush(stdout) == 0 ? 0 : EXIT_CANNOT_START;
}

/* Each pool that is wrong has its line. */
static int check_apps(const struct config *config, check_app_fn check_app)
{
    char error[ERROR_MAX];
    int rc = 0;

    for (size_t i = 0; i < config->npools; i++) {
        if (check_app(&config->pools[i], config->path, error, sizeof(error)) >= 0)
            continue;
        fprintf(stderr, "%s\n", error);
        rc = -1;
    }
    return rc;
}

static int check_file(const char *path, bool is_dump, check_app_fn check_app)
{
    char error[ERROR_MAX];
    struct config *config;
    int rc;

    if (config_load(path, &config, error, sizeof(error)) < 0) {
        fprintf(stderr, "%s\n", error);
        return EXIT_CANNOT_START;
    }
    if (is_dump) {
        rc = config_print(config, stdout);
    } else if ((rc = check_apps(config, check_app)) == 0) {
        printf("%s: ok, %zu pool%s\n", path, config->npools, config->npools == 1 ? "" : "s");
        rc = fflush(stdout);
    }
    config_free(config);
    return rc == 0 ? 0 : EXIT_CANNOT_START;
}

static int refuse_usage(const char *what, const char *word)
{
    fprintf(stderr, "coppice check: %s%s\n\n%s", what, word, usage);
    return EXIT_CANNOT_START;
}

int check_main(int argc, char **argv, check_app_fn check_app)
{
    const char *path = NULL;
    bool is_dump = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--keys") == 0 && argc == 2)
            return print_keys();
        if (strcmp(argv[i], "--dump") == 0)
            is_dump = true;
        else if (argv[i][0] == '-')
            return refuse_usage("unknown option, or not with others: ", argv[i]);
        else if (path)
            return refuse_usage("one file at a time, this is another: ", argv[i]);
        else
            path = argv[i];
    }
    return path ? check_file(path, is_dump, check_app)
                : refuse_usage("no file, expected a configuration", "");
}
