/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/package.h"

#include <errno.h>
#include <rpm/header.h>

#include "common/strbuf.h"

struct package *package_new(void)
{
	return calloc(1, sizeof(struct package));
}

void package_free(struct package *p)
{
	if (!p)
		return;
	free(p->nevra);
	free(p->name);
	free(p->arch);
	free(p->path);
	free(p->label);
	free(p->location);
	free(p->checksum);
	free(p->signature);
	free(p->sha256);
	strlist_release(&p->legacy);
	if (p->header)
		headerFree(p->header);
	free(p);
}

int package_list_take(struct package_list *l, struct package *p)
{
	if (!p || array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items))) {
		package_free(p);
		return -ENOMEM;
	}
	l->items[l->count++] = p;
	return 0;
}

void package_list_release(struct package_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		package_free(l->items[i]);
	free(l->items);
	*l = (struct package_list)PACKAGE_LIST_INIT;
}

const char *package_file_name(const struct package *p)
{
	const char *name = p->label ? p->label : p->path, *slash;

	if (!name)
		return p->nevra ? p->nevra : "";
	slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}
