/* SPDX-License-Identifier: MIT */
/*
 * symbols.h - which function an address belongs to, from the program's own symbol tables.
 *
 * symbols_load maps the files of the program, its libraries and .so apps, which stay mapped. A
 * lookup takes no memory and no lock, so a signal handler may ask, too.
 */
#ifndef COPPICE_SYMBOLS_H
#define COPPICE_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/task/printer.h"

struct symbol {
    const char *name;   /* NULL: not known */
    const char *module; /* its file's name without folders; NULL: the address is in no module */
    uintptr_t offset;   /* in the function, or in the module where there is no name */
};

/* Learn the modules that were loaded since the last call. Any thread, but no signal handler. */
void symbols_load(void);

/* What the address belongs to; the texts live as long as the program. */
struct symbol symbols_find(uintptr_t address);

/* Is it in the code of a module that is known, and can be read? */
bool symbols_is_code(uintptr_t address);

/* Is the address in the program or an app, which keep frame pointers, rather than in a library of
 * the system's or in a sanitizer? */
bool symbols_is_own(uintptr_t address);

/* "serve_page", "serve_page+0x12" or "libc.so.6+0x9f2c1" */
void symbols_print(struct printer *printer, uintptr_t address);

#endif
