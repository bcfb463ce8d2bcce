/* SPDX-License-Identifier: MIT */
#include "worker/http/percent.h"

#include <errno.h>
#include <string.h>

#include "common/digits.h"
#include "worker/http/http_chars.h"

/* Returns the length, at most that of the text, or -400: a '%' without two digits, or an encoded
 * NUL. */
static ssize_t decode(const char *text, size_t len, bool plus_is_space, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == '%') {
            if (len - i < 3 || !http_chars_are(text + i + 1, 2, HTTP_CHAR_HEX))
                return -400;
            c = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            if (!c)
                return -400;
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[n++] = c;
    }
    return (ssize_t)n;
}

int percent_decode_slice(struct cop_request *request, struct cop_slice *slice, bool plus_is_space)
{
    char *out;
    ssize_t n;

    if (!slice->len || (!memchr(slice->data, '%', slice->len) &&
                        !(plus_is_space && memchr(slice->data, '+', slice->len))))
        return 0;
    out = cop_request_alloc(request, slice->len);
    if (!out)
        return -ENOMEM;
    n = decode(slice->data, slice->len, plus_is_space, out);
    if (n < 0)
        return (int)n;
    *slice = (struct cop_slice){out, (size_t)n};
    return 0;
}
