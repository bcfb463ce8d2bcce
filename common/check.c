/* SPDX-License-Identifier: MIT */
#include "common/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *what, const char *file, int line, const char *function)
{
    fprintf(stderr, "coppice: bug: %s:%d: %s: %s\n", file, line, function, what);
    abort();
}

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("coppice: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(EXIT_CANNOT_START);
}
