/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands between XML from outside and its parser: a bound on the length, no document
 * type (so no entities to expand), and a memory of what went wrong with reading.
 *
 * Life: xml_guard_open() wraps a stream -> a parser reads *f -> xml_guard_close(), which tells what
 * the parser could not.
 */
#ifndef PKG_MEDIA_XML_H
#define PKG_MEDIA_XML_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"

enum xml_prolog { XML_TEXT, XML_OPEN, XML_BANG, XML_DASH, XML_COMMENT, XML_INSTRUCTION, XML_BODY };

struct xml_guard {
	FILE *in; /* owned */
	uint64_t left;
	enum xml_prolog state;
	char last[2]; /* the two bytes before the next */
	bool is_damaged, is_long, has_doctype;
};

/* Takes in, also on failure. NULL without memory. */
FILE *xml_guard_open(struct xml_guard *g, FILE *in, uint64_t max);
/* Closes f. 0, -ERR_FORMAT or -ERR_LIMIT with label as the subject. */
int xml_guard_close(struct xml_guard *g, FILE *f, const char *label, struct error *err) MUST_USE;

#endif
