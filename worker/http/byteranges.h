/* SPDX-License-Identifier: MIT */
/*
 * byteranges.h - several parts of one content as multipart/byteranges (RFC 9110, section 14.6). It
 * is sent with its length known, and files by the kernel: nothing is copied together first.
 */
#ifndef COPPICE_BYTERANGES_H
#define COPPICE_BYTERANGES_H

#include "worker/http/range.h"
#include "worker/http/response_content.h"

/* "bytes 1-2/100" into text. */
#define BYTERANGES_TEXT_MAX 72
void byteranges_print(char text[BYTERANGES_TEXT_MAX], const struct range *range, uint64_t length);

/* Make these n parts of the content the body. Returns 0 or -ENOMEM. */
int byteranges_answer(struct cop_request *request, struct cop_response *response,
                      const struct cop_content *content, const struct range *ranges, int n);

#endif
