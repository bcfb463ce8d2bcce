/* SPDX-License-Identifier: MIT */
/*
 * main.c - the program: `coppice run`, `check`, `load`, `version`, `help`. The only file that knows
 * both sides of the fork.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/check.h"
#include "common/config.h"
#include "common/log.h"
#include "common/version.h"
#include "master/check_main.h"
#include "master/control.h"
#include "master/load.h"
#include "master/master.h"
#include "master/pool.h"
#include "worker/worker.h"

#define DEFAULT_CONFIG "/etc/coppice/coppice.yaml"
#define HINT_MAX       256
#define ERROR_MAX      1024

/* ---- what to say when it serves ---- */

/* A line for people: to the terminal, or to the log when there is none. */
static void say(const char *line)
{
    if (isatty(STDOUT_FILENO)) {
        printf("%s\n", line);
        fflush(stdout);
    } else {
        log_info("%s", line);
    }
}

/* The command that tries the address: it depends on what is spoken there. */
static void print_hint(const struct config_pool *pool, const struct address *address, char *hint)
{
    bool is_echo = strcmp(pool->app, "echo") == 0;
    char text[ADDRESS_TEXT_MAX];
    char *colon;

    address_print(address, text);
    colon = strrchr(text, ':');
    if (address->sockaddr.ss_family == AF_UNIX && is_echo)
        snprintf(hint, HINT_MAX, "nc -U %s", text + strlen("unix:"));
    else if (address->sockaddr.ss_family == AF_UNIX)
        snprintf(hint, HINT_MAX, "curl --unix-socket %s http://localhost/", text + strlen("unix:"));
    else if (is_echo && colon != NULL)
        snprintf(hint, HINT_MAX, "nc %.*s %s", (int)(colon - text), text, colon + 1);
    else
        snprintf(hint, HINT_MAX, "curl http://%s/", text);
}

static void announce_pool(const struct pool *pool)
{
    const struct config_pool *config = pool->config;
    char line[3 * HINT_MAX], text[ADDRESS_TEXT_MAX], hint[HINT_MAX];

    for (size_t i = 0; i < config->nlisten; i++) {
        const struct address *address = &sockets_at(&pool->sockets, i)->address;

        print_hint(config, address, hint);
        snprintf(line, sizeof(line), "  %-8s %s on %s, %s: %u x %u x %u    try: %s", config->name,
                 config->app, address_print(address, text), config_model_name(config),
                 config->workers, config->threads, config->tasks, hint);
        say(line);
    }
}

static void announce(struct master *master, void *arg)
{
    char line[HINT_MAX];

    say("coppice " COPPICE_VERSION " serves (Ctrl-C drains and stops it)");
    for (size_t i = 0; i < master->npools; i++)
        announce_pool(master->pools[i]);
    if (master->control == NULL)
        return;
    snprintf(line, sizeof(line), "  control  coppicectl --socket %s status",
             control_path(master->control));
    say(line);
}

/* ---- the commands ---- */

static int run_main(int argc, char **argv)
{
    static const struct master_hooks hooks = {.ready = announce};
    const char *path = getenv("COPPICE_CONFIG");
    struct config *config = NULL;
    char error[ERROR_MAX];
    int rc;

    if (argc > 2) {
        fprintf(stderr, "coppice run: expected at most one configuration file\n");
        return EXIT_CANNOT_START;
    }
    if (argc == 2)
        path = argv[1];
    else if (path == NULL)
        path = DEFAULT_CONFIG;
    if (config_load(path, &config, error, sizeof(error)) < 0) {
        fprintf(stderr, "%s\n", error);
        return EXIT_CANNOT_START;
    }
    rc = log_open(config->log.output, config->log.format, config->log.level);
    if (rc < 0)
        die("log.output %s: %s", config->log.output, strerror(-rc));
    log_set_who("master");
    rc = master_run(config, worker_main, &hooks);
    config_free(config);
    return rc;
}

static int load_here(int argc, char **argv)
{
    return load_main(argc - 1, argv + 1, worker_main);
}

static int version_main(int argc, char **argv)
{
    printf("coppice %s\n", COPPICE_VERSION);
    return 0;
}

static int help_main(int argc, char **argv);

static const struct {
    const char *name;
    const char *usage;
    const char *help;
    int (*main)(int argc, char **argv);
} commands[] = {
    {"run", "run [CONFIG]", "serve; without CONFIG: $COPPICE_CONFIG, or " DEFAULT_CONFIG, run_main},
    {"check", "check CONFIG [--dump]", "say what is wrong with a configuration, or print it whole",
     check_main},
    {"load", "load URL [options]", "load a server and measure it (see: coppice load --help)",
     load_here},
    {"version", "version", "print the version", version_main},
    {"help", "help", "print this", help_main},
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
    fprintf(out, "coppice %s: a prefork network server\n\n", COPPICE_VERSION);
    for (size_t i = 0; i < NCOMMANDS; i++)
        fprintf(out, "  coppice %-24s %s\n", commands[i].usage, commands[i].help);
    fprintf(out, "\nA running server is asked with coppicectl.\n");
}

static int help_main(int argc, char **argv)
{
    print_help(stdout);
    return 0;
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
    fprintf(stderr, "coppice: unknown command \"%s\"\n\n", name);
    print_help(stderr);
    return EXIT_CANNOT_START;
}
