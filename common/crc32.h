/* SPDX-License-Identifier: MIT */
/*
 * crc32.h - the CRC-32 of IEEE 802.3 (as in zlib and PNG), to notice damaged bytes.
 */
#ifndef COPPICE_CRC32_H
#define COPPICE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Continue `crc` (0 at the start) over len bytes. */
uint32_t crc32_add(uint32_t crc, const void *data, size_t len);

#endif
