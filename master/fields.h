/* SPDX-License-Identifier: MIT */
/*
 * fields.h - what a command answers, declared once: the text table and the JSON Schema derive from
 * it.
 *
 * JSON has the base unit as a raw number; the text has it as people read it. A value that does not
 * apply is null.
 */
#ifndef COPPICE_FIELDS_H
#define COPPICE_FIELDS_H

#include <stdio.h>

#include "common/jsondoc.h"

enum field_type {
    FIELD_END, /* ends a table */
    FIELD_STRING,
    FIELD_STRINGS, /* an array of them; text joins them with commas */
    FIELD_INTEGER,
    FIELD_REAL,
    FIELD_BOOL,
    FIELD_OBJECT,
    FIELD_ROWS, /* an array of objects; text makes a table of them */
    FIELD_ANY,  /* JSON of its own kind; text has it indented */
};

/* How text shows a number. */
enum field_style {
    STYLE_PLAIN,
    STYLE_DURATION, /* from nanoseconds: 3d04h, 1.5s, 4.2ms */
    STYLE_BYTES,    /* 12.5M */
    STYLE_PERCENT,  /* from a ratio: 0.02% */
    STYLE_ROUND,    /* without decimals */
};

struct field {
    enum field_type type;
    const char *name;   /* in JSON */
    const char *unit;   /* of the raw number; NULL: none */
    const char *help;   /* one sentence */
    const char *column; /* heading, or the word before the value; NULL: JSON only */
    enum field_style style;
    const char *of;             /* another field, shown after a slash */
    const struct field *fields; /* of an object or of a row */
};

/* Print data as text: a run of single values on one line, rows as a table. Returns 0 or -EIO. */
int fields_print(const struct field *fields, const struct jsondoc *data, FILE *out);

/* The JSON Schema of an object with these fields. */
struct jsondoc *fields_schema(const struct field *fields);

#endif
