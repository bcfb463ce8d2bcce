/* SPDX-License-Identifier: MIT */
#include "common/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

struct unit {
    const char *name;
    int64_t factor;
    bool is_printed;
};

/* From the largest down: print takes the first that divides the value. */
static const struct unit durations[] = {
    {"h", 3600 * NS_PER_S, true}, {"m", 60 * NS_PER_S, true}, {"s", NS_PER_S, true},
    {"ms", NS_PER_MS, true},      {"us", NS_PER_US, true},    {"ns", 1, true},
};

static const struct unit sizes[] = {
    {"TiB", INT64_C(1) << 40, true},
    {"GiB", INT64_C(1) << 30, true},
    {"MiB", INT64_C(1) << 20, true},
    {"KiB", INT64_C(1) << 10, true},
    {"TB", INT64_C(1000000000000), false},
    {"GB", INT64_C(1000000000), false},
    {"MB", INT64_C(1000000), false},
    {"kB", INT64_C(1000), false},
    {"B", 1, false},
    {"", 1, true},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The digits at the front of text. Returns how many there are, or -EINVAL, -ERANGE. */
static int parse_digits(const char *text, int64_t *value)
{
    int64_t sum = 0;
    bool fits = true;
    int n = 0;

    for (; n < 40 && text[n] >= '0' && text[n] <= '9'; n++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, text[n] - '0', &sum))
            fits = false;
    if (n == 0 || n == 40 || (n > 1 && text[0] == '0'))
        return -EINVAL;
    if (!fits)
        return -ERANGE;
    *value = sum;
    return n;
}

int units_parse_integer(const char *text, int64_t *value)
{
    int64_t number;
    int n = parse_digits(text, &number);

    if (n < 0)
        return n;
    if (text[n] != '\0')
        return -EINVAL;
    *value = number;
    return 0;
}

static int parse(const char *text, const struct unit *units, size_t nunits, int64_t *value)
{
    int64_t number;
    int n = parse_digits(text, &number);

    if (n < 0)
        return n;
    for (size_t i = 0; i < nunits; i++) {
        if (strcmp(text + n, units[i].name) != 0)
            continue;
        if (__builtin_mul_overflow(number, units[i].factor, &number))
            return -ERANGE;
        *value = number;
        return 0;
    }
    return -EINVAL;
}

static char *print(int64_t value, const struct unit *units, size_t nunits, char *text)
{
    for (size_t i = 0; i < nunits; i++)
        if (value != 0 && units[i].is_printed && value % units[i].factor == 0) {
            snprintf(text, UNITS_TEXT_MAX, "%" PRId64 "%s", value / units[i].factor, units[i].name);
            return text;
        }
    snprintf(text, UNITS_TEXT_MAX, "0");
    return text;
}

int units_parse_duration(const char *text, int64_t *ns)
{
    if (strcmp(text, "0") == 0) {
        *ns = 0;
        return 0;
    }
    return parse(text, durations, COUNT(durations), ns);
}

int units_parse_size(const char *text, int64_t *bytes)
{
    return parse(text, sizes, COUNT(sizes), bytes);
}

char *units_print_duration(int64_t ns, char *text)
{
    return print(ns, durations, COUNT(durations), text);
}

char *units_print_size(int64_t bytes, char *text)
{
    return print(bytes, sizes, COUNT(sizes), text);
}
