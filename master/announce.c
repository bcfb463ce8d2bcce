/* SPDX-License-Identifier: MIT */
#include "master/announce.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/connection_limit.h"
#include "common/log.h"
#include "common/version.h"
#include "master/control.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/pool.h"

#define HINT_MAX (COP_ADDRESS_TEXT_MAX + COLLECTED_EXAMPLE_MAX + 64)
#define TEXT_MAX (2 * HINT_MAX)

static void say(const char *line)
{
    if (isatty(STDOUT_FILENO)) {
        printf("%s\n", line);
        fflush(stdout);
    } else {
        log_info("%s", line);
    }
}

/* What a worker said of its app; "": it speaks no HTTP. */
static const char *example_of(const struct pool *pool)
{
    list_for_each (&pool->master->workers, node) {
        const struct worker *worker = list_entry(node, struct worker, node);

        if (worker->pool == pool && worker->state == WORKER_READY)
            return worker->collected.example;
    }
    return "/";
}

/* The command that tries the address: it depends on what is spoken there. */
static void print_hint(const char *example, const struct cop_address *address, char *hint)
{
    bool is_unix = address->sockaddr.ss_family == AF_UNIX;
    char text[COP_ADDRESS_TEXT_MAX];
    const char *path = cop_address_print(address, text) + strlen("unix:");
    const char *colon = strrchr(text, ':');

    if (is_unix && !*example)
        snprintf(hint, HINT_MAX, "nc -U %s", path);
    else if (is_unix)
        snprintf(hint, HINT_MAX, "curl --unix-socket %s http://localhost%s", path, example);
    else if (!*example && colon)
        snprintf(hint, HINT_MAX, "nc %.*s %s", (int)(colon - text), text, colon + 1);
    else
        snprintf(hint, HINT_MAX, "curl http://%s%s", text, example);
}

static void announce_pool(const struct pool *pool)
{
    const struct config_pool *config = pool->config;
    char line[TEXT_MAX], text[COP_ADDRESS_TEXT_MAX], hint[HINT_MAX];

    for (size_t i = 0; i < config->nlisten; i++) {
        const struct cop_address *address = &sockets_at(&pool->sockets, i)->address;

        print_hint(example_of(pool), address, hint);
        snprintf(line, sizeof(line), "  %-8s %s on %s, %s: %u x %u x %u    try: %s", config->name,
                 config->app, cop_address_print(address, text), config_model_name(config),
                 config->workers, config->threads, config->tasks, hint);
        say(line);
    }
}

/* A pool that can hold fewer connections than its configuration says. */
static void warn_of_limit(const struct config_pool *config)
{
    unsigned room = connection_limit(config);

    if (room < config->tasks)
        log_warn("pool %s: the descriptors of a process leave room for %u connections on each "
                 "loop, not for %u (tasks); see limits.open_files and ulimit -Hn",
                 config->name, room, config->tasks);
}

void announce(struct master *master, void *arg)
{
    char line[TEXT_MAX];

    say("coppice " COPPICE_VERSION " serves (Ctrl-C drains and stops it)");
    for (size_t i = 0; i < master->current->npools; i++)
        announce_pool(master->current->pools[i]);
    for (size_t i = 0; i < master->current->npools; i++)
        warn_of_limit(master->current->pools[i]->config);
    if (master->control == NULL)
        return;
    snprintf(line, sizeof(line), "  control  coppicectl --socket %s status",
             control_path(master->control));
    say(line);
}
