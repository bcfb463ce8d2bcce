/* SPDX-License-Identifier: MIT */
/*
 * The delimiter begins with the CR LF before it, and the body is read as if one stood before it: so
 * the first part is like the others. In the buffer lies always more than a delimiter, unless the
 * body is at its end; what cannot be the beginning of one is content.
 */
#include "worker/http/multipart.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/check.h"
#include "worker/http/field_params.h"
#include "worker/http/query.h"

#define BOUNDARY_MAX 70

enum state { PREAMBLE, CONTENT, ENDED };

void multipart_init(struct cop_multipart *form, struct cop_slice boundary,
                    ssize_t (*read)(void *arg, void *buffer, size_t size), void *arg)
{
    CHECK(boundary.len >= 1 && boundary.len <= BOUNDARY_MAX);
    form->read = read;
    form->arg = arg;
    memcpy(form->delimiter, "\r\n--", 4);
    memcpy(form->delimiter + 4, boundary.data, boundary.len);
    form->delimiter_len = boundary.len + 4;
    memcpy(form->buffer, "\r\n", 2);
    form->start = 0;
    form->end = 2;
    form->state = PREAMBLE;
}

static ssize_t read_request(void *arg, void *buffer, size_t size)
{
    return cop_request_read(arg, buffer, size);
}

int cop_multipart_init(struct cop_multipart *form, struct cop_request *request)
{
    struct cop_slice boundary;

    if (!cop_request_is(request, "multipart/form-data") || cop_request_is_coded(request))
        return -415;
    boundary = field_params_find(cop_request_header(request, "content-type"), "boundary");
    if (!boundary.len || boundary.len > BOUNDARY_MAX)
        return -400;
    multipart_init(form, boundary, read_request, request);
    return 0;
}

/* More into the buffer, behind what is there. Returns 0, or -400 at the end of the body. */
static int fill(struct cop_multipart *form)
{
    ssize_t n;

    memmove(form->buffer, form->buffer + form->start, form->end - form->start);
    form->end -= form->start;
    form->start = 0;
    n = form->read(form->arg, form->buffer + form->end, sizeof(form->buffer) - form->end);
    if (n <= 0)
        return n < 0 ? (int)n : -400;
    form->end += (size_t)n;
    return 0;
}

/* The content that is in the buffer, at least one byte, or none when a delimiter comes next. */
static int find_content(struct cop_multipart *form, struct cop_slice *content)
{
    for (;;) {
        const char *text = form->buffer + form->start;
        size_t len = form->end - form->start;
        const char *end = memmem(text, len, form->delimiter, form->delimiter_len);
        int rc;

        if (end || len >= form->delimiter_len) {
            *content = (struct cop_slice){text, end ? (size_t)(end - text)
                                                    : len - form->delimiter_len + 1};
            return 0;
        }
        rc = fill(form);
        if (rc < 0)
            return rc;
    }
}

static int skip_content(struct cop_multipart *form)
{
    struct cop_slice content;
    int rc;

    while ((rc = find_content(form, &content)) == 0 && content.len)
        form->start += content.len;
    return rc;
}

/* Have n bytes at the front of the buffer. */
static int need(struct cop_multipart *form, size_t n)
{
    int rc = 0;

    while (rc == 0 && form->end - form->start < n)
        rc = fill(form);
    return rc;
}

/* White space and CR LF, behind a delimiter. */
static int skip_line_end(struct cop_multipart *form)
{
    int rc;

    while ((rc = need(form, 2)) == 0) {
        char c = form->buffer[form->start];

        if (c == ' ' || c == '\t') {
            form->start++;
            continue;
        }
        if (c != '\r' || form->buffer[form->start + 1] != '\n')
            return -400;
        form->start += 2;
        return 0;
    }
    return rc;
}

/* Move the part's field lines, each with its line end, to form->head. Returns their length. */
static int take_head(struct cop_multipart *form)
{
    size_t len = 0;

    for (;;) {
        const char *text = form->buffer + form->start;
        const char *end = memmem(text, form->end - form->start, "\r\n", 2);
        size_t line = end ? (size_t)(end - text) + 2 : form->end - form->start;
        int rc;

        if (len + line > sizeof(form->head))
            return -431;
        if (!end) {
            rc = fill(form);
            if (rc < 0)
                return rc;
            continue;
        }
        memcpy(form->head + len, text, line);
        form->start += line;
        if (line == 2)
            return (int)len;
        len += line;
    }
}

static bool is_field(struct cop_slice line, const char *name, struct cop_slice *value)
{
    size_t len = strlen(name);

    if (line.len <= len || strncasecmp(line.data, name, len) != 0 || line.data[len] != ':')
        return false;
    *value = field_params_trim((struct cop_slice){line.data + len + 1, line.len - len - 1});
    return true;
}

/* Returns 1, or -400 for a part without a name. */
static int read_head(struct cop_multipart *form, size_t len, struct cop_part *part)
{
    *part = (struct cop_part){0};
    for (size_t at = 0; at < len;) {
        const char *end = memmem(form->head + at, len - at, "\r\n", 2);
        struct cop_slice line = {form->head + at, (size_t)(end - form->head) - at}, value;

        at += line.len + 2;
        if (is_field(line, "content-type", &value))
            part->content_type = value;
        if (!is_field(line, "content-disposition", &value))
            continue;
        part->name = field_params_find(value, "name");
        part->filename = field_params_find(value, "filename");
    }
    return part->name.data ? 1 : -400;
}

int cop_multipart_next(struct cop_multipart *form, struct cop_part *part)
{
    int rc;

    if (form->state == ENDED)
        return 0;
    rc = skip_content(form);
    if (rc < 0)
        return rc;
    form->start += form->delimiter_len;
    rc = need(form, 2);
    if (rc < 0)
        return rc;
    if (memcmp(form->buffer + form->start, "--", 2) == 0) {
        form->state = ENDED;
        return 0;
    }
    rc = skip_line_end(form);
    if (rc == 0)
        rc = take_head(form);
    if (rc < 0)
        return rc;
    form->state = CONTENT;
    return read_head(form, (size_t)rc, part);
}

ssize_t cop_multipart_read(struct cop_multipart *form, void *buffer, size_t size)
{
    struct cop_slice content;
    int rc;

    if (form->state != CONTENT)
        return 0;
    rc = find_content(form, &content);
    if (rc < 0)
        return rc;
    if (content.len > size)
        content.len = size;
    memcpy(buffer, content.data, content.len);
    form->start += content.len;
    return (ssize_t)content.len;
}
