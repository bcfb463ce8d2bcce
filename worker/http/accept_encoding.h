/* SPDX-License-Identifier: MIT */
/*
 * accept_encoding.h - which content codings a client takes (RFC 9110, section 12.5.3).
 */
#ifndef COPPICE_ACCEPT_ENCODING_H
#define COPPICE_ACCEPT_ENCODING_H

#include "worker/http/request.h"

/* How much the client wants that coding ("gzip", "br", "identity", ...), in thousandths: 0 is not
 * at all, 1000 most. "identity", the content as it is, is the least wanted, 1, where the client
 * names others but not it. Without such a field the client gets that alone; what is not valid in
 * one counts as not there. */
COP_PUBLIC int cop_request_coding(const struct cop_request *request, const char *coding);

/* The weight of the first member of a field's value that names the coding, in any case of letters,
 * in thousandths; -ENOENT when none does. */
int accept_encoding_find(struct cop_slice value, const char *coding);

#endif
