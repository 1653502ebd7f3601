/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of single formats share. */
#ifndef SELECTIONS_SUPPORT_H
#define SELECTIONS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "selections/selection.h"

static inline struct selection *parse(const char *text)
{
	struct error err = ERROR_INIT;
	struct selection *s = NULL;

	if (selection_parse(text, strlen(text), "test", &s, &err))
		fail_msg("%s", err.what);
	assert_non_null(s);
	return s;
}

static inline void refuse(const char *text, int code, const char *part)
{
	struct error err = ERROR_INIT;
	struct selection *s = (void *)1;

	assert_int_equal(selection_parse(text, strlen(text), "test", &s, &err), code);
	assert_null(s);
	assert_string_equal(err.subject, "test");
	if (!strstr(err.what, part))
		fail_msg("'%s' does not say '%s'", err.what, part);
	error_release(&err);
}

static inline void assert_names(const struct strlist *l, const char *expected)
{
	struct strbuf all = STRBUF_INIT;

	for (size_t i = 0; i < l->count; i++)
		assert_int_equal(strbuf_addf(&all, "%s%s", i ? "|" : "", l->items[i]), 0);
	assert_string_equal(all.data ? all.data : "", expected);
	strbuf_release(&all);
}

#endif
