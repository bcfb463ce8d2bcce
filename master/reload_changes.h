/* SPDX-License-Identifier: MIT */
/*
 * reload_changes.h - what a reload changed, as data.
 */
#ifndef COPPICE_RELOAD_CHANGES_H
#define COPPICE_RELOAD_CHANGES_H

#include "common/jsondoc.h"
#include "master/generation.h"

/* An object with pools_added, pools_removed, changes and notes, which command_reload.c declares.
 * Called while `before` still is as it served. */
struct jsondoc *reload_changes(const struct generation *before, const struct generation *after);

#endif
