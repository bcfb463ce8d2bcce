/* SPDX-License-Identifier: MIT */
/*
 * digits.h - numbers as text, and digits as numbers. What is printed has no 0 behind it; each
 * function returns the end.
 */
#ifndef COPPICE_DIGITS_H
#define COPPICE_DIGITS_H

#include <stdint.h>
#include <string.h>

/* Of a hexadecimal digit, in either case. Returns 0 to 15, or -1 for anything else. */
static inline int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The last `digits` digits of the number, with zeros in front. */
static inline char *hex_print(char *at, uint64_t number, unsigned digits)
{
    for (unsigned i = digits; i > 0; i--)
        *at++ = "0123456789abcdef"[number >> 4 * (i - 1) & 15];
    return at;
}

/* The same in decimal. */
static inline char *decimal_print_padded(char *at, uint64_t number, unsigned digits)
{
    for (unsigned i = digits; i > 0; i--) {
        at[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + digits;
}

/* The longest of what decimal_print prints. */
#define DECIMAL_MAX 20

/* As many digits as it takes. */
static inline char *decimal_print(char *at, uint64_t number)
{
    char digits[DECIMAL_MAX];
    char *first = digits + sizeof(digits);

    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return (char *)memcpy(at, first, (size_t)(digits + sizeof(digits) - first)) +
           (digits + sizeof(digits) - first);
}

#endif
