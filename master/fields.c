/* SPDX-License-Identifier: MIT */
#include "master/fields.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define CELL_MAX    160
#define COLUMNS_MAX 32

/* ---- single values ---- */

static void print_duration(int64_t ns, char *cell)
{
    int64_t s = ns / NS_PER_S;

    if (s >= 86400)
        snprintf(cell, CELL_MAX, "%lldd%02lldh", (long long)(s / 86400),
                 (long long)(s % 86400 / 3600));
    else if (s >= 3600)
        snprintf(cell, CELL_MAX, "%lldh%02lldm", (long long)(s / 3600), (long long)(s % 3600 / 60));
    else if (s >= 60)
        snprintf(cell, CELL_MAX, "%lldm%02llds", (long long)(s / 60), (long long)(s % 60));
    else if (s >= 1)
        snprintf(cell, CELL_MAX, "%.1fs", (double)ns / (double)NS_PER_S);
    else if (ns >= NS_PER_MS)
        snprintf(cell, CELL_MAX, "%.1fms", (double)ns / (double)NS_PER_MS);
    else
        snprintf(cell, CELL_MAX, "%.0fus", (double)ns / (double)NS_PER_US);
}

static void print_bytes(double bytes, char *cell)
{
    static const char units[] = "BKMGT";
    size_t unit = 0;

    while (bytes >= 1024 && units[unit + 1] != 0) {
        bytes /= 1024;
        unit++;
    }
    snprintf(cell, CELL_MAX, unit == 0 ? "%.0f%c" : "%.1f%c", bytes, units[unit]);
}

/* Two or three digits that mean something. */
static void print_percent(double percent, char *cell)
{
    if (percent > 0 && percent < 0.01)
        snprintf(cell, CELL_MAX, "<0.01%%");
    else
        snprintf(cell, CELL_MAX, "%.*f%%",
                 percent == 0 || percent >= 10 ? 0
                 : percent >= 1                ? 1
                                               : 2,
                 percent);
}

static void print_number(const struct field *field, const struct jsondoc *value, char *cell)
{
    double number = jsondoc_real_value(value, 0);

    switch (field->style) {
    case STYLE_DURATION:
        print_duration((int64_t)number, cell);
        break;
    case STYLE_BYTES:
        print_bytes(number, cell);
        break;
    case STYLE_PERCENT:
        print_percent(100 * number, cell);
        break;
    case STYLE_ROUND:
        snprintf(cell, CELL_MAX, "%.0f", number);
        break;
    case STYLE_PLAIN:
        if (field->type == FIELD_INTEGER)
            snprintf(cell, CELL_MAX, "%lld", (long long)jsondoc_integer_value(value, 0));
        else
            snprintf(cell, CELL_MAX, "%.1f", number);
    }
}

static void print_strings(const struct jsondoc *array, char *cell)
{
    size_t len = 0;

    cell[0] = 0;
    for (size_t i = 0; i < jsondoc_len(array) && len < CELL_MAX; i++)
        len += (size_t)snprintf(cell + len, CELL_MAX - len, "%s%s", i > 0 ? "," : "",
                                jsondoc_text(jsondoc_at(array, i)));
}

static bool is_number(const struct jsondoc *value)
{
    return !isnan(jsondoc_real_value(value, NAN));
}

/* Text may come from far away, and the terminal must not obey it. */
static void disarm(char *cell)
{
    for (; *cell != 0; cell++)
        if ((unsigned char)*cell < ' ' || *cell == 0x7f)
            *cell = '?';
}

/* The cell's text; "" for null and for what is missing. */
static void print_value(const struct field *field, const struct jsondoc *value, char *cell)
{
    cell[0] = 0;
    switch (field->type) {
    case FIELD_STRING:
        if (jsondoc_text(value) != NULL)
            snprintf(cell, CELL_MAX, "%s", jsondoc_text(value));
        break;
    case FIELD_STRINGS:
        print_strings(value, cell);
        break;
    case FIELD_INTEGER:
    case FIELD_REAL:
        if (is_number(value))
            print_number(field, value, cell);
        break;
    case FIELD_BOOL:
        snprintf(cell, CELL_MAX, "%s", jsondoc_bool_value(value, false) ? "yes" : "no");
        break;
    default:
        break;
    }
    disarm(cell);
}

