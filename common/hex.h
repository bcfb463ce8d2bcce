/* SPDX-License-Identifier: MIT */
/*
 * hex.h - hexadecimal digits.
 */
#ifndef COPPICE_HEX_H
#define COPPICE_HEX_H

#include <stdint.h>

/* Of a digit, in either case. Returns 0 to 15, or -1 for anything else. */
static inline int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The last `digits` digits of the number, with zeros in front and no 0 behind. Returns the end. */
static inline char *hex_print(char *at, uint64_t number, unsigned digits)
{
    for (unsigned i = digits; i > 0; i--)
        *at++ = "0123456789abcdef"[number >> 4 * (i - 1) & 15];
    return at;
}

#endif
