/* SPDX-License-Identifier: MIT */
#include "master/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/config_file.h"
#include "common/log.h"
#include "master/generation.h"
#include "master/reload.h"
#include "master/watch.h"

/* A burst of changes is over when so long nothing has changed, but after LONGEST_S at the latest.
 */
#define QUIET_S   0.1
#define LONGEST_S 2.

/* Some are started by changes during the one before: by then it is clear that it goes on for ever.
 */
#define BUILDS_IN_A_ROW 8

#define NAMES_MAX 64

/* A few files. One that finds no room is missed. */
struct names {
    char *paths[NAMES_MAX];
    size_t n;
};

struct rebuild {
    struct master *master;
    const struct rebuild_options *options;
    struct watch *watch;
    ev_timer quiet;
    ev_tstamp burst_began; /* 0: nothing has changed */
    ev_child child;        /* active while the command runs */
    pid_t pid;
    int64_t started_ns;
    struct names edited;   /* changed while nothing was built: what people write */
    struct names during;   /* while this build runs */
    struct names products; /* while the one before ran */
    unsigned nbuilds;
    char why[64]; /* of the reload */
};

/* ---- files ---- */

static bool has(const struct names *names, const char *path)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->paths[i], path) == 0)
            return true;
    return false;
}

static void note(struct names *names, const char *path)
{
    char *copy = names->n < NAMES_MAX && !has(names, path) ? strdup(path) : NULL;

    if (copy)
        names->paths[names->n++] = copy;
}

static void forget(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->paths[i]);
    names->n = 0;
}

/* Is there a file that the build itself does not make? What it makes changes during every build,
 * and never otherwise. */
static bool has_edits(const struct rebuild *rebuild)
{
    for (size_t i = 0; i < rebuild->during.n; i++)
        if (!has(&rebuild->products, rebuild->during.paths[i]) ||
            has(&rebuild->edited, rebuild->during.paths[i]))
            return true;
    return false;
}

/* ---- the command ---- */

/* In a process group of its own, if whoever starts it will end it; else a Ctrl-C does. What it
 * prints goes where the log goes by default. */
static int spawn(const char *command, bool has_group, pid_t *pid)
{
    char shell[] = "sh", option[] = "-c";
    char *const words[] = {shell, option, (char *)(uintptr_t)command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t pipe, none;
    int rc;

    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, (has_group ? POSIX_SPAWN_SETPGROUP : 0) |
                                              POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &pipe);
    posix_spawnattr_setsigmask(&attributes, &none);
    if (rc == 0)
        rc = posix_spawn(pid, "/bin/sh", &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -rc;
}

static void build(struct rebuild *rebuild)
{
    struct master *master = rebuild->master;
    int rc;

    rebuild->nbuilds++;
    rebuild->started_ns = clock_now();
    log_info("%s: building (%s)", rebuild->why, rebuild->options->command);
    rc = spawn(rebuild->options->command, true, &rebuild->pid);
    if (rc < 0) {
        master_failed(master, "the build cannot start: %s", strerror(-rc));
        return;
    }
    ev_child_set(&rebuild->child, rebuild->pid, 0);
    ev_child_start(master->loop, &rebuild->child);
}

static void print_failure(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "died of SIG%s", sigabbrev_np(WTERMSIG(status)));
    else
        snprintf(text, size, "failed with exit code %d", WEXITSTATUS(status));
}

static void tell_result(struct rebuild *rebuild, int status)
{
    struct master *master = rebuild->master;
    char failure[64];

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        log_info("built in %lld ms", (long long)((clock_now() - rebuild->started_ns) / NS_PER_MS));
        if (!master_is_leaving(master))
            (void)reload_request(master, rebuild->why);
        return;
    }
    print_failure(status, failure, sizeof(failure));
    master_failed(master, "the build %s (%s); generation %u serves on", failure,
                  rebuild->options->command, master->current->number);
}

static void build_is_over(struct ev_loop *loop, ev_child *child, int events)
{
    struct rebuild *rebuild = child->data;
    bool is_again;

    watch_read(rebuild->watch);
    ev_child_stop(loop, child);
    rebuild->pid = 0;
    tell_result(rebuild, child->rstatus);
    is_again = has_edits(rebuild);
    forget(&rebuild->products);
    rebuild->products = rebuild->during;
    rebuild->during.n = 0;
    if (!is_again || master_is_leaving(rebuild->master))
        return;
    if (rebuild->nbuilds < BUILDS_IN_A_ROW)
        build(rebuild);
    else
        log_warn("something changed during each of %u builds in a row: no other until the next "
                 "change; expected a build that leaves what is watched alone",
                 rebuild->nbuilds);
}

/* ---- changes ---- */

