/* SPDX-License-Identifier: MIT */
/*
 * To add a key: a field in config.h, a row here, a line in etc/coppice.yaml. Everything else
 * follows.
 */
#include "common/config_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/units.h"

#define KIB INT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)

#define MINUTE (60 * NS_PER_S)
#define DAY    (24 * 60 * MINUTE)

/* In the order of enum log_level, log_format, config_model and config_request_id. */
static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const models[] = {"hybrid", "async", "threads", "processes", NULL};
static const char *const request_ids[] = {"off", "generate", "accept", NULL};

static const char *const socket_words[] = {"auto", "own", "none", NULL};
static const char *const output_words[] = {"stderr", NULL};
static const char *const access_words[] = {"off", "stdout", "stderr", NULL};

/* clang-format off */
#define KEY(section, name, type, fallback, min, max, choices, help)                                \
    {#section, #name, type, fallback, min, max, choices,                                           \
     offsetof(struct config, section.name), sizeof(((struct config *)NULL)->section.name), help}
#define POOL(name, type, fallback, min, max, choices, help)                                        \
    {CONFIG_KEYS_POOL, #name, type, fallback, min, max, choices,                                   \
     offsetof(struct config_pool, name), sizeof(((struct config_pool *)NULL)->name), help}

const struct config_key config_keys[] = {
    KEY(control, socket, CONFIG_PATH, "auto", 0, 107, socket_words,
     "UNIX socket for coppicectl; auto: in the service's run directory; own: there, and named by "
     "the process"),
    KEY(control, mode, CONFIG_MODE, "0660", 0, 0777, NULL,
     "permissions of the control socket"),

    KEY(log, level, CONFIG_CHOICE, "info", 0, 0, levels,
     "write lines of this level and above"),
    KEY(log, format, CONFIG_CHOICE, "text", 0, 0, formats,
     "text for people, json for programs"),
    KEY(log, output, CONFIG_PATH, "stderr", 0, 4095, output_words,
     "stderr, or a file that is appended to"),

    KEY(supervision, start_timeout, CONFIG_DURATION, "60s", 0, DAY, NULL,
     "a worker that is not ready by then is killed; 0: never"),
    KEY(supervision, hang_warn, CONFIG_DURATION, "1s", 0, DAY, NULL,
     "a loop without a beat for so long is logged; 0: never"),
    KEY(supervision, hang_timeout, CONFIG_DURATION, "30s", 0, DAY, NULL,
     "a worker without a beat for so long is aborted; 0: never"),
    KEY(supervision, hang_grace, CONFIG_DURATION, "3s", 0, DAY, NULL,
     "from the abort of a hung worker to its kill"),
    KEY(supervision, drain_grace, CONFIG_DURATION, "0", 0, DAY, NULL,
     "go on accepting for so long after a stop was asked for"),
    KEY(supervision, drain_timeout, CONFIG_DURATION, "30s", 0, DAY, NULL,
     "requests in flight may take so long to finish"),
    KEY(supervision, drain_spread, CONFIG_DURATION, "1s", 0, DAY, NULL,
     "close idle connections spread over this time"),
    KEY(supervision, kill_timeout, CONFIG_DURATION, "5s", 0, DAY, NULL,
     "from the stop of a worker to its kill"),
    KEY(supervision, report_interval, CONFIG_DURATION, "1s", 10 * NS_PER_MS, MINUTE, NULL,
     "workers send their metrics so often"),
    KEY(supervision, beat_interval, CONFIG_DURATION, "250ms", 10 * NS_PER_MS, MINUTE, NULL,
     "loops show that they are alive so often"),

    KEY(limits, open_files, CONFIG_INTEGER, "0", 0, 1 << 30, NULL,
     "descriptors of each process; 0: as many as the hard limit allows"),

    POOL(listen, CONFIG_LISTEN, NULL, 1, 64, NULL,
     "where to listen: an address, or a list of them"),
    POOL(app, CONFIG_STRING, NULL, 1, 4095, NULL,
     "what to serve: a built-in app, or the path of a module"),
    POOL(model, CONFIG_CHOICE, "hybrid", 0, 0, models,
     "preset of the next three: hybrid (auto 1 10000), async (1 1 10000), threads (1 16 1), "
     "processes (8 1 1)"),
    POOL(workers, CONFIG_WORKERS, "auto", 1, 1024, NULL,
     "processes; auto: one for each CPU; with model processes, as many as requests may wait "
     "at once"),
    POOL(threads, CONFIG_INTEGER, "1", 1, 1024, NULL,
     "loops in each process; with model threads, as many as requests may wait at once"),
    POOL(tasks, CONFIG_INTEGER, "10000", 1, 1000000, NULL,
     "connections at once on each loop; 1: blocking calls"),
    POOL(reuse_port, CONFIG_BOOL, "false", 0, 0, NULL,
     "a listening socket for each worker (SO_REUSEPORT)"),
    POOL(tcp_nodelay, CONFIG_BOOL, "true", 0, 0, NULL,
     "send small answers at once (TCP_NODELAY)"),
    POOL(backlog, CONFIG_INTEGER, "4096", 1, 65535, NULL,
     "connections that the kernel queues for accept"),
    POOL(first_byte_timeout, CONFIG_DURATION, "10s", 0, DAY, NULL,
     "from connect to the first byte; 0: no limit"),
    POOL(header_timeout, CONFIG_DURATION, "10s", 0, DAY, NULL,
     "from the first byte of a request to the end of its header; 0: no limit"),
    POOL(body_timeout, CONFIG_DURATION, "30s", 0, DAY, NULL,
     "a body may stand still for so long; 0: no limit"),
    POOL(write_timeout, CONFIG_DURATION, "30s", 0, DAY, NULL,
     "an answer may stand still for so long; 0: no limit"),
    POOL(keepalive_timeout, CONFIG_DURATION, "65s", 0, DAY, NULL,
     "a connection may be idle between requests for so long; 0: no limit"),
    POOL(request_timeout, CONFIG_DURATION, "0", 0, DAY, NULL,
     "a whole request may take so long; 0: no limit"),
    POOL(header_max, CONFIG_SIZE, "16KiB", 256, MIB, NULL,
     "largest header of a request"),
    POOL(body_max, CONFIG_SIZE, "1MiB", 0, 1024 * GIB, NULL,
     "largest body of a request"),
    POOL(min_rate, CONFIG_SIZE, "512", 0, GIB, NULL,
     "bytes a second that a body or a long answer must reach, its timeout apart; 0: no limit"),
    POOL(stack_size, CONFIG_SIZE, "256KiB", 32 * KIB, 64 * MIB, NULL,
     "address space of a task's stack; memory is used as far as it is touched"),
    POOL(slow_task, CONFIG_DURATION, "100ms", 0, DAY, NULL,
     "a task that holds its loop for so long is logged with its stack; 0: never"),
    POOL(slow_request, CONFIG_DURATION, "0", 0, DAY, NULL,
     "a request that is in flight for so long is logged with the stack of its task; 0: never"),
    POOL(access_log, CONFIG_PATH, "off", 0, 4095, access_words,
     "a line for each request, to stdout, stderr, or a file that is appended to"),
    POOL(access_format, CONFIG_STRING, "combined", 1, 4095, NULL,
     "of that line: common, combined, json, or text with directives like {status}"),
    POOL(request_id, CONFIG_CHOICE, "off", 0, 0, request_ids,
     "X-Request-ID of answers; generate: one of ours; accept: the client's, if it sends one"),
    POOL(debug, CONFIG_BOOL, "false", 0, 0, NULL,
     "keep exact CPU times and spawn places of tasks; slows each switch down"),
    POOL(options, CONFIG_OPTIONS, "{}", 0, 256, NULL,
     "names and values for the app"),
};
/* clang-format on */

