/* SPDX-License-Identifier: MIT */
/*
 * version.h - which Coppice this is; the Makefile reads it too.
 */
#ifndef COPPICE_VERSION_H
#define COPPICE_VERSION_H

#define COPPICE_VERSION "0.1.0"

#endif
