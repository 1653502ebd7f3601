/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The readers of selections and what resolves them, on any bytes. References
 * to other selections read the same bytes again, so that loops occur.
 */
#include <stdint.h>

#include "selections/selection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *data;
	size_t size;
	unsigned int questions;
};

/* Every third question is answered by no: alternatives and unknown names occur. */
static bool has_package(void *arg, const char *name)
{
	struct input *in = arg;

	return in->questions++ % 3 != 0;
}

static int load(void *arg, const char *name, struct selection **out, struct error *err)
{
	struct input *in = arg;

	*out = NULL;
	if (name[0] == '?')
		return error_set(err, -ERR_NOT_FOUND, name, "no such selection");
	return selection_parse(in->data, in->size, name, out, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size, 0 };
	char *locales[] = { (char *)"de_AT.UTF-8", (char *)"fr" };
	struct strlist wanted = { locales, 2, 2 };
	struct selection_query q = { &wanted, has_package, load, &in, true, true };
	struct selection_result result;
	struct error err = ERROR_INIT;
	struct selection *s;
	char *text;

	if (!selection_parse(in.data, in.size, "fuzz", &s, &err)) {
		if (!selection_resolve(s, &q, &result, &err))
			selection_result_release(&result);
		selection_free(s);
	}
	if (err.code) {
		text = error_text(&err);
		free(text);
	}
	error_release(&err);
	return 0;
}
