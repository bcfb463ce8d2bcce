/* SPDX-License-Identifier: MIT */
/*
 * page_cache.h - is a part of a file in memory? Reading what is not would hold up the loop; a
 * thread can do it.
 */
#ifndef COPPICE_PAGE_CACHE_H
#define COPPICE_PAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Would a read of these bytes find them without waiting for a disk? A few bytes are tried,
 * unless they were a moment ago. Does not wait. False where it cannot be told, too. For tasks. */
bool page_cache_holds(int file, off_t offset, size_t size);

/* Read them in a thread of the pool. Waits. Returns 0, also when the file ends before; -errno of
 * the read, or as cop_to_thread. */
int page_cache_fill(int file, off_t offset, size_t size);

#endif
