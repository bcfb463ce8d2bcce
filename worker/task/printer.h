/* SPDX-License-Identifier: MIT */
/*
 * printer.h - text to a descriptor without stdio: no memory, no locks, so signal handlers may use
 * it. What does not fit into the buffer is written on the way; errors are kept for the end.
 */
#ifndef COPPICE_PRINTER_H
#define COPPICE_PRINTER_H

#include <stddef.h>
#include <stdint.h>

/* Instead of a descriptor: what does not fit into the buffer is cut off. */
#define PRINTER_CUTS (-1)

struct printer {
    int fd;
    int error; /* the first one, -errno */
    size_t len;
    char buffer[1536];
};

void printer_init(struct printer *printer, int fd);

void print_bytes(struct printer *printer, const char *text, size_t len);
void print_text(struct printer *printer, const char *text);
void print_number(struct printer *printer, uint64_t number);
void print_hex(struct printer *printer, uint64_t number);
/* "1.5 s", "120 ms", "35 us" */
void print_duration(struct printer *printer, int64_t ns);
/* Text that a peer may have chosen: control characters become '?'. */
void print_label(struct printer *printer, const char *text, size_t len);

/* Write what is buffered. Returns 0, or the first error of them all. */
int printer_flush(struct printer *printer);

#endif
