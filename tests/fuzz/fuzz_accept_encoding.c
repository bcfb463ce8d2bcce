/* SPDX-License-Identifier: MIT */
/* An Accept-Encoding: a weight is one, and whatever it says, what is added behind does not matter
 * to a coding that it names. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "worker/http/accept_encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const codings[] = {"gzip", "br", "identity", "*"};
    static const char more[] = ",gzip;q=0,br,identity;q=0.5,*";
    char *text = malloc(size + sizeof(more));

    CHECK(text);
    if (size)
        memcpy(text, data, size);
    for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++) {
        int rc = accept_encoding_find((struct cop_slice){text, size}, codings[i]);
        int after;

        CHECK(rc == -ENOENT || (rc >= 0 && rc <= 1000));
        memcpy(text + size, more, sizeof(more));
        after = accept_encoding_find((struct cop_slice){text, size + sizeof(more) - 1}, codings[i]);
        CHECK(rc >= 0 ? after == rc : after >= 0);
    }
    free(text);
    return 0;
}
