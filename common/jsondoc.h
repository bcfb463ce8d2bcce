/* SPDX-License-Identifier: MIT */
/*
 * jsondoc.h - JSON values, in and out: the one place that knows jansson.
 *
 * A builder call consumes the values that it is given, also on failure. A builder call can fail
 * only for want of memory; the thread remembers that, and its next jsondoc_print answers NULL and
 * forgets it. So build freely, passing a NULL on as it comes, and check once, at jsondoc_print.
 */
#ifndef COPPICE_JSONDOC_H
#define COPPICE_JSONDOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsondoc;

/* Each gives a new value to the caller, or NULL. */
struct jsondoc *jsondoc_object(void);
struct jsondoc *jsondoc_array(void);
struct jsondoc *
jsondoc_string(const char *text); /* bytes that are no UTF-8 become U+FFFD; NULL is null */
struct jsondoc *jsondoc_integer(int64_t value);
struct jsondoc *jsondoc_real(double value); /* null where JSON has no such number */
struct jsondoc *jsondoc_bool(bool value);
struct jsondoc *jsondoc_null(void);

/* Put a value under a key (UTF-8, copied; an earlier value of the key is freed), or at the end. */
void jsondoc_set(struct jsondoc *object, const char *key, struct jsondoc *value);
void jsondoc_push(struct jsondoc *array, struct jsondoc *value);

void jsondoc_free(struct jsondoc *value);

/* All of it once more, the caller's. NULL: no memory, or of NULL. */
struct jsondoc *jsondoc_copy(const struct jsondoc *value);

/* The text (on one line without a line end, or indented), to be freed by the caller. NULL when
 * memory ran out here or anywhere in building, or when it is more than 512 levels deep. */
char *jsondoc_print(const struct jsondoc *value, bool pretty);

/* Parse one value, in which no object has a key twice and no string a NUL. The value is the
 * caller's; NULL with a sentence in error[0 .. size) when it is not JSON
 * or memory ran out. */
struct jsondoc *jsondoc_parse(const char *text, size_t len, char *error, size_t size);

/* Was it memory that the thread's last jsondoc_parse wanted? */
bool jsondoc_parse_ran_out(void);

/* Readers; what they give lives as long as the value. A missing or mistyped one gives NULL, the
 * fallback or 0, and NULL may be asked like any value. */
const struct jsondoc *jsondoc_get(const struct jsondoc *object, const char *key);
const struct jsondoc *jsondoc_at(const struct jsondoc *array, size_t index);
size_t jsondoc_len(const struct jsondoc *value); /* members of an object, elements of an array */
const char *jsondoc_text(const struct jsondoc *value);
int64_t jsondoc_integer_value(const struct jsondoc *value, int64_t fallback);
double jsondoc_real_value(const struct jsondoc *value, double fallback); /* of an integer, too */
bool jsondoc_bool_value(const struct jsondoc *value, bool fallback);
bool jsondoc_is_integer(const struct jsondoc *value);
bool jsondoc_is_array(const struct jsondoc *value);

#endif
