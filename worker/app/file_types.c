/* SPDX-License-Identifier: MIT */
#include "worker/app/file_types.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the whole table, as text. */
#define TEXT_MAX (1u << 20)

#define UNKNOWN "application/octet-stream"

static const char built_in[] = "text/html html htm\n"
                               "text/plain txt text log\n"
                               "text/css css\n"
                               "text/javascript js mjs\n"
                               "text/csv csv\n"
                               "text/markdown md\n"
                               "text/xml xml\n"
                               "application/json json map\n"
                               "application/manifest+json webmanifest\n"
                               "application/pdf pdf\n"
                               "application/wasm wasm\n"
                               "application/gzip gz\n"
                               "application/zip zip\n"
                               "audio/mpeg mp3\n"
                               "audio/ogg ogg oga opus\n"
                               "font/ttf ttf\n"
                               "font/woff woff\n"
                               "font/woff2 woff2\n"
                               "image/avif avif\n"
                               "image/gif gif\n"
                               "image/jpeg jpg jpeg\n"
                               "image/png png\n"
                               "image/svg+xml svg\n"
                               "image/webp webp\n"
                               "image/x-icon ico\n"
                               "video/mp4 mp4\n"
                               "video/webm webm\n";

/* Both point into the text. The earliest line wins. */
struct ending {
    const char *ending, *type;
};

struct file_types {
    char *text;
    const char *charset; /* at its end */
    struct ending *endings;
    size_t n;
};

static int compare(const void *a, const void *b)
{
    const struct ending *x = a, *y = b;
    int order = strcmp(x->ending, y->ending);

    return order ? order : (x->ending > y->ending) - (x->ending < y->ending);
}

/* What of the file fits. Returns 0 or -errno; -EILSEQ when it is no text. */
static int append_file(FILE *text, const char *path)
{
    char buffer[1024];
    size_t n, len = 0;
    FILE *file = fopen(path, "re");
    int rc = 0;

    if (!file)
        return -errno;
    while (rc == 0 && len < TEXT_MAX && (n = fread(buffer, 1, sizeof(buffer), file)) > 0) {
        len += fwrite(buffer, 1, n, text);
        rc = memchr(buffer, 0, n) ? -EILSEQ : 0;
    }
    if (ferror(file))
        rc = -EIO;
    fclose(file);
    fputc('\n', text);
    return rc;
}

static bool is_type(const char *word)
{
    const char *slash = strchr(word, '/');

    if (!slash || slash == word || !slash[1] || strlen(word) >= FILE_TYPE_MAX / 2)
        return false;
    for (; *word; word++)
        if (!isalnum((unsigned char)*word) && !strchr("!#$&-^_.+/", *word))
            return false;
    return true;
}

static int add(struct file_types *types, size_t *room, const char *type, char *ending)
{
    struct ending *grown;

    if (types->n == *room) {
        *room = *room ? 2 * *room : 64;
        grown = realloc(types->endings, *room * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        types->endings = grown;
    }
    for (char *at = ending; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    types->endings[types->n++] = (struct ending){ending, type};
    return 0;
}

/* Cut a line into words. Returns 0, -ENOMEM, or -EINVAL when it does not begin with a type. */
static int read_line(struct file_types *types, size_t *room, char *line)
{
    char *rest, *type, *word;
    int rc = 0;

    line[strcspn(line, "#")] = 0;
    type = strtok_r(line, " \t\r", &rest);
    if (!type)
        return 0;
    if (!is_type(type))
        return -EINVAL;
    while (rc == 0 && (word = strtok_r(NULL, " \t\r", &rest)))
        rc = add(types, room, type, word);
    return rc;
}

/* Only the lines up to `strict` must be good ones. */
static int read_lines(struct file_types *types, const char *strict)
{
    char *line = types->text;
    size_t room = 0;

    while (line) {
        const char *begin = line;
        char *end = strpbrk(line, begin < strict ? ",\n" : "\n");
        int rc;

        if (end)
            *end++ = 0;
        rc = read_line(types, &room, line);
        if (rc == -ENOMEM || (rc < 0 && begin < strict))
            return rc;
        line = end;
    }
    qsort(types->endings, types->n, sizeof(*types->endings), compare);
    return 0;
}

/* Make one text of all that there is. Returns 0 or -errno. */
static int gather(struct file_types *types, const char *path, const char *more, const char *charset)
{
    size_t len, at_charset;
    FILE *text = open_memstream(&types->text, &len);
    int rc;

    if (!text)
        return -ENOMEM;
    fprintf(text, "%s\n", more);
    rc = path ? append_file(text, path) : 0;
    fwrite(built_in, 1, sizeof(built_in), text);
    at_charset = (size_t)ftell(text);
    fwrite(charset, 1, strlen(charset) + 1, text);
    if (fclose(text) != 0)
        return -ENOMEM;
    types->charset = types->text + at_charset;
    return rc;
}

int file_types_new(const char *path, const char *more, const char *charset,
                   struct file_types **types)
{
    struct file_types *made = calloc(1, sizeof(*made));
    int rc;

    if (!made)
        return -ENOMEM;
    rc = gather(made, path, more, charset);
    if (rc == 0)
        rc = read_lines(made, made->text + strlen(more));
    if (rc < 0)
        file_types_free(made);
    else
        *types = made;
    return rc;
}

void file_types_free(struct file_types *types)
{
    if (!types)
        return;
    free(types->endings);
    free(types->text);
    free(types);
}

/* The first of those that are equal. */
static const char *find(const struct file_types *types, const char *ending)
{
    size_t low = 0, high = types->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcasecmp(types->endings[middle].ending, ending) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < types->n && strcasecmp(types->endings[low].ending, ending) == 0)
        return types->endings[low].type;
    return UNKNOWN;
}

char *file_types_print(const struct file_types *types, const char *name, char type[FILE_TYPE_MAX])
{
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash ? slash : name, '.');
    const char *found = dot ? find(types, dot + 1) : UNKNOWN;
    bool has_charset = *types->charset && strncmp(found, "text/", 5) == 0;

    snprintf(type, FILE_TYPE_MAX, "%s%s%s", found, has_charset ? "; charset=" : "",
             has_charset ? types->charset : "");
    return type;
}
