/* SPDX-License-Identifier: MIT */
/*
 * public.h - what marks a name as one for apps and programs: it begins with cop_, the program
 * exports it to modules, and it stays as its header says.
 */
#ifndef COPPICE_PUBLIC_H
#define COPPICE_PUBLIC_H

#define COP_PUBLIC __attribute__((visibility("default")))

/* To ignore this result is a bug: it is the only word of what was not done, or it owns something.
 */
#define COP_MUST __attribute__((warn_unused_result))

#endif
