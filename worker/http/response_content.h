/* SPDX-License-Identifier: MIT */
/*
 * response_content.h - answer with content that has a version and can be had in parts: a file, or
 * bytes that last.
 *
 *     struct cop_content content = {.content_type = "text/plain", .memory = text, .length = len,
 *                                   .etag = "\"7\""};
 *
 *     return cop_response_content(request, response, &content);
 */
#ifndef COPPICE_RESPONSE_CONTENT_H
#define COPPICE_RESPONSE_CONTENT_H

#include <time.h>

#include "worker/http/response.h"

/* The content stays as it is until the answer is sent, and so does the text of content_type. */
struct cop_content {
    const char *content_type;
    const char *encoding; /* Content-Encoding that it is in; NULL: none */
    const char *etag;     /* as sent: in quotes, with W/ before them when it is weak; NULL: none */
    time_t modified;      /* since 1970; 0: not known. The future counts as now */
    const void *memory;   /* NULL: it is in the file */
    int file;             /* open for reading; closed by its owner (cop_request_defer tells when) */
    uint64_t length;      /* of all of it */
};

/* Answer GET or HEAD with the content, with its ETag, its Last-Modified and Accept-Ranges, as far
 * as the request's preconditions (RFC 9110, section 13) and its Range (section 14) let it: 200, or
 * 206 with one range or several as multipart/byteranges, 304, 412, 416. Fields that were added
 * before go with 200, 206 and 304, and are gone from the others. A status that is no longer 200 was
 * the handler's decision: it is sent with all of the content. Does not wait.
 * Returns 0; -EINVAL for a text that cannot be sent or is no entity tag, -ENOSPC, -ENOMEM. */
COP_PUBLIC COP_MUST int cop_response_content(struct cop_request *request,
                                             struct cop_response *response,
                                             const struct cop_content *content);

#endif
