/* SPDX-License-Identifier: MIT */
#include "common/jsontext.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes16.h"

#define FIRST_SIZE 2048

static bool is_special(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static inline bool has_special(const char *bytes)
{
    bytes16 some = bytes16_load(bytes);

    return bytes16_any((some < BYTES16_OF(0x20)) | (some == BYTES16_OF('"')) |
                       (some == BYTES16_OF('\\')));
}

/* How many bytes from the front on stand for themselves. The last sixteen are looked at together,
 * though some of them were before. */
static size_t plain_len(const char *bytes, size_t len)
{
    size_t i = 0, step = sizeof(bytes16);

    while (len - i >= step && !has_special(bytes + i))
        i += step;
    if (i && len - i < step && !has_special(bytes + len - step))
        return len;
    while (i < len && !is_special(bytes[i]))
        i++;
    return i;
}

/* Room for len more bytes, and a 0. */
static inline bool have_room(struct jsontext *text, size_t len)
{
    size_t size = text->size ? text->size : FIRST_SIZE;
    char *bytes;

    if (text->failed)
        return false;
    if (len < text->size - text->len)
        return true;
    while (size - text->len <= len && size <= SIZE_MAX / 2)
        size *= 2;
    bytes = size - text->len > len ? realloc(text->bytes, size) : NULL;
    if (!bytes) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->size = size;
    return true;
}

void jsontext_put(struct jsontext *text, const char *bytes, size_t len)
{
    if (!have_room(text, len))
        return;
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

static void put_escaped(struct jsontext *text, char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    static const char digits[] = "0123456789ABCDEF";
    char escape[6] = {'\\', 'u', '0', '0', digits[(unsigned char)c >> 4], digits[c & 0xf]};

    for (const char *letter = letters; *letter; letter += 2) {
        if (*letter == c) {
            escape[1] = letter[1];
            jsontext_put(text, escape, 2);
            return;
        }
    }
    jsontext_put(text, escape, sizeof(escape));
}

/* All of it stands for itself, as a rule. */
static void put_plain_string(struct jsontext *text, const char *bytes, size_t len)
{
    char *at;

    if (!have_room(text, len + 2))
        return;
    at = text->bytes + text->len;
    *at++ = '"';
    at = mempcpy(at, bytes, len);
    *at = '"';
    text->len += len + 2;
}

void jsontext_put_string(struct jsontext *text, const char *bytes, size_t len)
{
    size_t n = plain_len(bytes, len);

    if (n == len) {
        put_plain_string(text, bytes, len);
        return;
    }
    jsontext_put(text, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        n = plain_len(bytes + i, len - i);
        jsontext_put(text, bytes + i, n);
        i += n;
        if (i < len)
            put_escaped(text, bytes[i]);
    }
    jsontext_put(text, "\"", 1);
}

char *jsontext_finish(struct jsontext *text)
{
    if (!have_room(text, 0)) {
        free(text->bytes);
        return NULL;
    }
    text->bytes[text->len] = 0;
    return text->bytes;
}
