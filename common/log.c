/* SPDX-License-Identifier: MIT */
/*
 * A line is put together in a buffer of the thread, which is cut so that the end of a record always
 * fits, and goes out with one write(2) to a descriptor that is O_APPEND: lines of several processes
 * never mix.
 *
 * The file keeps its descriptor number when it is opened anew (dup3), so threads may log meanwhile.
 */
#include "common/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/log_file.h"

#define WHO_MAX 32

static struct {
    int fd;
    char *path; /* NULL: stderr */
    enum log_format format;
    atomic_uint level;
    atomic_uint nlost; /* lines, since the last one that was written */
    char who[WHO_MAX];
} state = {.fd = STDERR_FILENO, .level = LOG_LEVEL_INFO, .who = "coppice"};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

#define NLEVELS (sizeof(level_names) / sizeof(level_names[0]))

const char *log_level_name(enum log_level level)
{
    return level < NLEVELS ? level_names[level] : "unknown";
}

int log_level_find(const char *name)
{
    for (size_t i = 0; i < NLEVELS; i++)
        if (strcmp(name, level_names[i]) == 0)
            return (int)i;
    return -EINVAL;
}

/* ---- the output ---- */

static int open_path(const char *path)
{
    char *copy = strdup(path);
    int fd;

    if (!copy)
        return -ENOMEM;
    fd = log_file_open(path);
    if (fd < 0) {
        free(copy);
        return fd;
    }
    if (state.path)
        close(state.fd);
    free(state.path);
    state.path = copy;
    state.fd = fd;
    return 0;
}

static void use_stderr(void)
{
    if (state.path)
        close(state.fd);
    free(state.path);
    state.path = NULL;
    state.fd = STDERR_FILENO;
}

int log_open(const char *output, enum log_format format, enum log_level level)
{
    if (strcmp(output, "stderr") == 0) {
        use_stderr();
    } else {
        int rc = open_path(output);

        if (rc < 0)
            return rc;
    }
    state.format = format;
    log_set_level(level);
    return 0;
}

int log_reopen(void)
{
    return state.path ? log_file_reopen(state.fd, state.path) : 0;
}

int log_fd(void)
{
    return state.fd;
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&state.level, level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
    return (enum log_level)atomic_load_explicit(&state.level, memory_order_relaxed);
}

void log_set_who(const char *who)
{
    snprintf(state.who, sizeof(state.who), "%s", who);
}

/* ---- one line ---- */

/* Kept free for "...", the closing of a JSON record and the line end. */
#define TAIL_MAX 8

struct line {
    size_t len;
    bool is_cut;
    char text[PIPE_BUF];
};

/* All of the piece, or none of it and nothing more after it. */
static void append(struct line *line, const char *piece, size_t len)
{
    if (line->is_cut || len > sizeof(line->text) - TAIL_MAX - line->len) {
        line->is_cut = true;
        return;
    }
    memcpy(line->text + line->len, piece, len);
    line->len += len;
}

static void append_tail(struct line *line, const char *tail)
{
    memcpy(line->text + line->len, tail, strlen(tail));
    line->len += strlen(tail);
}

static void __attribute__((format(printf, 2, 3)))
append_format(struct line *line, const char *format, ...)
{
    char piece[128];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(piece, sizeof(piece), format, args);
    va_end(args);
    if (n > 0)
        append(line, piece, (size_t)n < sizeof(piece) ? (size_t)n : sizeof(piece) - 1);
}

static void append_escaped(struct line *line, const char *text, bool is_json)
{
    size_t len = strlen(text);

    while (len > 0 && !line->is_cut) {
        char escaped[ESCAPE_MAX];
        size_t n;
        size_t used =
            is_json ? escape_json(text, len, escaped, &n) : escape_text(text, len, escaped, &n);

        append(line, escaped, n);
        text += used;
        len -= used;
    }
}

static void append_time(struct line *line)
{
    struct timespec now = {0};
    struct tm tm = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    append_format(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", tm.tm_year + 1900, tm.tm_mon + 1,
                  tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000);
}

static void compose_text(struct line *line, enum log_level level, const char *message)
{
    append_time(line);
    append_format(line, " %-5s ", log_level_name(level));
    append_escaped(line, state.who, false);
    append_format(line, "[%d] ", (int)getpid());
    append_escaped(line, message, false);
    append_tail(line, line->is_cut ? "...\n" : "\n");
}

static void compose_json(struct line *line, enum log_level level, const char *message)
{
    append_format(line, "{\"time\":\"");
    append_time(line);
    append_format(line, "\",\"level\":\"%s\",\"who\":\"", log_level_name(level));
    append_escaped(line, state.who, true);
    append_format(line, "\",\"pid\":%d,\"message\":\"", (int)getpid());
    append_escaped(line, message, true);
    append_tail(line, line->is_cut ? "...\"}\n" : "\"}\n");
}

static void write_once(const struct line *line)
{
    ssize_t n;
    int tries = 0;

    do
        n = write(state.fd, line->text, line->len);
    while (n < 0 && errno == EINTR && ++tries < 10);
}

/* Nobody reads the pipe, the terminal was stopped: a write would wait. */
static bool is_stuck(void)
{
    struct pollfd output = {.fd = state.fd, .events = POLLOUT};

    return poll(&output, 1, 0) == 0;
}

static void put(enum log_level level, const char *message)
{
    /* Of the thread, because a task's stack is small; nothing below waits for another task. */
    static _Thread_local struct line line;

    if (is_stuck()) {
        atomic_fetch_add(&state.nlost, 1);
        return;
    }
    line.len = 0;
    line.is_cut = false;
    if (state.format == LOG_FORMAT_JSON)
        compose_json(&line, level, message);
    else
        compose_text(&line, level, message);
    write_once(&line);
}

static void tell_lost(void)
{
    char message[64];

    if (atomic_load(&state.nlost) == 0 || is_stuck())
        return;
    snprintf(message, sizeof(message), "%u lines were lost: nobody read the log",
             atomic_exchange(&state.nlost, 0));
    put(LOG_LEVEL_WARN, message);
}

void log_line(enum log_level level, const char *format, ...)
{
    static _Thread_local char message[PIPE_BUF];
    int saved = errno;
    va_list args;

    if (level < atomic_load_explicit(&state.level, memory_order_relaxed))
        return;
    va_start(args, format);
    if (vsnprintf(message, sizeof(message), format, args) < 0)
        message[0] = '\0';
    va_end(args);
    tell_lost();
    put(level, message);
    errno = saved;
}
