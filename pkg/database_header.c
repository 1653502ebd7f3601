/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a package's header to that of an installed package. */
#include "pkg/database_internal.h"

#include <errno.h>

/* A relocatable package that is not relocated lies under its own prefixes. */
static void add_prefixes(Header h)
{
	struct rpmtd_s td;

	if (headerIsEntry(h, RPMTAG_INSTPREFIXES) ||
	    !headerGet(h, RPMTAG_PREFIXES, &td, HEADERGET_MINMEM))
		return;
	rpmtdSetTag(&td, RPMTAG_INSTPREFIXES);
	headerPut(h, &td, HEADERPUT_DEFAULT);
	rpmtdFreeData(&td);
}

/* Through its exported form: headerCopy() would lose the region that signatures cover. */
static Header installed_header(const struct database_entry *e,
			       const struct database_options *options)
{
	unsigned int size = 0;
	void *blob = headerExport(e->package->header, &size);
	Header h = blob ? headerImport(blob, size, 0) : NULL;
	uint32_t now = options->now, colour = options->colour;

	if (!h) {
		free(blob);
		return NULL;
	}
	add_prefixes(h);
	if (e->state_count)
		headerPutChar(h, RPMTAG_FILESTATES, (const char *)e->states,
			      (rpm_count_t)e->state_count);
	headerPutUint32(h, RPMTAG_INSTALLTID, &now, 1);
	headerPutUint32(h, RPMTAG_INSTALLTIME, &now, 1);
	headerPutUint32(h, RPMTAG_INSTALLCOLOR, &colour, 1);
	return h;
}

int database_header(const struct database_entry *e, const struct database_options *options, Header *out,
		    struct error *err)
{
	const struct package *p = e->package;
	struct rpmtd_s td;
	size_t files = 0;

	*out = NULL;
	if (headerGet(p->header, RPMTAG_BASENAMES, &td, HEADERGET_MINMEM)) {
		files = rpmtdCount(&td);
		rpmtdFreeData(&td);
	}
	if (files != e->state_count)
		return error_set(err, -EINVAL, p->nevra, "has %zu files, but %zu states", files,
				 e->state_count);
	*out = installed_header(e, options);
	if (!*out)
		return error_set(err, -ERR_DATABASE, p->nevra, "the header cannot be copied");
	return 0;
}

int database_one_file(struct database_files *out, const char *name, uint8_t *data, size_t size,
		      void (*release)(void *data), struct error *err)
{
	out->items = calloc(1, sizeof(*out->items));
	if (out->items) {
		out->count = 1;
		out->items[0].name = strdup(name);
	}
	if (!out->items || !out->items[0].name) {
		release(data);
		return error_nomem(err);
	}
	out->items[0].data = data;
	out->items[0].size = size;
	out->items[0].release = release;
	return 0;
}

void database_files_release(struct database_files *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->items[i].name);
		if (f->items[i].release)
			f->items[i].release(f->items[i].data);
	}
	free(f->items);
	*f = (struct database_files){ NULL, 0 };
}