const size_t config_keys_count = sizeof(config_keys) / sizeof(config_keys[0]);

const struct config_key *config_keys_find(const char *section, const char *name)
{
    for (size_t i = 0; i < config_keys_count; i++)
        if (strcmp(config_keys[i].section, section) == 0 && strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    return NULL;
}

const char *config_keys_type_name(const struct config_key *key)
{
    static const char *const names[] = {
        [CONFIG_BOOL] = "bool",     [CONFIG_INTEGER] = "integer", [CONFIG_WORKERS] = "workers",
        [CONFIG_MODE] = "mode",     [CONFIG_CHOICE] = "choice",   [CONFIG_DURATION] = "duration",
        [CONFIG_SIZE] = "size",     [CONFIG_STRING] = "string",   [CONFIG_PATH] = "path",
        [CONFIG_LISTEN] = "listen", [CONFIG_OPTIONS] = "options",
    };

    return names[key->type];
}

/* "one", "one or two", "one, two or three" */
static int print_choices(const struct config_key *key, char *text)
{
    int n = 0;

    for (size_t i = 0; key->choices[i]; i++) {
        const char *separator = i == 0 ? "" : key->choices[i + 1] ? ", " : " or ";

        n += snprintf(text + n, CONFIG_KEYS_TEXT_MAX - (size_t)n, "%s%s", separator,
                      key->choices[i]);
    }
    return n;
}

char *config_keys_print_expected(const struct config_key *key, char *text)
{
    const size_t size = CONFIG_KEYS_TEXT_MAX;
    char min[UNITS_TEXT_MAX], max[UNITS_TEXT_MAX];
    int n;

    switch (key->type) {
    case CONFIG_BOOL:
        snprintf(text, size, "true or false");
        break;
    case CONFIG_INTEGER:
        snprintf(text, size, "a whole number from %" PRId64 " to %" PRId64, key->min, key->max);
        break;
    case CONFIG_WORKERS:
        snprintf(text, size, "auto or a whole number from %" PRId64 " to %" PRId64, key->min,
                 key->max);
        break;
    case CONFIG_MODE:
        snprintf(text, size, "an octal mode from 0000 to %04" PRIo64 " like 0660", key->max);
        break;
    case CONFIG_CHOICE:
        print_choices(key, text);
        break;
    case CONFIG_DURATION:
        snprintf(text, size, "a duration from %s to %s like 250ms, 30s or 5m",
                 units_print_duration(key->min, min), units_print_duration(key->max, max));
        break;
    case CONFIG_SIZE:
        snprintf(text, size, "a size from %s to %s like 512, 64KiB or 1MiB",
                 units_print_size(key->min, min), units_print_size(key->max, max));
        break;
    case CONFIG_STRING:
        snprintf(text, size, "text of %" PRId64 " to %" PRId64 " bytes", key->min, key->max);
        break;
    case CONFIG_PATH:
        n = key->choices ? print_choices(key, text) : 0;
        snprintf(text + n, size - (size_t)n, "%san absolute path of at most %" PRId64 " bytes",
                 n > 0 ? ", or " : "", key->max);
        break;
    case CONFIG_LISTEN:
        snprintf(text, size,
                 "an address like \"127.0.0.1:8080\" or a list of %" PRId64 " to %" PRId64
                 " of them",
                 key->min, key->max);
        break;
    case CONFIG_OPTIONS:
        snprintf(text, size, "a map of at most %" PRId64 " names and values", key->max);
        break;
    }
    return text;
}
