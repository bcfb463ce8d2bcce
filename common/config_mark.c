/* SPDX-License-Identifier: MIT */
#include "common/config_mark.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

/* Whatever a file had in its keys and values, the message must not play with a terminal or a log.
 */
static void clean(char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len;) {
        size_t n = utf8_len(text + i, len - i);
        unsigned char byte = (unsigned char)text[i];

        if (n == 0 || (n == 1 && (byte < 0x20 || byte == 0x7f)))
            text[i] = '?';
        else if (n == 2 && byte == 0xc2 && (unsigned char)text[i + 1] < 0xa0)
            memcpy(text + i, "??", 2);
        i += n ? n : 1;
    }
}

char *config_mark_print(const struct config_mark *mark, char *text)
{
    if (mark->line == 0)
        snprintf(text, CONFIG_MARK_TEXT_MAX, "%s", mark->file);
    else
        snprintf(text, CONFIG_MARK_TEXT_MAX, "%s:%u:%u", mark->file, mark->line, mark->column);
    return text;
}

int config_mark_fail(const struct config_error *error, const struct config_mark *mark,
                     const char *format, ...)
{
    char place[CONFIG_MARK_TEXT_MAX];
    va_list args;
    int n;

    if (error->size == 0)
        return -EINVAL;
    n = snprintf(error->text, error->size, "%s: ", config_mark_print(mark, place));
    if (n > 0 && (size_t)n < error->size) {
        va_start(args, format);
        vsnprintf(error->text + n, error->size - (size_t)n, format, args);
        va_end(args);
    }
    clean(error->text);
    return -EINVAL;
}
