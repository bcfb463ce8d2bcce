/* SPDX-License-Identifier: MIT */
/*
 * check_main.h - `coppice check FILE [--dump]`: is it a configuration, and which?
 */
#ifndef COPPICE_CHECK_MAIN_H
#define COPPICE_CHECK_MAIN_H

/* argv[0] is "check". Prints on stdout, what is wrong on stderr. Returns the exit code: 0, or 2
 * when the configuration or the command line is wrong. */
int check_main(int argc, char **argv);

#endif
