/* SPDX-License-Identifier: MIT */
/*
 * config_model.h - the models: names for mixes of workers, threads and tasks.
 */
#ifndef COPPICE_CONFIG_MODEL_H
#define COPPICE_CONFIG_MODEL_H

#include "common/config.h"

/* Give the pool the three numbers that its model stands for. */
void config_model_apply(struct config_pool *pool);

#endif
