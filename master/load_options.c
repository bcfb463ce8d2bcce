/* SPDX-License-Identifier: MIT */
#include "master/load_options.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/units.h"

#define CONNECTIONS_MAX 1000000
#define WORKERS_MAX     256

/* Descriptors that a worker has besides its connections, with room to spare. */
#define OTHER_DESCRIPTORS 32

enum option_type { OPTION_FLAG, OPTION_INTEGER, OPTION_DURATION };

struct option {
    const char *name;
    const char *argument;
    enum option_type type;
    size_t offset;
    int64_t least;
    int64_t most;
    const char *help;
};

#define AT(member) offsetof(struct load_options, member)

static const struct option table[] = {
    {"--connections", "N", OPTION_INTEGER, AT(connections), 1, CONNECTIONS_MAX,
     "clients that ask at the same time, each in a closed loop (16)"},
    {"--duration", "D", OPTION_DURATION, AT(duration), 1, CLOCK_NEVER / 4,
     "how long to measure, like 500ms, 10s, 2m (10s)"},
    {"--warmup", "D", OPTION_DURATION, AT(warmup), 0, CLOCK_NEVER / 4,
     "how long to ask before measuring (1s)"},
    {"--requests", "N", OPTION_INTEGER, AT(requests), 0, UINT32_MAX,
     "end after so many measured answers (0: no limit)"},
    {"--workers", "N", OPTION_INTEGER, AT(workers), 1, WORKERS_MAX,
     "client processes (half of the processors)"},
    {"--timeout", "D", OPTION_DURATION, AT(timeout), 1, CLOCK_NEVER / 4,
     "how long a connect or an answer may take (5s)"},
    {"--no-keepalive", NULL, OPTION_FLAG, AT(no_keepalive), 0, 0, "a connection per request"},
    {"--json", NULL, OPTION_FLAG, AT(json), 0, 0, "print the result as one JSON object"},
    {"--help", NULL, OPTION_FLAG, AT(help), 0, 0, "print this"},
};

#define NTABLE (sizeof(table) / sizeof(table[0]))

/* "--name" or "--name=value", whose value is then put into *value. */
static const struct option *find_option(const char *argument, const char **value)
{
    size_t len;

    if (strcmp(argument, "-h") == 0)
        argument = "--help";
    len = strcspn(argument, "=");
    for (size_t i = 0; i < NTABLE; i++) {
        if (strlen(table[i].name) != len || strncmp(table[i].name, argument, len) != 0)
            continue;
        *value = argument[len] == '=' ? argument + len + 1 : NULL;
        return &table[i];
    }
    return NULL;
}

static void print_value(const struct option *option, int64_t value, char *text)
{
    if (option->type == OPTION_DURATION)
        units_print_duration(value, text);
    else
        snprintf(text, UNITS_TEXT_MAX, "%lld", (long long)value);
}

static int set_number(const struct option *option, const char *text, struct load_options *options,
                      char *error, size_t size)
{
    bool duration = option->type == OPTION_DURATION;
    char least[UNITS_TEXT_MAX];
    char most[UNITS_TEXT_MAX];
    int64_t value;
    int rc = duration ? units_parse_duration(text, &value) : units_parse_integer(text, &value);

    if (rc == -EINVAL) {
        snprintf(error, size, "%s: \"%s\" is no %s", option->name, text,
                 duration ? "duration (expected a number with ms, s, m or h)" : "number");
        return -EINVAL;
    }
    if (rc < 0 || value < option->least || value > option->most) {
        print_value(option, option->least, least);
        print_value(option, option->most, most);
        snprintf(error, size, "%s: %s is out of range (expected %s to %s)", option->name, text,
                 least, most);
        return -EINVAL;
    }
    memcpy((char *)options + option->offset, &value, sizeof(value));
    return 0;
}

/* Take one option, with its value from the next argument where it needs one. Returns how many
 * arguments were used. */
