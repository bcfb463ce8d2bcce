/* SPDX-License-Identifier: MIT */
/* A query: decoding never lengthens, and no NUL comes out. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "worker/http/http_session.h"
#include "worker/http/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_session session;
    struct cop_request *request = &session.head.request;
    char *text = malloc(size ? size : 1);
    struct cop_slice rest = {text, size}, name, value;
    size_t total = 0;
    bool has_nul = size && memchr(data, 0, size);
    int rc;

    CHECK(text);
    if (size)
        memcpy(text, data, size);
    arena_init(&session.arena, session.first_block, HTTP_ARENA_SIZE, 1 << 20);
    request->session = &session;
    while ((rc = cop_query_next(request, &rest, &name, &value)) == 1) {
        total += name.len + value.len;
        CHECK(total <= size);
        CHECK(has_nul || (!memchr(name.data, 0, name.len) && !memchr(value.data, 0, value.len)));
    }
    CHECK(rc == 0 || rc == -400 || rc == -12);
    arena_fini(&session.arena);
    free(text);
    return 0;
}
