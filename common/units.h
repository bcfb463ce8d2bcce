/* SPDX-License-Identifier: MIT */
/*
 * units.h - durations and sizes as people write them: "250ms", "30s", "5m", "64KiB", "1MB".
 *
 * A whole number and a unit, without a space. Durations: ns us ms s m h; only 0 needs no unit.
 * Sizes: none or B, kB MB GB TB (1000), KiB MiB GiB TiB (1024). What print writes, parse reads to
 * the same value.
 */
#ifndef COPPICE_UNITS_H
#define COPPICE_UNITS_H

#include <stdint.h>

/* Room for any value in print, the ending 0 included. */
#define UNITS_TEXT_MAX 32

/* A whole number of decimal digits. Each parser returns 0, -EINVAL when text is no such value, or
 * -ERANGE when it is one that the type cannot hold; the output is untouched then. */
int units_parse_integer(const char *text, int64_t *value);
int units_parse_duration(const char *text, int64_t *ns);
int units_parse_size(const char *text, int64_t *bytes);

/* The shortest exact form, into text[UNITS_TEXT_MAX]; returns text. The value is not negative. */
char *units_print_duration(int64_t ns, char *text);
char *units_print_size(int64_t bytes, char *text);

#endif
