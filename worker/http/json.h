/* SPDX-License-Identifier: MIT */
/*
 * json.h - JSON in and out of handlers.
 *
 *     struct cop_json *user = cop_json_object();
 *
 *     cop_json_set(user, "id", cop_json_integer(7));
 *     return cop_response_json(response, user);
 *
 * A builder call consumes the values that it is given, also on failure; it fails only for want of
 * memory, which the thread remembers: build freely, cop_response_json tells.
 */
#ifndef COPPICE_JSON_H
#define COPPICE_JSON_H

#include "worker/http/response.h"

struct cop_json;

/* Each gives a new value to the caller. */
COP_PUBLIC struct cop_json *cop_json_object(void);
COP_PUBLIC struct cop_json *cop_json_array(void);
COP_PUBLIC struct cop_json *
cop_json_string(const char *text); /* bytes that are no UTF-8 become U+FFFD */
COP_PUBLIC struct cop_json *cop_json_integer(int64_t value);
COP_PUBLIC struct cop_json *cop_json_real(double value);
COP_PUBLIC struct cop_json *cop_json_bool(bool value);
COP_PUBLIC struct cop_json *cop_json_null(void);

/* Put a value under a key, or at the end. */
COP_PUBLIC void cop_json_set(struct cop_json *object, const char *key, struct cop_json *value);
COP_PUBLIC void cop_json_push(struct cop_json *array, struct cop_json *value);
COP_PUBLIC void cop_json_free(struct cop_json *value);

/* What they give lives as long as the value. A missing or mistyped one gives NULL, the fallback or
 * 0, and NULL may be asked like any value. */
COP_PUBLIC const struct cop_json *cop_json_get(const struct cop_json *object, const char *key);
COP_PUBLIC const struct cop_json *cop_json_at(const struct cop_json *array, size_t index);
COP_PUBLIC size_t cop_json_len(const struct cop_json *value);
COP_PUBLIC const char *cop_json_text(const struct cop_json *value);
COP_PUBLIC int64_t cop_json_integer_value(const struct cop_json *value, int64_t fallback);
COP_PUBLIC double cop_json_real_value(const struct cop_json *value, double fallback);
COP_PUBLIC bool cop_json_bool_value(const struct cop_json *value, bool fallback);

/* Answer with the value, which is consumed. Returns 0, or -ENOMEM, also from its building. */
COP_PUBLIC COP_MUST int cop_response_json(struct cop_response *response, struct cop_json *value);

/* Read the body, of max bytes at most, as JSON. The value lives until the answer is sent. Returns
 * 0, -415 when the request says that it is something else or coded, -400 when it is not JSON,
 * -ENOMEM, or as cop_request_body. */
COP_PUBLIC COP_MUST int cop_request_json(struct cop_request *request, size_t max,
                                         const struct cop_json **value);

#endif
