/* SPDX-License-Identifier: MIT */
/*
 * check.h - stop at a bug.
 *
 * CHECK holds in release builds too: a worker that meets a broken invariant dies, and the master
 * replaces it. die() is for start-up alone, before anybody is served.
 */
#ifndef COPPICE_CHECK_H
#define COPPICE_CHECK_H

/* Abort with the expression and its place when it does not hold. */
#define CHECK(expression)                \
    (__builtin_expect(!!(expression), 1) \
         ? (void)0                       \
         : check_failed(#expression, __FILE__, __LINE__, __func__))

/* The same, with a sentence that tells the caller what it did wrong. */
#define CHECK_MSG(expression, message)             \
    (__builtin_expect(!!(expression), 1) ? (void)0 \
                                         : check_failed(message, __FILE__, __LINE__, __func__))

_Noreturn void check_failed(const char *what, const char *file, int line, const char *function);

/* Print the message on stderr and exit with EXIT_CANNOT_START. Start-up only. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A process that cannot start and must not be respawned leaves with this code. */
#define EXIT_CANNOT_START 2

#endif
