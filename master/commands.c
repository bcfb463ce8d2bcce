/* SPDX-License-Identifier: MIT */
#include "master/commands.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/suggest.h"
#include "common/units.h"
#include "master/generation.h"
#include "master/inquiry.h"
#include "master/master.h"
#include "master/pool.h"

#define USAGE_MAX   256
#define SUGGEST_MAX 128

static const struct command *const commands[] = {
    &command_status, &command_workers, &command_stats,  &command_reload,  &command_scale,
    &command_stop,   &command_tasks,   &command_dump,   &command_profile, &command_loglevel,
    &command_reopen, &command_help,    &command_schema,
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < NCOMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

const struct command *command_at(size_t i)
{
    return i < NCOMMANDS ? commands[i] : NULL;
}

const char *command_access_name(enum command_access access)
{
    static const char *const names[] = {
        [ACCESS_READ] = "anybody", [ACCESS_OPERATE] = "operator", [ACCESS_ADMIN] = "admin"};

    return names[access];
}

char *command_usage(const struct command *command, char *text, size_t size)
{
    size_t len = (size_t)snprintf(text, size, "%s", command->name);

    for (const struct command_param *param = command->params; param->kind != PARAM_END; param++) {
        if (len >= size)
            break;
        if (param->kind == PARAM_OPTION)
            len +=
                (size_t)snprintf(text + len, size - len, " [--%s %s]", param->name, param->value);
        else if (param->kind == PARAM_FLAG)
            len += (size_t)snprintf(text + len, size - len, " [--%s]", param->name);
        else if (param->kind == PARAM_REQUIRED)
            len += (size_t)snprintf(text + len, size - len, " %s", param->value);
        else
            len += (size_t)snprintf(text + len, size - len, " [%s]", param->value);
    }
    return text;
}

int command_refuse(struct command_call *call, int rc, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(call->error, sizeof(call->error), format, args);
    va_end(args);
    return rc;
}

int command_refuse_name(struct command_call *call, const char *name)
{
    struct suggest suggest;
    char hint[SUGGEST_MAX];

    suggest_init(&suggest, name);
    for (size_t i = 0; i < NCOMMANDS; i++)
        suggest_offer(&suggest, commands[i]->name);
    return command_refuse(call, -EINVAL, "unknown command \"%.64s\", expected one of `help`%s",
                          name, suggest_print(&suggest, hint, sizeof(hint)));
}

int command_refuse_silent(struct command_call *call, const struct worker *worker)
{
    if (worker == NULL)
        return command_refuse(call, -ETIMEDOUT, "the worker died before it answered");
    if (!inquiry_is_vain(worker, call->error, sizeof(call->error)))
        command_refuse(call, -ETIMEDOUT, "worker %d does not answer", (int)worker->pid);
    return -ETIMEDOUT;
}

/* ---- arguments ---- */

static int find_command(struct command_call *call, const char *name)
{
    call->command = name == NULL ? NULL : command_find(name);
    return call->command == NULL ? command_refuse_name(call, name == NULL ? "" : name) : 0;
}

static int refuse_usage(struct command_call *call, const char *what, const char *word)
{
    char usage[USAGE_MAX];

    return command_refuse(call, -EINVAL, "%s \"%.64s\"; usage: %s", what, word,
                          command_usage(call->command, usage, sizeof(usage)));
}

static bool is_positional(const struct command_param *param)
{
    return param->kind == PARAM_REQUIRED || param->kind == PARAM_OPTIONAL;
}

static int refuse_option(struct command_call *call, const char *word)
{
    char usage[USAGE_MAX], hint[SUGGEST_MAX];
    struct suggest suggest;

    suggest_init(&suggest, word + 2);
    for (const struct command_param *param = call->command->params; param->kind != PARAM_END;
         param++)
        if (!is_positional(param))
            suggest_offer(&suggest, param->name);
    return command_refuse(call, -EINVAL, "unknown option \"%.64s\"%s; usage: %s", word,
                          suggest_print(&suggest, hint, sizeof(hint)),
                          command_usage(call->command, usage, sizeof(usage)));
}

/* "--name [value]" at words[*i]; moves *i over what was used. */
static int take_option(struct command_call *call, char **words, size_t n, size_t *i)
{
    const struct command_param *params = call->command->params;

    for (size_t j = 0; params[j].kind != PARAM_END; j++) {
        if (is_positional(&params[j]) || strcmp(params[j].name, words[*i] + 2) != 0)
            continue;
        if (params[j].kind == PARAM_FLAG) {
            call->args[j] = "";
            return 0;
        }
        if (*i + 1 >= n)
            return refuse_usage(call, "no value after", words[*i]);
        call->args[j] = words[++*i];
        return 0;
    }
    return refuse_option(call, words[*i]);
}

static int take_positional(struct command_call *call, const char *word)
{
    const struct command_param *params = call->command->params;

    for (size_t j = 0; params[j].kind != PARAM_END; j++) {
        if (!is_positional(&params[j]) || call->args[j] != NULL)
            continue;
        call->args[j] = word;
        return 0;
    }
    return refuse_usage(call, "unexpected argument", word);
}

static int check_required(struct command_call *call)
{
    const struct command_param *params = call->command->params;

    for (size_t j = 0; params[j].kind != PARAM_END; j++)
        if (params[j].kind == PARAM_REQUIRED && call->args[j] == NULL)
            return refuse_usage(call, "missing argument", params[j].name);
    return 0;
}

static int take_words(struct command_call *call, char **words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int rc = strncmp(words[i], "--", 2) == 0 ? take_option(call, words, n, &i)
                                                 : take_positional(call, words[i]);

        if (rc < 0)
            return rc;
    }
    return 0;
}

