/* SPDX-License-Identifier: MIT */
/*
 * notify.h - tells the service manager how the master is (sd_notify(3)); without one, nothing
 * happens.
 */
#ifndef COPPICE_NOTIFY_H
#define COPPICE_NOTIFY_H

/* It serves: at the first start, and after a reload however that went. The status is for people. */
void notify_ready(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A reload begins, now. */
void notify_reloading(void);

void notify_stopping(const char *why);

#endif
