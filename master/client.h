/* SPDX-License-Identifier: MIT */
/*
 * client.h - one connection of the control socket: a buffer of input, at most one call, and at most
 * one answer on its way out.
 */
#ifndef COPPICE_CLIENT_H
#define COPPICE_CLIENT_H

#include <stdint.h>
#include <sys/types.h>

#include "common/list.h"

struct client;
struct master;

/* Serve fd, which is taken; the client puts itself in `clients`, and frees itself when the peer is
 * gone. group: whose members may operate. Returns 0 or -errno with fd closed. */
int client_new(struct master *master, struct list *clients, int fd, gid_t group);
void client_free(struct client *client);

/* Twice a second: answer a call that was waiting, drop an idle client. It may be gone afterwards.
 */
void client_tick(struct client *client, int64_t now_ns);

/* Answer a call that was waiting, if it can be. The client may be gone afterwards. */
void client_resume(struct client *client);

/* Try to send what is unsent, once, and free. */
void client_close(struct client *client);

struct client *client_of(struct list *node);

#endif
