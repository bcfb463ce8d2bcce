/* SPDX-License-Identifier: MIT */
/*
 * http_answer.h - the bytes of an answer's head.
 */
#ifndef COPPICE_HTTP_ANSWER_H
#define COPPICE_HTTP_ANSWER_H

#include "worker/http/response.h"

enum http_connection {
    HTTP_CONNECTION_DEFAULT,
    HTTP_CONNECTION_CLOSE,
    HTTP_CONNECTION_KEEP_ALIVE,
    HTTP_CONNECTION_ENDS_BODY, /* close, and a body without a length ends there */
};

/* No head is longer than that, its content type and its fields. */
#define HTTP_ANSWER_HEAD_MAX 256

/* Start an empty 200. */
static inline void http_answer_init(struct cop_response *response)
{
    response->status = 200;
    response->content_type = (struct cop_slice){NULL, 0};
    response->source = HTTP_FROM_MEMORY;
    response->has_length = true;
    response->length = 0;
    response->memory = NULL;
    response->fields_len = 0;
}

/* Make it the plain answer to what went wrong: a status from 400 to 599. */
void http_answer_error(struct cop_response *response, int status);

/* What no handler should return: neither a status nor an errno. */
#define HTTP_NO_RESULT (-1000)

/* What a handler returned, as 0, -status, -errno or HTTP_NO_RESULT. */
static inline int http_answer_result(int rc)
{
    if (rc <= 0)
        return rc;
    return rc >= 400 && rc < 600 ? -rc : HTTP_NO_RESULT;
}

/* The status that stands for what a handler returned below 0. */
int http_answer_status(int rc);

/* Write the head, with the date of now and the empty line, at `at`, where there is room enough.
 * Returns its end. */
char *http_answer_print(char *at, const struct cop_response *response,
                        enum http_connection connection);

#endif
