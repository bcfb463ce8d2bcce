/* SPDX-License-Identifier: MIT */
/*
 * bytes16.h - sixteen bytes looked at in one go, by the compiler's vectors: a register where the
 * processor has them.
 */
#ifndef COPPICE_BYTES16_H
#define COPPICE_BYTES16_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t bytes16 __attribute__((vector_size(16)));

/* One byte in all places. */
#define BYTES16_OF(c) ((bytes16){c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c})

/* From 16 readable bytes, wherever they lie. */
static inline bytes16 bytes16_load(const char *from)
{
    bytes16 bytes;

    memcpy(&bytes, from, sizeof(bytes));
    return bytes;
}

/* To room for 16 bytes, wherever it lies. */
static inline void bytes16_store(char *to, bytes16 bytes)
{
    memcpy(to, &bytes, sizeof(bytes));
}

/* Is any of them other than 0? Takes what comparisons give, too. */
#define bytes16_any(flags) bytes16_any_set((bytes16)(flags))

static inline bool bytes16_any_set(bytes16 flags)
{
    uint64_t halves[2];

    memcpy(halves, &flags, sizeof(halves));
    return (halves[0] | halves[1]) != 0;
}

#endif
