/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

static atomic_bool failed;

static void *watched(size_t size)
{
	void *p = malloc(size);

	if (!p)
		failed = true;
	return p;
}

void json_begin(void)
{
	json_set_alloc_funcs(watched, free);
	failed = false;
}

json_t *json_lost(void)
{
	failed = true;
	return NULL;
}

bool json_out_of_memory(void)
{
	return failed;
}

int json_complete(const json_t *doc, struct error *err)
{
	return doc && !failed ? 0 : error_nomem(err);
}

int json_print(json_t *doc, FILE *f, const char *subject, struct error *err)
{
	int rc = json_complete(doc, err);
	char *text = rc ? NULL : json_dumps(doc, JSON_INDENT(2));

	/* Without memory jansson may also leave parts of the text out. */
	if (!rc)
		rc = json_complete(text ? doc : NULL, err);
	if (!rc && (fputs(text, f) == EOF || fputc('\n', f) == EOF))
		rc = error_errno(err, errno ? errno : EIO, subject, "cannot be written");
	free(text);
	json_decref(doc);
	return rc;
}
