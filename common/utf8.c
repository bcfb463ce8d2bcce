/* SPDX-License-Identifier: MIT */
#include "common/utf8.h"

#include "common/bytes16.h"

static size_t expected_len(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    if (first >= 0xf0 && first <= 0xf4)
        return 4;
    return 0;
}

/* The second byte is where overlong forms, surrogates and what is above U+10FFFF show. */
static int second_is_valid(unsigned char first, unsigned char second)
{
    unsigned char low = 0x80, high = 0xbf;

    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    return second >= low && second <= high;
}

size_t utf8_len(const char *text, size_t len)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t n;

    if (len == 0)
        return 0;
    n = expected_len(byte[0]);
    if (n == 0 || n > len)
        return 0;
    if (n > 1 && !second_is_valid(byte[0], byte[1]))
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* How many bytes from the front on are ASCII, at least: all of them, as a rule. */
static size_t ascii_len(const char *text, size_t len)
{
    size_t i = 0;
    char seen = 0;

    while (len - i >= sizeof(bytes16) && !bytes16_any(bytes16_load(text + i) & BYTES16_OF(0x80)))
        i += sizeof(bytes16);
    for (size_t rest = i; rest < len; rest++)
        seen |= text[rest];
    return seen & 0x80 ? i : len;
}

bool utf8_is_valid(const char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = ascii_len(text, len); i < len; i += n) {
        n = utf8_len(text + i, len - i);
        if (n == 0)
            return false;
    }
    return true;
}
