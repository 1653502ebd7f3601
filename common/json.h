/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON for other programs, whole or not at all. Building a document takes a hundred calls of jansson,
 * each of which can fail for lack of memory alone; so who builds one need not look at each: json_begin()
 * before the first, json_print() or json_complete() behind the last.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "common/error.h"

/* From here on jansson's allocations are watched. One document at a time. */
void json_begin(void);

/* What becomes a part of the document could not be allocated: then it is not complete. NULL. */
json_t *json_lost(void);

/* Has an allocation failed since json_begin()? For who reads JSON. */
bool json_out_of_memory(void);

/* 0, or -ENOMEM: doc is NULL, or an allocation has failed since json_begin(). doc is borrowed. */
int json_complete(const json_t *doc, struct error *err) MUST_USE;

/* Takes value. */
static inline void json_put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

/* doc and a newline, or nothing of it for lack of memory. Takes doc. subject names f in messages. */
int json_print(json_t *doc, FILE *f, const char *subject, struct error *err) MUST_USE;

#endif
