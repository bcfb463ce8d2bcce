/* SPDX-License-Identifier: MIT */
/*
 * survey.h - answers the master's questions about the tasks of this worker: each loop is asked by a
 * message, tells its part on its own thread, and what has come within the deadline is sent.
 *
 * A loop that is held by a task does not answer; the master says of it what its beat slot says. So
 * it is with blocking threads, which take no messages. All functions are for the worker's main
 * thread.
 */
#ifndef COPPICE_SURVEY_H
#define COPPICE_SURVEY_H

#include <stddef.h>

#include "common/order.h"
#include "worker/serving.h"

struct survey;

/* The servings may start later, and stop before survey_stop. NULL: no memory. */
struct survey *survey_start(struct cop_loop *loop, struct serving *servings, size_t nservings,
                            int order_fd);

/* Begin to answer an order of type ORDER_TASKS, ORDER_DUMP or ORDER_PROFILE. */
void survey_answer(struct survey *survey, const struct order *order);

/* Forget the questions that are open; the threads of the servings are gone. NULL is fine. */
void survey_stop(struct survey *survey);

#endif
