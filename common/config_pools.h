/* SPDX-License-Identifier: MIT */
/*
 * config_pools.h - the part of config_load that reads `pools:`.
 */
#ifndef COPPICE_CONFIG_POOLS_H
#define COPPICE_CONFIG_POOLS_H

#include "common/config_loader.h"

/* Append the pools of one `pools:` node to the configuration. Returns 0, or -EINVAL with the
 * message in loader->error. */
int config_pools_load(struct config_loader *loader, const struct yaml_node *node);

#endif
