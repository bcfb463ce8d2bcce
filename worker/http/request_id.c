/* SPDX-License-Identifier: MIT */
#include "worker/http/request_id.h"

#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/digits.h"
#include "worker/http/http_session.h"

#define FIELD "X-Request-ID"

static _Thread_local struct {
    uint64_t base;
    uint32_t next; /* 0: the base is to be drawn */
} ids;

static void draw_base(void)
{
    /* Without random bits before the kernel has any, time is better than nothing. */
    if (getrandom(&ids.base, sizeof(ids.base), GRND_NONBLOCK) != (ssize_t)sizeof(ids.base))
        ids.base = (uint64_t)clock_now() ^ (uint64_t)(uintptr_t)&ids << 20;
}

size_t request_id_make(char text[REQUEST_ID_MAX + 1])
{
    char *end;

    if (ids.next == 0) {
        draw_base();
        ids.next = 1;
    }
    end = hex_print(text, ids.base, 16);
    end = hex_print(end, ids.next++, 8);
    *end = 0;
    return (size_t)(end - text);
}

bool request_id_is_valid(struct cop_slice id)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.:+/=@~";

    if (!id.len || id.len > REQUEST_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (!memchr(letters, id.data[i], sizeof(letters) - 1))
            return false;
    return true;
}

void request_id_take(struct http_session *session)
{
    struct cop_slice id = {NULL, 0};

    if (session->http->request_id == CONFIG_REQUEST_ID_ACCEPT)
        id = cop_request_header(&session->head.request, FIELD);
    if (request_id_is_valid(id)) {
        memcpy(session->id, id.data, id.len);
        session->id[id.len] = 0;
        session->id_len = (uint8_t)id.len;
    }
    cop_task_set_name(session->task, request_id_of(session));
}

const char *request_id_of(struct http_session *session)
{
    if (!session->id_len)
        session->id_len = (uint8_t)request_id_make(session->id);
    return session->id;
}

/* Is there a field of that name among the lines that a handler has added? */
static bool is_there(const struct cop_response *response)
{
    const char *at = response->fields, *end = at + response->fields_len;

    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));

        CHECK(line_end);
        if (strncasecmp(at, FIELD ":", strlen(FIELD) + 1) == 0)
            return true;
        at = line_end + 1;
    }
    return false;
}

int request_id_send(struct http_session *session)
{
    if (is_there(&session->response))
        return 0;
    return cop_response_header(&session->response, FIELD, request_id_of(session));
}

const char *cop_request_id(struct cop_request *request)
{
    return request_id_of(request->session);
}
