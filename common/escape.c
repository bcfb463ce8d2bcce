/* SPDX-License-Identifier: MIT */
#include "common/escape.h"

#include <stdbool.h>
#include <string.h>

#include "common/digits.h"
#include "common/utf8.h"

/* C0 and C1 controls, and what hides text, turns its direction or breaks lines. */
static bool is_treacherous(unsigned code)
{
    return code < ' ' || (code >= 0x7f && code <= 0x9f) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0x61c || code == 0xad || code == 0xfeff;
}

/* The code point of a character of 1 to 3 bytes; a space for longer ones, none of which is
 * treacherous. */
static unsigned code_of(const char *in, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)in;

    if (len == 1)
        return bytes[0];
    if (len == 2)
        return (bytes[0] & 0x1fu) << 6 | (bytes[1] & 0x3fu);
    if (len == 3)
        return (bytes[0] & 0xfu) << 12 | (bytes[1] & 0x3fu) << 6 | (bytes[2] & 0x3fu);
    return ' ';
}

/* The letter behind a backslash that stands for the character; 0: there is none. */
static char letter_of(char character)
{
    switch (character) {
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static size_t put_letter(char letter, char *out, size_t *n)
{
    out[0] = '\\';
    out[1] = letter;
    *n = 2;
    return 1;
}

static size_t put_as_is(const char *in, size_t len, char *out, size_t *n)
{
    memcpy(out, in, len);
    *n = len;
    return len;
}

size_t escape_octet(const char *in, char *out, size_t *n)
{
    out[0] = '\\';
    out[1] = 'x';
    *n = (size_t)(hex_print(out + 2, (unsigned char)*in, 2) - out);
    return 1;
}

/* A treacherous character of several bytes goes by octets: its others are no character then. */
size_t escape_text(const char *in, size_t len, char *out, size_t *n)
{
    size_t used = utf8_len(in, len);
    char letter = letter_of(*in);

    if (letter)
        return put_letter(letter, out, n);
    if (used == 0 || is_treacherous(code_of(in, used)))
        return escape_octet(in, out, n);
    return put_as_is(in, used, out, n);
}

size_t escape_json(const char *in, size_t len, char *out, size_t *n)
{
    size_t used = utf8_len(in, len);
    char letter = *in == '"' || *in == '\\' ? *in : letter_of(*in);

    if (letter)
        return put_letter(letter, out, n);
    if (used == 0 || *in == 0) {
        (void)put_as_is(UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT), out, n);
        return 1;
    }
    if (!is_treacherous(code_of(in, used)))
        return put_as_is(in, used, out, n);
    out[0] = '\\';
    out[1] = 'u';
    *n = (size_t)(hex_print(out + 2, code_of(in, used), 4) - out);
    return used;
}
