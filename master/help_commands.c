/* SPDX-License-Identifier: MIT */
#include "master/help_commands.h"

#include "master/commands.h"

#define TEXT_MAX 256

/* Of a value without a unit. */
static const char *kind_of(const struct field *field)
{
    static const char *const names[] = {
        [FIELD_STRING] = "text",          [FIELD_STRINGS] = "list of texts",
        [FIELD_INTEGER] = "integer",      [FIELD_REAL] = "number",
        [FIELD_BOOL] = "true or false",   [FIELD_OBJECT] = "object",
        [FIELD_ROWS] = "list of objects", [FIELD_ANY] = "any",
    };

    return field->unit ? field->unit : names[field->type];
}

/* One line a field; those of an object or of rows follow it, with its name before theirs. */
static void print_fields(const struct field *fields, const char *before, FILE *stream)
{
    char name[TEXT_MAX];

    for (; fields && fields->type != FIELD_END; fields++) {
        fprintf(stream, "    answer: %s%s (%s): %s\n", before, fields->name, kind_of(fields),
                fields->help);
        snprintf(name, sizeof(name), "%s%s%s.", before, fields->name,
                 fields->type == FIELD_ROWS ? "[]" : "");
        if (fields->type == FIELD_OBJECT || fields->type == FIELD_ROWS)
            print_fields(fields->fields, name, stream);
    }
}

void help_commands_print(FILE *stream)
{
    const struct command *command;
    char usage[TEXT_MAX];

    for (size_t i = 0; (command = command_at(i)); i++) {
        fprintf(stream, "%s\n    who:    %s\n    does:   %s\n",
                command_usage(command, usage, sizeof(usage)), command_access_name(command->access),
                command->help);
        print_fields(command->fields, "", stream);
    }
}
