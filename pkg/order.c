/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/order.h"

#include <errno.h>
#include <rpm/header.h>
#include <rpm/rpmte.h>
#include <rpm/rpmts.h>

static int compare(const struct package *a, const struct package *b)
{
	int cmp = strcmp(a->nevra, b->nevra);

	return cmp ? cmp : strcmp(a->path ? a->path : "", b->path ? b->path : "");
}

static int by_nevra(const void *a, const void *b)
{
	return compare(*(struct package *const *)a, *(struct package *const *)b);
}

static int by_name_arch(const void *a, const void *b)
{
	const struct package *p = *(struct package *const *)a, *q = *(struct package *const *)b;
	int cmp = strcmp(p->name, q->name);

	if (!cmp)
		cmp = strcmp(p->arch, q->arch);
	return cmp ? cmp : compare(p, q);
}

/* rpm would keep one of them and drop the other without a word. */
static int check_duplicates(const struct package_list *l, struct error *err)
{
	struct package **sorted = malloc(l->count * sizeof(*sorted));
	int rc = 0;

	if (!sorted)
		return error_nomem(err);
	memcpy(sorted, l->items, l->count * sizeof(*sorted));
	qsort(sorted, l->count, sizeof(*sorted), by_name_arch);
	for (size_t i = 1; i < l->count && !rc; i++) {
		const struct package *p = sorted[i - 1], *q = sorted[i];

		if (!strcmp(p->name, q->name) && !strcmp(p->arch, q->arch))
			rc = error_set(err, -ERR_CONFLICT, q->nevra,
				       "cannot be installed together with %s", p->nevra);
	}
	free(sorted);
	return rc;
}

static int add_all(rpmts ts, const struct package_list *l, struct error *err)
{
	for (size_t i = 0; i < l->count; i++) {
		struct package *p = l->items[i];

		if (!p->header)
			return error_set(err, -ERR_RPM, p->nevra, "ordered before it was read");
		/* Not an upgrade: those open the host's database. */
		if (rpmtsAddInstallElement(ts, p->header, p, 0, NULL))
			return error_set(err, -ERR_RPM, p->nevra,
					 "librpm does not accept the package");
	}
	return 0;
}

/* Writes the elements of ts to items; all count of them must be there. */
static int take_order(rpmts ts, struct package **items, size_t count, struct error *err)
{
	rpmtsi iterator = rpmtsiInit(ts);
	size_t n = 0;
	rpmte e;

	while (n < count && (e = rpmtsiNext(iterator, TR_ADDED)))
		items[n++] = (struct package *)(uintptr_t)rpmteKey(e);
	rpmtsiFree(iterator);
	if (n != count)
		return error_set(err, -ERR_RPM, NULL, "librpm ordered %zu of %zu packages", n,
				 count);
	return 0;
}

int package_list_order(struct package_list *l, struct error *err)
{
	struct package **ordered;
	rpmts ts;
	int rc;

	if (!l->count)
		return 0;
	qsort(l->items, l->count, sizeof(*l->items), by_nevra);
	rc = check_duplicates(l, err);
	if (rc)
		return rc;
	ordered = calloc(l->count, sizeof(*ordered));
	if (!ordered)
		return error_nomem(err);
	ts = rpmtsCreate();
	rpmtsSetVSFlags(ts, RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES);
	rpmtsSetDBMode(ts, -1); /* no database, whatever asks for one */
	rc = add_all(ts, l, err);
	if (!rc && rpmtsOrder(ts))
		rc = error_set(err, -ERR_RPM, NULL, "librpm cannot order the packages");
	if (!rc)
		rc = take_order(ts, ordered, l->count, err);
	if (!rc)
		memcpy(l->items, ordered, l->count * sizeof(*ordered));
	rpmtsFree(ts);
	free(ordered);
	return rc;
}
