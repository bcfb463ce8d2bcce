/* SPDX-License-Identifier: MIT */
/*
 * survey_tasks.h - the tasks of one loop as rows of JSON.
 */
#ifndef COPPICE_SURVEY_TASKS_H
#define COPPICE_SURVEY_TASKS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/jsondoc.h"
#include "worker/task/task.h"

struct cop_loop;

/* The oldest tasks of the calling thread's loop, at most `max`, none younger than `older`: an array
 * of objects for the caller. */
struct jsondoc *survey_tasks(struct cop_loop *loop, cop_time older, bool with_stacks, size_t max);

#endif