static void has_changed(void *arg, const char *path)
{
    struct rebuild *rebuild = arg;
    struct ev_loop *loop = rebuild->master->loop;
    const char *slash = strrchr(path, '/');
    ev_tstamp left;

    if (ev_is_active(&rebuild->child)) {
        note(&rebuild->during, path);
        return;
    }
    if (rebuild->burst_began == 0) {
        rebuild->burst_began = ev_now(loop);
        forget(&rebuild->edited);
    }
    note(&rebuild->edited, path);
    snprintf(rebuild->why, sizeof(rebuild->why), "%.40s changed", slash ? slash + 1 : path);
    left = rebuild->burst_began + LONGEST_S - ev_now(loop);
    ev_timer_stop(loop, &rebuild->quiet);
    ev_timer_set(&rebuild->quiet, left <= 0 ? 0. : left < QUIET_S ? left : QUIET_S, 0.);
    ev_timer_start(loop, &rebuild->quiet);
}

static void burst_is_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct rebuild *rebuild = timer->data;

    rebuild->burst_began = 0;
    if (master_is_leaving(rebuild->master))
        return;
    rebuild->nbuilds = 0;
    if (rebuild->options->command)
        build(rebuild);
    else
        (void)reload_request(rebuild->master, rebuild->why);
}

int rebuild_first(const struct rebuild_options *options, char *error, size_t size)
{
    char failure[64];
    pid_t pid;
    int status, rc = spawn(options->command, false, &pid);

    if (rc < 0) {
        snprintf(error, size, "the build cannot start: %s", strerror(-rc));
        return -EINVAL;
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno == EINTR)
            continue;
        snprintf(error, size, "how the build ended cannot be known: %s", strerror(errno));
        return -EINVAL;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    print_failure(status, failure, sizeof(failure));
    snprintf(error, size, "the build %s (%s), expected it to succeed once", failure,
             options->command);
    return -EINVAL;
}

static void add_path(struct rebuild *rebuild, const char *path)
{
    int n = watch_add(rebuild->watch, path);

    if (n < 0)
        log_error("cannot watch %s: %s%s", path, strerror(-n),
                  n == -ENOSPC ? " (fs.inotify.max_user_watches)" : "");
    else
        log_info("watching %s%s%s", path, rebuild->options->command ? ", for: " : "",
                 rebuild->options->command ? rebuild->options->command : "");
}

int rebuild_open(struct master *master, const struct rebuild_options *options,
                 struct rebuild **rebuild)
{
    struct rebuild *new = calloc(1, sizeof(*new));
    int rc;

    if (!new)
        return -ENOMEM;
    new->master = master;
    new->options = options;
    rc = watch_open(master->loop, has_changed, new, &new->watch);
    if (rc < 0) {
        free(new);
        return rc;
    }
    ev_init(&new->child, build_is_over);
    new->child.data = new;
    ev_init(&new->quiet, burst_is_over);
    new->quiet.data = new;
    for (size_t i = 0; i < options->npaths; i++)
        add_path(new, options->paths[i]);
    *rebuild = new;
    return 0;
}

void rebuild_close(struct rebuild *rebuild)
{
    if (!rebuild)
        return;
    watch_close(rebuild->watch);
    ev_timer_stop(rebuild->master->loop, &rebuild->quiet);
    forget(&rebuild->edited);
    forget(&rebuild->during);
    forget(&rebuild->products);
    if (ev_is_active(&rebuild->child)) {
        ev_child_stop(rebuild->master->loop, &rebuild->child);
        (void)kill(-rebuild->pid, SIGTERM);
    }
    free(rebuild);
}

/* ---- what to watch ---- */

int rebuild_add_path(struct rebuild_options *options, const char *path)
{
    char **paths;

    for (size_t i = 0; i < options->npaths; i++)
        if (strcmp(options->paths[i], path) == 0)
            return 0;
    paths = reallocarray(options->paths, options->npaths + 1, sizeof(*paths));
    if (!paths)
        return -ENOMEM;
    options->paths = paths;
    paths[options->npaths] = strdup(path);
    if (!paths[options->npaths])
        return -ENOMEM;
    options->npaths++;
    return 0;
}

static int keep_module(const struct config *config, const char *app,
                       struct rebuild_options *options)
{
    char path[PATH_MAX];
    int rc;

    if (!strchr(app, '/'))
        return 0;
    rc = config_file_beside(config->path, app, path, sizeof(path));
    if (rc < 0)
        return rc;
    if (options->command)
        *(strrchr(path, '/') + 1) = '\0';
    return rebuild_add_path(options, path);
}

int rebuild_find_paths(const struct config *config, struct rebuild_options *options)
{
    int rc = 0;

    for (size_t i = 0; i < config->npools && rc == 0; i++)
        rc = keep_module(config, config->pools[i].app, options);
    for (size_t i = 0; i < config->nfiles && rc == 0; i++)
        rc = rebuild_add_path(options, config->files[i]);
    return rc;
}

void rebuild_free_paths(struct rebuild_options *options)
{
    for (size_t i = 0; i < options->npaths; i++)
        free(options->paths[i]);
    free(options->paths);
    options->paths = NULL;
    options->npaths = 0;
}
