/* SPDX-License-Identifier: MIT */
/*
 * announce.h - what a server says when it serves: its pools, where they are, and commands to try
 * them by.
 */
#ifndef COPPICE_ANNOUNCE_H
#define COPPICE_ANNOUNCE_H

struct master;

/* To the terminal, or to the log when there is none: a hook of master_run. */
void announce(struct master *master, void *arg);

#endif