int command_parse_words(struct command_call *call, char **words, size_t n)
{
    int rc = find_command(call, n > 0 ? words[0] : NULL);

    if (rc == 0)
        rc = take_words(call, words + 1, n - 1);
    return rc < 0 ? rc : check_required(call);
}

/* A JSON argument as the word that it would be in text. */
static int take_member(struct command_call *call, size_t j, const struct jsondoc *value)
{
    const struct command_param *param = &call->command->params[j];

    if (param->kind == PARAM_FLAG) {
        call->args[j] = jsondoc_bool_value(value, false) ? "" : NULL;
    } else if (jsondoc_text(value) != NULL) {
        call->args[j] = jsondoc_text(value);
    } else if (jsondoc_is_integer(value)) {
        snprintf(call->numbers[j], sizeof(call->numbers[j]), "%lld",
                 (long long)jsondoc_integer_value(value, 0));
        call->args[j] = call->numbers[j];
    } else {
        return refuse_usage(call, "expected a string or a whole number for", param->name);
    }
    return 0;
}

static int take_args(struct command_call *call, const struct jsondoc *args)
{
    char *words[2 * COMMAND_PARAMS_MAX];
    size_t n = jsondoc_len(args);

    if (args != NULL && !jsondoc_is_array(args))
        return refuse_usage(call, "expected an array in", "args");
    if (n > 2 * COMMAND_PARAMS_MAX)
        return refuse_usage(call, "too many arguments for", call->command->name);
    for (size_t i = 0; i < n; i++) {
        words[i] = (char *)jsondoc_text(jsondoc_at(args, i));
        if (words[i] == NULL)
            return refuse_usage(call, "expected strings in", "args");
    }
    return take_words(call, words, n);
}

