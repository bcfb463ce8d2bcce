/* SPDX-License-Identifier: MIT */
/*
 * control.h - the control socket: lines in, answers out, served by the master's loop without ever
 * waiting.
 *
 * A line that starts with '{' is JSON, {"id": 1, "command": "workers", ...}, and is answered with
 * one line,
 * {"id": 1, "ok": true, "data": ...} or {"id": 1, "ok": false, "error": "..."}; with "text": true
 * the answer also has the table for people. Any other line is "command argument ...", answered with
 * text that ends with an empty line.
 */
#ifndef COPPICE_CONTROL_H
#define COPPICE_CONTROL_H

#include <stddef.h>

struct control;
struct master;

/* Listen on a path; an "auto" one gets its directory made. Returns 0 with *control the caller's, or
 * -errno with "PATH: reason" in error[0 .. size). */
int control_open(struct master *master, const char *path, struct control **control, char *error,
                 size_t size);

/* Close the socket and every client; their unsent answers get one last try. NULL is fine. */
void control_close(struct control *control);

/* Twice a second: answer commands that were waiting for something, drop idle clients. */
void control_tick(struct control *control);

/* Now: answer commands that were waiting for something. */
void control_resume(struct control *control);

/* Give the socket's file another mode. */
void control_set_mode(const struct control *control, unsigned mode);

/* The socket's path. */
const char *control_path(const struct control *control);

#endif
