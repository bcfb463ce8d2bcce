/* SPDX-License-Identifier: MIT */
#include "common/jsontext.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes16.h"
#include "common/digits.h"

#define FIRST_SIZE 2048

static bool __attribute__((noinline, cold)) grow(struct jsontext *text, size_t len)
{
    size_t size = text->size ? text->size : FIRST_SIZE;
    char *bytes;

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

/* Room for len more bytes, and a 0. */
static inline bool have_room(struct jsontext *text, size_t len)
{
    return len < text->size - text->len || grow(text, len);
}

void jsontext_put(struct jsontext *text, const char *bytes, size_t len)
{
    if (!have_room(text, len))
        return;
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

void jsontext_put_char(struct jsontext *text, char c)
{
    if (have_room(text, 1))
        text->bytes[text->len++] = c;
}

static bool is_special(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static inline bool any_special(bytes16 bytes)
{
    return bytes16_any((bytes < BYTES16_OF(0x20)) | (bytes == BYTES16_OF('"')) |
                       (bytes == BYTES16_OF('\\')));
}

/* Copy from the front on what stands for itself. Returns how many bytes that is. The last sixteen
 * are looked at together, though some of them were before. */
static size_t copy_plain(char *to, const char *from, size_t len)
{
    size_t i = 0, step = sizeof(bytes16);

    while (len - i >= step) {
        bytes16 some = bytes16_load(from + i);

        if (any_special(some))
            break;
        bytes16_store(to + i, some);
        i += step;
    }
    if (i > 0 && len - i < step) {
        bytes16 last = bytes16_load(from + len - step);

        if (!any_special(last)) {
            bytes16_store(to + len - step, last);
            return len;
        }
    }
    for (; i < len && !is_special(from[i]); i++)
        to[i] = from[i];
    return i;
}

static void put_escaped(struct jsontext *text, char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    char escape[6] = {'\\', 'u'};

    for (const char *letter = letters; *letter; letter += 2) {
        if (*letter == c) {
            escape[1] = letter[1];
            jsontext_put(text, escape, 2);
            return;
        }
    }
    hex_print(escape + 2, (unsigned char)c, 4);
    jsontext_put(text, escape, sizeof(escape));
}

void jsontext_put_string(struct jsontext *text, const char *bytes, size_t len)
{
    size_t i = 0;

    jsontext_put_char(text, '"');
    while (i < len && have_room(text, len - i)) {
        size_t n = copy_plain(text->bytes + text->len, bytes + i, len - i);

        text->len += n;
        i += n;
        if (i < len)
            put_escaped(text, bytes[i++]);
    }
    jsontext_put_char(text, '"');
}

char *jsontext_finish(struct jsontext *text)
{
    if (!have_room(text, 0) || text->failed) {
        free(text->bytes);
        return NULL;
    }
    text->bytes[text->len] = 0;
    return text->bytes;
}
