/* SPDX-License-Identifier: MIT */
/*
 * main.c - the program: `coppice run`, `check`, `load`, `version`, `help`. The only file that knows
 * both sides of the fork.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/suggest.h"
#include "common/version.h"
#include "master/check_main.h"
#include "master/help_commands.h"
#include "master/load.h"
#include "master/run_main.h"
#include "worker/app/app.h"
#include "worker/app/app_resolve.h"
#include "worker/worker.h"

#define APPS_MAX 32
#define HINT_MAX 64

/* Those that listen; the last row is empty. */
static void list_apps(struct run_app *apps)
{
    const struct cop_app *app;

    for (size_t i = 0; (app = app_at(i)); i++) {
        CHECK(i < APPS_MAX - 1);
        if (!app->run)
            *apps++ = (struct run_app){app->name, app->help, app->options};
    }
}

static int run_here(int argc, char **argv)
{
    struct run_app apps[APPS_MAX] = {0};

    list_apps(apps);
    return run_main(argc, argv, apps, worker_main);
}

static int check_here(int argc, char **argv)
{
    return check_main(argc, argv, app_resolve_check);
}

/* A full disk is a failure of what was all about its output. */
static int end_output(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "coppice: cannot write: %s\n", strerror(errno));
    return code != 0 ? code : EXIT_FAILURE;
}

static int load_here(int argc, char **argv)
{
    return end_output(load_main(argc - 1, argv + 1, worker_main));
}

static int version_main(int argc, char **argv)
{
    printf("coppice %s\n", COPPICE_VERSION);
    return end_output(0);
}

static int help_main(int argc, char **argv);

static const struct {
    const char *name;
    const char *usage;
    const char *help;
    int (*main)(int argc, char **argv);
} commands[] = {
    {"run", "run APP [options]", "serve an app or a module (see: coppice run --help)", run_here},
    {"run", "run [CONFIG]",
     "serve what it says; without CONFIG: $COPPICE_CONFIG, or " RUN_MAIN_CONFIG, run_here},
    {"check", "check CONFIG [--dump]", "say what is wrong with a configuration, or print it whole",
     check_here},
    {"load", "load URL [options]", "load a server and measure it (see: coppice load --help)",
     load_here},
    {"version", "version", "print the version", version_main},
    {"help", "help [COMMAND|commands]",
     "print this, a command's own, or what coppicectl can ask and is answered", help_main},
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
    fprintf(out, "coppice %s: a prefork network server\n\n", COPPICE_VERSION);
    for (size_t i = 0; i < NCOMMANDS; i++)
        fprintf(out, "  coppice %-24s %s\n", commands[i].usage, commands[i].help);
    fprintf(out, "\nA running server is asked with coppicectl.\n");
}

static int refuse_word(const char *what, const char *word)
{
    struct suggest suggest;
    char hint[HINT_MAX];

    suggest_init(&suggest, word);
    for (size_t i = 0; i < NCOMMANDS; i++)
        suggest_offer(&suggest, commands[i].name);
    fprintf(stderr, "coppice%s \"%s\"%s\n\n", what, word,
            suggest_print(&suggest, hint, sizeof(hint)));
    print_help(stderr);
    return EXIT_CANNOT_START;
}

/* "help COMMAND" means "COMMAND --help". */
static int help_of_command(char *name)
{
    static char help[] = "--help";
    char *words[] = {name, help, NULL};

    for (size_t i = 0; i < NCOMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].main(2, words);
    return refuse_word(" help: there is nothing about", name);
}

static int help_main(int argc, char **argv)
{
    const char *topic = argc > 1 ? argv[1] : "help";

    if (argc > 2)
        return refuse_word(" help: unexpected argument", argv[2]);
    if (strcmp(topic, "commands") == 0)
        help_commands_print(stdout);
    else if (strcmp(topic, "help") == 0 || strcmp(topic, "--help") == 0 || strcmp(topic, "-h") == 0)
        print_help(stdout);
    else
        return help_of_command(argv[1]);
    return end_output(0);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    for (size_t i = 0; i < NCOMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].main(argc - 1, argv + 1);
    return refuse_word(": unknown command", name);
}