int command_parse_json(struct command_call *call, const struct jsondoc *request)
{
    const struct command_param *params;
    int rc = find_command(call, jsondoc_text(jsondoc_get(request, "command")));

    if (rc < 0)
        return rc;
    params = call->command->params;
    for (size_t j = 0; params[j].kind != PARAM_END; j++) {
        const struct jsondoc *value = jsondoc_get(request, params[j].name);

        rc = value == NULL ? 0 : take_member(call, j, value);
        if (rc < 0)
            return rc;
    }
    rc = take_args(call, jsondoc_get(request, "args"));
    return rc < 0 ? rc : check_required(call);
}

const char *command_arg(const struct command_call *call, const char *name)
{
    const struct command_param *params = call->command->params;

    for (size_t j = 0; params[j].kind != PARAM_END; j++)
        if (strcmp(params[j].name, name) == 0)
            return call->args[j];
    CHECK_MSG(false, "command_arg: the command has no such parameter");
    return NULL;
}

struct pool *command_pool(struct command_call *call, const char *name)
{
    const struct generation *current = call->master->current;
    struct pool *pool = generation_pool(current, name);
    struct suggest suggest;
    char hint[SUGGEST_MAX];

    if (pool != NULL)
        return pool;
    suggest_init(&suggest, name);
    for (size_t i = 0; i < current->npools; i++)
        suggest_offer(&suggest, current->pools[i]->config->name);
    command_refuse(call, -ENOENT, "there is no pool \"%.64s\", expected one of `status`%s", name,
                   suggest_print(&suggest, hint, sizeof(hint)));
    return NULL;
}

struct worker *command_worker(struct command_call *call, const char *text)
{
    const struct master *master = call->master;
    struct worker *found = NULL;
    char name[POOL_NAME_MAX], pid[24];

    list_for_each (&master->workers, node) {
        struct worker *worker = list_entry(node, struct worker, node);

        pool_print_worker(worker, name, sizeof(name));
        snprintf(pid, sizeof(pid), "%d", (int)worker->pid);
        if (strcmp(pid, text) == 0)
            return worker;
        /* The last one of that name: those before it are on their way out. */
        if (strcmp(name, text) == 0)
            found = worker;
    }
    if (found != NULL)
        return found;
    command_refuse(call, -ENOENT, "there is no worker \"%.64s\": expected POOL/SLOT or a pid",
                   text);
    return NULL;
}

int64_t command_duration(struct command_call *call, const char *name, const char *text)
{
    int64_t ns;

    if (units_parse_duration(text, &ns) < 0)
        return command_refuse(call, -EINVAL, "%s: expected a duration like 250ms, not \"%.64s\"",
                              name, text);
    return ns;
}

int64_t command_number(struct command_call *call, const char *name, const char *text, int64_t max)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != 0 || number < 0 || number > max)
        return command_refuse(call, -EINVAL, "%s: expected a number from 0 to %lld, not \"%.64s\"",
                              name, (long long)max, text);
    return number;
}

/* ---- running ---- */

int command_run(struct command_call *call)
{
    const struct command *command = call->command;

    call->started_ns = clock_now();
    if (call->peer.access < command->access)
        return command_refuse(call, -EPERM, "%s is not for uid %u: it needs %s", command->name,
                              (unsigned)call->peer.uid,
                              command->access == ACCESS_ADMIN
                                  ? "root or the server's own user"
                                  : "root, the server's own user or the socket's group");
    if (command->access > ACCESS_READ)
        log_info("%s by uid %u, pid %d", command->name, (unsigned)call->peer.uid,
                 (int)call->peer.pid);
    return command->run(call);
}

char *command_print(const struct command_call *call)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    int rc;

    if (out == NULL)
        return NULL;
    if (call->command->print != NULL)
        rc = call->command->print(call, out);
    else
        rc = fields_print(call->command->fields, call->data, out);
    if (fclose(out) != 0 || rc < 0) {
        free(text);
        return NULL;
    }
    return text;
}

void command_call_fini(struct command_call *call)
{
    jsondoc_free(call->data);
    call->data = NULL;
    inquiry_free(call->inquiry);
    call->inquiry = NULL;
}
