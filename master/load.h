/* SPDX-License-Identifier: MIT */
/*
 * load.h - `coppice load`: a master without sockets, whose workers are the load generator.
 */
#ifndef COPPICE_LOAD_H
#define COPPICE_LOAD_H

#include "common/heritage.h"

/* The whole command; argv begins after "load". Prints the result on stdout, all else on stderr.
 * Returns the exit code: 0 measured, 1 nothing was answered or a worker failed, 2 wrong usage. */
int load_main(int argc, char **argv, worker_main_fn worker_main);

#endif
