/* SPDX-License-Identifier: MIT */
/* Server-sent events: a field a line, an empty line ends the event (WHATWG HTML, section 9.2). */
#include <errno.h>
#include <string.h>

#include "worker/http/http_session.h"
#include "worker/http/response.h"

static char *add(char *at, const char *name, const char *value, size_t len)
{
    at = stpcpy(at, name);
    at = mempcpy(at, value, len);
    *at++ = '\n';
    return at;
}

static bool is_line(const char *text)
{
    return !text || !strpbrk(text, "\r\n");
}

static size_t count_lines(const char *data)
{
    size_t n = 1;

    for (; (data = strpbrk(data, "\r\n")); data++)
        n++;
    return n;
}

static char *add_data(char *at, const char *data)
{
    for (;;) {
        size_t len = strcspn(data, "\r\n");

        at = add(at, "data: ", data, len);
        data += len;
        if (!*data)
            return at;
        data += data[0] == '\r' && data[1] == '\n' ? 2 : 1;
    }
}

static int begin(struct cop_response *response)
{
    cop_response_begin(response, "text/event-stream", -1);
    return cop_response_header(response, "Cache-Control", "no-cache");
}

int cop_response_event(struct cop_response *response, const char *event, const char *id,
                       const char *data)
{
    size_t size = strlen(data) + 7 * count_lines(data) + 32;
    struct arena arena;
    char *text, *at;
    int rc = 0;

    if (!is_line(event) || !is_line(id))
        return -EINVAL;
    if (response->source != HTTP_FROM_WRITER)
        rc = begin(response);
    if (rc < 0)
        return rc;
    size += (event ? strlen(event) : 0) + (id ? strlen(id) : 0);
    /* A stream of events may last for days: each takes and gives back its own memory. */
    arena_init(&arena, NULL, 0, SIZE_MAX);
    at = text = arena_alloc(&arena, size);
    if (!text)
        return -ENOMEM;
    if (event)
        at = add(at, "event: ", event, strlen(event));
    if (id)
        at = add(at, "id: ", id, strlen(id));
    at = add_data(at, data);
    *at++ = '\n';
    rc = cop_response_write(response, text, (size_t)(at - text));
    arena_fini(&arena);
    return rc;
}
