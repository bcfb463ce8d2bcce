/* SPDX-License-Identifier: MIT */
/*
 * help_commands.h - `coppice help commands`: what coppicectl can ask, and what is answered, without
 * a server.
 */
#ifndef COPPICE_HELP_COMMANDS_H
#define COPPICE_HELP_COMMANDS_H

#include <stdio.h>

/* Every command with who may use it, what it does, and each field of its JSON. */
void help_commands_print(FILE *stream);

#endif
