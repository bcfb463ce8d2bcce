/* SPDX-License-Identifier: MIT */
/*
 * small_blocks.h - malloc for what is made of many small blocks and goes soon after, as a JSON
 * document is: a thread keeps what it frees for what it allocates next, more of it than malloc
 * would.
 *
 * A thread keeps 128 KiB at most, until it ends. A block may be freed by another thread.
 */
#ifndef COPPICE_SMALL_BLOCKS_H
#define COPPICE_SMALL_BLOCKS_H

#include <stddef.h>

/* As malloc(3) and free(3) do. A block is one of malloc's: free(3) takes it as well. */
void *small_blocks_allocate(size_t size);
void small_blocks_free(void *block);

/* Free what this thread keeps. */
void small_blocks_give_back(void);

#endif