static int take_option(int argc, char **argv, struct load_options *options, char *error,
                       size_t size)
{
    const char *value = NULL;
    const struct option *option = find_option(argv[0], &value);
    int used = 1;
    int rc;

    if (!option) {
        snprintf(error, size, "unknown option %s (coppice load --help lists them)", argv[0]);
        return -EINVAL;
    }
    if (option->type == OPTION_FLAG) {
        if (value) {
            snprintf(error, size, "%s takes no value", option->name);
            return -EINVAL;
        }
        *(bool *)((char *)options + option->offset) = true;
        return used;
    }
    if (!value) {
        if (argc < 2) {
            snprintf(error, size, "%s needs a value", option->name);
            return -EINVAL;
        }
        value = argv[1];
        used = 2;
    }
    rc = set_number(option, value, options, error, size);
    return rc < 0 ? rc : used;
}

static int check_workers(struct load_options *options, char *error, size_t size)
{
    int64_t half = (config_auto_workers() + 1) / 2;

    if (options->workers > options->connections) {
        snprintf(error, size, "--workers: %lld workers cannot share --connections %lld",
                 (long long)options->workers, (long long)options->connections);
        return -EINVAL;
    }
    if (options->workers == 0)
        options->workers = half < options->connections ? half : options->connections;
    return 0;
}

static int check_descriptors(const struct load_options *options, char *error, size_t size)
{
    int64_t share = (options->connections + options->workers - 1) / options->workers;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -errno;
    if (limit.rlim_max == RLIM_INFINITY || (uint64_t)share + OTHER_DESCRIPTORS <= limit.rlim_max)
        return 0;
    snprintf(error, size,
             "--connections: %lld in each of %lld worker(s) is more than RLIMIT_NOFILE allows "
             "(%llu descriptors; try more --workers)",
             (long long)share, (long long)options->workers, (unsigned long long)limit.rlim_max);
    return -EINVAL;
}

static int set_url(struct load_options *options, const char *text, char *error, size_t size)
{
    const char *why;

    if (options->url_text) {
        snprintf(error, size, "one URL at a time, got %s and %s", options->url_text, text);
        return -EINVAL;
    }
    if (url_parse(text, &options->url, &why) < 0) {
        snprintf(error, size, "%s: %s", text, why);
        return -EINVAL;
    }
    options->url_text = text;
    return 0;
}

int load_options_parse(int argc, char **argv, struct load_options *options, char *error,
                       size_t size)
{
    struct load_options parsed = {
        .connections = 16,
        .warmup = NS_PER_S,
        .duration = 10 * NS_PER_S,
        .timeout = 5 * NS_PER_S,
    };
    int rc;

    for (int i = 0; i < argc && !parsed.help; i += rc) {
        if (argv[i][0] == '-')
            rc = take_option(argc - i, argv + i, &parsed, error, size);
        else
            rc = set_url(&parsed, argv[i], error, size) < 0 ? -EINVAL : 1;
        if (rc < 0)
            return rc;
    }
    if (!parsed.help) {
        if (!parsed.url_text) {
            snprintf(error, size, "expected a URL, as in: coppice load http://127.0.0.1:8080/");
            return -EINVAL;
        }
        rc = check_workers(&parsed, error, size);
        if (rc == 0)
            rc = check_descriptors(&parsed, error, size);
        if (rc < 0)
            return rc;
    }
    *options = parsed;
    return 0;
}

void load_options_print_help(FILE *stream)
{
    fputs("usage: coppice load URL [options]\n\n"
          "Asks http://host:port/path (GET) or tcp://host:port (an echo, 64 bytes) in a closed "
          "loop and\n"
          "measures the answers. host is an address or localhost.\n\n",
          stream);
    for (size_t i = 0; i < NTABLE; i++) {
        char left[32];

        snprintf(left, sizeof(left), "%s %s", table[i].name,
                 table[i].argument ? table[i].argument : "");
        fprintf(stream, "  %-18s %s\n", left, table[i].help);
    }
    fputs("\nExit: 0 measured; 1 nothing was answered; 2 wrong usage.\n", stream);
}
