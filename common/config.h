/* SPDX-License-Identifier: MIT */
/*
 * config.h - the configuration, from YAML to one struct that never changes after config_load.
 *
 * Keys are declared once, in config_keys.c: name, type, default, range, help. The parser, `coppice
 * check --dump`, the documentation and the test of etc/coppice.yaml derive from that table.
 * Durations are nanoseconds (int64_t), sizes are bytes (uint64_t). Anything wrong is answered with
 * `file:line:column: what is wrong, what was expected (did you mean "..."?)`, and nothing is half
 * loaded.
 */
#ifndef COPPICE_CONFIG_H
#define COPPICE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/address.h"
#include "common/config_mark.h"
#include "common/log.h"

/* One entry of a pool's `options:`, handed to the app, which checks it by a table of its own. */
struct config_option {
    char *name;
    char *value;
    struct config_mark mark;
};

struct config_log {
    unsigned level;  /* enum log_level */
    unsigned format; /* enum log_format */
    char *output;    /* "stderr", or a path */
};

struct config_control {
    char *socket; /* "auto", "own", "none", or a path */
    unsigned mode;
};

/* Times of supervision, see master/supervisor.c. */
struct config_supervision {
    int64_t start_timeout;
    int64_t hang_warn;
    int64_t hang_timeout;
    int64_t hang_grace;
    int64_t drain_grace;
    int64_t drain_timeout;
    int64_t drain_spread;
    int64_t kill_timeout;
    int64_t report_interval;
    int64_t beat_interval;
};

struct config_limits {
    unsigned open_files; /* 0: raise RLIMIT_NOFILE to its hard limit */
};

enum config_model { CONFIG_HYBRID, CONFIG_ASYNC, CONFIG_THREADS, CONFIG_PROCESSES };

enum config_request_id {
    CONFIG_REQUEST_ID_OFF,
    CONFIG_REQUEST_ID_GENERATE,
    CONFIG_REQUEST_ID_ACCEPT
};

struct config_pool {
    char *name;
    struct config_mark mark;
    struct cop_address *listen;
    char **listen_text; /* as written, for people */
    size_t nlisten;
    char *app;
    unsigned model;   /* enum config_model, the preset for the three that follow */
    unsigned workers; /* processes; `auto` is resolved by config_load */
    unsigned threads; /* loops in each process */
    unsigned tasks;   /* connections at once on each loop; 1 is blocking */
    bool reuse_port;
    bool tcp_nodelay;
    unsigned backlog;
    int64_t first_byte_timeout;
    int64_t header_timeout;
    int64_t body_timeout;
    int64_t write_timeout;
    int64_t keepalive_timeout;
    int64_t request_timeout; /* 0: none */
    uint64_t header_max;
    uint64_t body_max;
    uint64_t min_rate; /* bytes a second; 0: none */
    uint64_t stack_size;
    int64_t slow_task;
    int64_t slow_request; /* 0: never */
    char *access_log;     /* "off", "stdout", "stderr", or a path */
    char *access_format;  /* see access_format.h */
    unsigned request_id;  /* enum config_request_id */
    bool debug;
    struct config_option *options;
    size_t noptions;
};

struct config {
    char *path;   /* as given to config_load; NULL: made by config_new */
    char **files; /* every file that was read, the first one first; marks point here */
    size_t nfiles;
    struct config_control control;
    struct config_log log;
    struct config_supervision supervision;
    struct config_limits limits;
    struct config_pool *pools;
    size_t npools;
};

/* Load, check and complete a configuration. Returns 0 and gives *config to the caller, or -EINVAL
 * with a whole message of one line, ready to print, in error[0 .. size), cut to fit. */
int config_load(const char *path, struct config **config, char *error, size_t size);

/* The same from text[0 .. len), which messages call `name`; includes are relative to its folder. */
int config_load_text(const char *name, const char *text, size_t len, struct config **config,
                     char *error, size_t size);

struct yaml_node;

/* The same from a map that no file wrote, as the command line: its marks have line 0. The map is
 * the caller's, and may go afterwards; the names in its marks must live on. */
int config_load_tree(const char *name, const struct yaml_node *root, struct config **config,
                     char *error, size_t size);

/* A configuration with every default and no pools, for programs that build their own (coppice
 * load). NULL: no memory. */
struct config *config_new(void);

/* Append a pool with every default; its strings are copied. It stays where it is until the next one
 * is appended. NULL: no memory. */
struct config_pool *config_add_pool(struct config *config, const char *name, const char *app);

/* Append an option to a pool. Returns 0 or -ENOMEM. */
int config_add_option(struct config_pool *pool, const char *name, const char *value);

/* Append an address, with the text that people know it by. Returns 0 or -ENOMEM. */
int config_add_listen(struct config_pool *pool, const struct cop_address *address,
                      const char *text);

void config_free(struct config *config);

/* Write the effective configuration as YAML that config_load reads to the same effect. Returns 0 or
 * -EIO. */
int config_print(const struct config *config, FILE *stream);

/* Name of a pool's mix as the table of models calls it: hybrid, async, threads, processes, or
 * "mixed" when its numbers are none of theirs. */
const char *config_model_name(const struct config_pool *pool);

/* The control socket's path, into path[0 .. size): "auto" is control.sock and "own" is run-PID.sock
 * of this process, in $RUNTIME_DIRECTORY, /run/coppice for root, $XDG_RUNTIME_DIR or
 * /tmp/coppice-UID. Returns 0, -ENOENT when it is "none", -ENAMETOOLONG. */
int config_control_path(const char *socket, char *path, size_t size);

/* Is the path's directory ours to make? */
bool config_control_is_automatic(const char *socket);

/* A glob(3) pattern of all sockets that are "own" to some process of this user. Returns as
 * config_control_path. */
int config_control_pattern(char *pattern, size_t size);

/* min(CPUs that this process may use, ceil(cgroup CPU quota)), from 1 to the largest number of
 * workers. */
unsigned config_auto_workers(void);

#endif