static const struct field *find(const struct field *fields, const char *name)
{
    for (; fields->type != FIELD_END; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    return NULL;
}

static void print_cell(const struct field *fields, const struct field *field,
                       const struct jsondoc *object, char *cell)
{
    const struct field *of = field->of == NULL ? NULL : find(fields, field->of);
    char limit[CELL_MAX];

    print_value(field, jsondoc_get(object, field->name), cell);
    if (of == NULL || cell[0] == 0)
        return;
    print_value(of, jsondoc_get(object, of->name), limit);
    if (limit[0] != 0) {
        size_t len = strlen(cell);

        snprintf(cell + len, CELL_MAX - len, "/%s", limit);
    }
}

/* ---- tables ---- */

static size_t columns_of(const struct field *fields, const struct field **columns)
{
    size_t n = 0;

    for (const struct field *field = fields; field->type != FIELD_END && n < COLUMNS_MAX; field++)
        if (field->column != NULL)
            columns[n++] = field;
    return n;
}

/* A column that no row has a value for is left out. */
static int measure(const struct field *fields, const struct field *column,
                   const struct jsondoc *rows)
{
    int width = 0;
    char cell[CELL_MAX];

    for (size_t i = 0; i < jsondoc_len(rows); i++) {
        print_cell(fields, column, jsondoc_at(rows, i), cell);
        if ((int)strlen(cell) > width)
            width = (int)strlen(cell);
    }
    if (width > 0 && (int)strlen(column->column) > width)
        width = (int)strlen(column->column);
    return width;
}

static void print_rows(const struct field *fields, const struct jsondoc *rows, FILE *out)
{
    const struct field *columns[COLUMNS_MAX];
    size_t ncolumns = columns_of(fields, columns), last = 0;
    int width[COLUMNS_MAX];
    char cell[CELL_MAX];

    for (size_t j = 0; j < ncolumns; j++) {
        width[j] = measure(fields, columns[j], rows);
        if (width[j] > 0)
            last = j;
    }
    for (size_t j = 0; j < ncolumns && jsondoc_len(rows) > 0; j++)
        if (width[j] > 0)
            fprintf(out, "%-*s%s", j < last ? width[j] : 0, columns[j]->column,
                    j < last ? "  " : "\n");
    for (size_t i = 0; i < jsondoc_len(rows); i++)
        for (size_t j = 0; j < ncolumns; j++) {
            if (width[j] == 0)
                continue;
            print_cell(fields, columns[j], jsondoc_at(rows, i), cell);
            fprintf(out, "%-*s%s", j < last ? width[j] : 0, cell[0] != 0 ? cell : "-",
                    j < last ? "  " : "\n");
        }
}

static void print_indented(const struct jsondoc *value, FILE *out)
{
    char *text = jsondoc_print(value, true);

    if (text != NULL)
        fprintf(out, "%s\n", text);
    free(text);
}

int fields_print(const struct field *fields, const struct jsondoc *data, FILE *out)
{
    bool is_in_line = false, is_after_rows = false;

    for (const struct field *field = fields; field->type != FIELD_END; field++) {
        const struct jsondoc *value = jsondoc_get(data, field->name);
        char cell[CELL_MAX];

        if (field->column == NULL)
            continue;
        if (field->type == FIELD_ROWS || field->type == FIELD_ANY) {
            fputs(is_in_line ? "\n" : "", out);
            is_in_line = false;
            is_after_rows = true;
            if (field->type == FIELD_ROWS)
                print_rows(field->fields, value, out);
            else
                print_indented(value, out);
            continue;
        }
        print_cell(fields, field, data, cell);
        if (cell[0] == 0)
            continue;
        fprintf(out, "%s%s%s%s",
                !is_in_line     ? ""
                : is_after_rows ? "\n"
                                : "  ",
                field->column, field->column[0] != 0 ? " " : "", cell);
        is_in_line = true;
    }
    fputs(is_in_line ? "\n" : "", out);
    return ferror(out) ? -EIO : 0;
}

/* ---- schema ---- */

static const char *const type_names[] = {
    [FIELD_STRING] = "string", [FIELD_STRINGS] = "array", [FIELD_INTEGER] = "integer",
    [FIELD_REAL] = "number",   [FIELD_BOOL] = "boolean",  [FIELD_OBJECT] = "object",
    [FIELD_ROWS] = "array",
};

static struct jsondoc *type_of(const struct field *field)
{
    struct jsondoc *types;

    if (field->type == FIELD_OBJECT || field->type == FIELD_ROWS || field->type == FIELD_STRINGS)
        return jsondoc_string(type_names[field->type]);
    types = jsondoc_array();
    jsondoc_push(types, jsondoc_string(type_names[field->type]));
    jsondoc_push(types, jsondoc_string("null"));
    return types;
}

static struct jsondoc *describe(const struct field *field)
{
    struct jsondoc *schema, *items;

    schema = field->type == FIELD_OBJECT ? fields_schema(field->fields) : jsondoc_object();
    if (field->type != FIELD_ANY)
        jsondoc_set(schema, "type", type_of(field));
    if (field->type == FIELD_ROWS)
        jsondoc_set(schema, "items", fields_schema(field->fields));
    if (field->type == FIELD_STRINGS) {
        items = jsondoc_object();
        jsondoc_set(items, "type", jsondoc_string("string"));
        jsondoc_set(schema, "items", items);
    }
    jsondoc_set(schema, "description", jsondoc_string(field->help));
    if (field->unit != NULL)
        jsondoc_set(schema, "unit", jsondoc_string(field->unit));
    return schema;
}

struct jsondoc *fields_schema(const struct field *fields)
{
    struct jsondoc *schema = jsondoc_object();
    struct jsondoc *properties = jsondoc_object();
    struct jsondoc *required = jsondoc_array();

    for (const struct field *field = fields; field->type != FIELD_END; field++) {
        jsondoc_set(properties, field->name, describe(field));
        jsondoc_push(required, jsondoc_string(field->name));
    }
    jsondoc_set(schema, "type", jsondoc_string("object"));
    jsondoc_set(schema, "properties", properties);
    jsondoc_set(schema, "required", required);
    return schema;
}
