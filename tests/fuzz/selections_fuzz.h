/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One body for the formats with several selections in a file; their seeds differ. */
#ifndef SELECTIONS_FUZZ_H
#define SELECTIONS_FUZZ_H

#include <stdint.h>

#include "selections/selection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *data;
	size_t size;
};

static inline int fuzz_read(void *arg, const char *path, struct selection **out, struct error *err)
{
	const struct input *in = arg;

	return selection_parse(in->data, in->size, path, out, err);
}

static inline void fuzz_resolve(const struct selection *s, const struct selection_library *l,
				struct error *err)
{
	struct selection_query q = { NULL, NULL, selection_load, (void *)l, true, true };
	struct selection_result result;

	if (!selection_resolve(s, &q, &result, err))
		selection_result_release(&result);
}

static inline int fuzz_selections(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	char *paths[] = { (char *)"/m/fuzz.xml", (char *)"/m/second-1-1.noarch.pat" };
	struct strlist files = { paths, 2, 2 };
	struct selection_library library = { &files, fuzz_read, &in };
	struct error err = ERROR_INIT;
	struct selection *s, *named;

	if (!selection_parse(in.data, in.size, "fuzz", &s, &err)) {
		const char *name = s->part_count ? s->parts[s->part_count - 1]->name : s->name;

		fuzz_resolve(s, &library, &err);
		if (name && !selection_open(&library, name, &named, &err)) {
			fuzz_resolve(named, &library, &err);
			selection_free(named);
		}
		selection_free(s);
	}
	free(error_text(&err));
	error_release(&err);
	return 0;
}

#endif
