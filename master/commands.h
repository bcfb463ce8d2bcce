/* SPDX-License-Identifier: MIT */
/*
 * commands.h - what can be asked on the control socket. One command, one file, one descriptor.
 *
 * Add a command: write command_NAME.c, declare its descriptor here, and list it in commands.c. Its
 * help, its parsing in both dialects, its text and its schema derive from the descriptor.
 */
#ifndef COPPICE_COMMANDS_H
#define COPPICE_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/jsondoc.h"
#include "master/fields.h"

struct inquiry;
struct master;
struct pool;
struct worker;

/* Who may ask: anybody who can connect; the socket's group; root and the server's own user. */
enum command_access { ACCESS_READ, ACCESS_OPERATE, ACCESS_ADMIN };

enum command_param_kind {
    PARAM_END,
    PARAM_REQUIRED, /* by position */
    PARAM_OPTIONAL, /* by position */
    PARAM_OPTION,   /* --name value */
    PARAM_FLAG,     /* --name */
};

struct command_param {
    enum command_param_kind kind;
    const char *name;  /* in JSON, and after "--" */
    const char *value; /* what stands for it in the usage */
};

#define COMMAND_PARAMS_MAX 6
#define COMMAND_ERROR_MAX  512

/* run's answer: not yet, ask again (command->resume). */
#define COMMAND_LATER 1

struct command_peer {
    uid_t uid;
    pid_t pid;
    enum command_access access;
};

struct command_call {
    struct master *master;
    const struct command *command;
    struct command_peer peer;
    const char
        *args[COMMAND_PARAMS_MAX]; /* as command->params has them; NULL: not given; a flag is "" */
    char numbers[COMMAND_PARAMS_MAX][24]; /* room for arguments that came as JSON numbers */
    struct jsondoc *data;                 /* the answer; command_call_fini frees it */
    char error[COMMAND_ERROR_MAX];        /* the reason of a refusal */
    uint64_t ticket;                      /* what resume needs to know */
    struct inquiry *inquiry;              /* likewise; command_call_fini frees it */
    int64_t started_ns;
};

struct command {
    const char *name;
    const char *help; /* one sentence */
    enum command_access access;
    const struct command_param *params; /* ends in PARAM_END */
    const struct field *fields;         /* of the answer; ends in FIELD_END */
    /* Returns 0 with call->data set, COMMAND_LATER, or -errno with call->error set. Never waits. */
    int (*run)(struct command_call *call);
    /* After COMMAND_LATER, twice a second: the same answers. */
    int (*resume)(struct command_call *call);
    /* Print call->data as text, where the fields alone do not say how. NULL: by the fields. Returns
     * 0 or -EIO. */
    int (*print)(const struct command_call *call, FILE *out);
};

extern const struct command command_status, command_workers, command_stats, command_scale,
    command_stop, command_help, command_schema, command_tasks, command_dump, command_profile,
    command_loglevel, command_reopen, command_reload;

/* NULL when there is no such command. */
const struct command *command_find(const char *name);

/* The i-th command, NULL past the last. */
const struct command *command_at(size_t i);

/* "anybody", "operator", "admin" */
const char *command_access_name(enum command_access access);

/* "scale POOL N|+N|-N [--wait]" into text[0 .. size); returns text. */
char *command_usage(const struct command *command, char *text, size_t size);

/* Fill call->command and call->args from words (they must outlive the call). Returns 0, or -EINVAL
 * with call->error set. */
int command_parse_words(struct command_call *call, char **words, size_t n);

/* The same from {"command": ..., "NAME": ..., "args": [words]}; the document must outlive the call.
 */
int command_parse_json(struct command_call *call, const struct jsondoc *request);

/* Run a parsed call, if the peer may. Returns as command->run. */
int command_run(struct command_call *call);

/* The text of call->data, to be freed by the caller; NULL: no memory. */
char *command_print(const struct command_call *call);

void command_call_fini(struct command_call *call);

/* ---- for the commands ---- */

/* Set call->error; returns rc. */
int command_refuse(struct command_call *call, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* There is no command of that name. Returns -EINVAL. */
int command_refuse_name(struct command_call *call, const char *name);

/* The worker (NULL: it is gone) does not answer; says why, as far as its slot knows. Returns
 * -ETIMEDOUT. */
int command_refuse_silent(struct command_call *call, const struct worker *worker);

/* An argument by name; NULL: not given. */
const char *command_arg(const struct command_call *call, const char *name);

/* The pool of that name. Returns NULL with call->error set when there is none. */
struct pool *command_pool(struct command_call *call, const char *name);

/* A worker as "POOL/SLOT" or by its pid. Returns NULL with call->error set when there is none. */
struct worker *command_worker(struct command_call *call, const char *text);

/* A duration like 250ms. Returns nanoseconds, or -EINVAL with call->error set. */
int64_t command_duration(struct command_call *call, const char *name, const char *text);

/* A whole decimal number, as far as it goes to max. Returns it, or -EINVAL with call->error set. */
int64_t command_number(struct command_call *call, const char *name, const char *text, int64_t max);

#endif
