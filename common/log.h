/* SPDX-License-Identifier: MIT */
/*
 * log.h - one line per event, one write(2) per line, at most PIPE_BUF bytes; text or JSON.
 *
 * Libraries return errors and do not log; the master, the worker's life and the apps do.
 * Before log_open lines go to stderr as text, from level info on.
 */
#ifndef COPPICE_LOG_H
#define COPPICE_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* "debug", "info", "warn", "error"; and back, or -EINVAL. */
const char *log_level_name(enum log_level level);
int log_level_find(const char *name);

/* Where and how to log from now on. output is "stderr" or the path of a file, which is appended to.
 * Returns 0 or -errno of open(2), with the old output kept. */
int log_open(const char *output, enum log_format format, enum log_level level);

/* Open the file anew, after it was moved away. Returns 0 or -errno, with the old one kept. */
int log_reopen(void);

/* The descriptor that lines go to, for a child that closes all others. */
int log_fd(void);

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* Names the process in each line: "master", "web/3". Copied, at most 31 bytes. */
void log_set_who(const char *who);

/* Never waits, never fails, leaves errno alone. A line that cannot be written is lost; where nobody
 * reads the pipe or terminal, lost lines are counted, and told when there is room again. Control
 * characters are escaped, what is too long ends in "...". Any thread; no signal handler. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)

#endif
