/* SPDX-License-Identifier: MIT */
/*
 * http_date.h - moments as HTTP writes them (RFC 9110, section 5.6.7): printed in one form, read in
 * all three.
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate
 *     Sunday, 06-Nov-94 08:49:37 GMT    RFC 850, obsolete
 *     Sun Nov  6 08:49:37 1994          asctime, obsolete
 */
#ifndef COPPICE_HTTP_DATE_H
#define COPPICE_HTTP_DATE_H

#include <time.h>

#include "worker/http/request.h"

#define HTTP_DATE_LEN 29

/* Print the moment as an IMF-fixdate, without a 0 behind it. What lies before year 1 or after 9999
 * becomes the nearest that has four digits. Returns the end. */
char *http_date_print(char *at, time_t moment);

/* Read the text, all of it, as a date in one of the forms. A year of two digits is one that lies
 * at most 50 years past `now`. Returns 0 and sets *moment, or -EINVAL. */
int http_date_read(struct cop_slice text, time_t now, time_t *moment);

#endif
