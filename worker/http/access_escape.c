/* SPDX-License-Identifier: MIT */
#include "worker/http/access_escape.h"

#include <string.h>

#include "common/hex.h"
#include "common/utf8.h"

bool access_escape_is_plain(char character, bool is_quoted)
{
    unsigned char byte = (unsigned char)character;

    return byte > ' ' - is_quoted && byte < 127 && byte != '"' && byte != '\\';
}

size_t access_escape_text(const char *in, char *out, size_t *n)
{
    out[0] = '\\';
    out[1] = 'x';
    *n = (size_t)(hex_print(out + 2, (unsigned char)*in, 2) - out);
    return 1;
}

/* C1 controls, and what hides text, turns its direction or breaks lines. */
static bool is_treacherous(unsigned code)
{
    return (code >= 0x80 && code <= 0x9f) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0x61c || code == 0xad || code == 0xfeff;
}

/* The code point of a character of 1 to 3 bytes; 0 for longer ones, which are left as they are. */
static unsigned code_of(const char *in, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)in;

    if (len == 1)
        return bytes[0];
    if (len == 2)
        return (bytes[0] & 0x1fu) << 6 | (bytes[1] & 0x3fu);
    if (len == 3)
        return (bytes[0] & 0xfu) << 12 | (bytes[1] & 0x3fu) << 6 | (bytes[2] & 0x3fu);
    return 0;
}

size_t access_escape_json(const char *in, size_t in_len, char *out, size_t *n)
{
    size_t len = utf8_len(in, in_len);
    unsigned code = code_of(in, len);

    /* A parser in C would rather have no NUL. */
    if (len == 0 || *in == 0) {
        *n = strlen(UTF8_REPLACEMENT);
        memcpy(out, UTF8_REPLACEMENT, *n);
        return 1;
    }
    if (len == 1 && (*in == '"' || *in == '\\')) {
        out[0] = '\\';
        out[1] = *in;
        *n = 2;
    } else if ((len == 1 && (code < ' ' || code == 127)) || is_treacherous(code)) {
        out[0] = '\\';
        out[1] = 'u';
        *n = (size_t)(hex_print(out + 2, code, 4) - out);
    } else {
        memcpy(out, in, len);
        *n = len;
    }
    return len;
}
