/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File triggers: scripts that wait for files below certain paths. */
#include <rpm/rpmtag.h>

#include "common/strbuf.h"
#include "pkg/scriptlet_internal.h"

/* rpm runs file triggers from this priority on before %post, the others after. */
#define PRIORITY_BOUND 10000

/* Where to look for the files that fire a trigger. */
struct search {
	size_t first, end; /* members */
	bool database;     /* as rpm looks through its database: by folders first */
};

static bool starts_with(const char *dir, const char *base, const char *prefix)
{
	size_t n = strlen(dir), want = strlen(prefix);

	if (n >= want)
		return strncmp(dir, prefix, want) == 0;
	return strncmp(dir, prefix, n) == 0 && strncmp(base, prefix + n, want - n) == 0;
}

static rpmfiles member_files(struct member *m)
{
	if (!m->files)
		m->files = rpmfilesNew(NULL, m->package->header, RPMTAG_BASENAMES,
				       RPMFI_FLAGS_ONLY_FILENAMES);
	return m->files;
}

/* rpm finds packages through their folders: one that is only in a path's last part is not found. */
static bool has_folder(rpmfiles files, const char *prefix)
{
	for (int i = 0; i < (int)rpmfilesDC(files); i++)
		if (starts_with(rpmfilesDN(files, i), "", prefix))
			return true;
	return false;
}

/* Add the matching paths to out (may be NULL: stop at the first). 1 when there is one. */
static int match(struct collector *c, const struct search *where, const char *prefix,
		 struct strbuf *out)
{
	int found = 0;

	for (size_t m = where->first; m < where->end; m++) {
		rpmfiles files = member_files(&c->members[m]);

		if (where->database && !has_folder(files, prefix))
			continue;
		for (int i = 0; i < (int)rpmfilesFC(files); i++) {
			const char *dir = rpmfilesDN(files, rpmfilesDI(files, i));
			const char *base = rpmfilesBN(files, i);

			if (!starts_with(dir, base, prefix))
				continue;
			found = 1;
			if (!out)
				return found;
			if (strbuf_addf(out, "%s%s\n", dir, base))
				return error_nomem(c->err);
		}
	}
	return found;
}

/* Run script `index` of owner when a file fires it. */
static int fire(struct collector *c, const struct member *owner, enum trigger_kind k,
		uint32_t index, const struct search *where)
{
	struct strbuf input = STRBUF_INIT, prefixes = STRBUF_INIT;
	struct script s = {
		.kind = k == TRIGGER_FILE ? "filetriggerin" : "transfiletriggerin",
		.arg1 = 0,
		.arg2 = -1,
	};
	rpmds ds = owner->triggers[k];
	int rc = 0, count = rpmdsCount(ds);

	for (int i = 0; i < count && rc >= 0; i++) {
		rpmdsSetIx(ds, i);
		if ((uint32_t)rpmdsTi(ds) != index)
			continue;
		/* All entries of one script are of one sense. */
		if (!(rpmdsFlags(ds) & RPMSENSE_TRIGGERIN))
			break;
		if (strbuf_addf(&prefixes, "%s%s", prefixes.len ? " " : "", rpmdsN(ds)))
			rc = error_nomem(c->err);
		else
			rc = match(c, where, rpmdsN(ds), &input);
	}
	s.trigger = prefixes.data;
	s.input = input.data;
	if (rc >= 0)
		rc = input.len ? trigger_add(c, owner, k, index, &s) : 0;
	strbuf_release(&prefixes);
	strbuf_release(&input);
	return rc;
}

struct candidate {
	size_t owner;
	uint32_t index, priority;
};

struct candidates {
	struct candidate *items;
	size_t count, capacity;
};

static int candidates_add(struct collector *c, struct candidates *l, size_t owner, uint32_t index,
			  enum trigger_kind k)
{
	uint32_t priority = trigger_priority(c->members[owner].package->header, k, index);

	if (array_grow((void **)&l->items, l->count, &l->capacity, sizeof(*l->items)))
		return error_nomem(c->err);
	l->items[l->count++] = (struct candidate){ owner, index, priority };
	return 0;
}

static int candidate_compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Highest priority first, each once; of file triggers only those of one class. */
static int candidates_fire(struct collector *c, struct candidates *l, enum trigger_kind k,
			   bool high, const struct search *where)
{
	int rc = 0;

	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), candidate_compare);
	for (size_t i = 0; i < l->count && !rc; i++) {
		const struct candidate *item = &l->items[i];

		if (i && candidate_compare(item - 1, item) == 0)
			continue;
		if (k == TRIGGER_FILE && (item->priority >= PRIORITY_BOUND) != high)
			continue;
		rc = fire(c, &c->members[item->owner], k, item->index, where);
	}
	free(l->items);
	*l = (struct candidates){ NULL, 0, 0 };
	return rc;
}

/*
 * All triggers of one package, looking at what is in the database: for file
 * triggers what came before it (its own files fired them already), for
 * transaction file triggers everything.
 */
static int run_own(struct collector *c, size_t index, enum trigger_kind k, bool high)
{
	struct search where = { 0, k == TRIGGER_FILE ? index : c->installed, true };
	struct candidates l = { NULL, 0, 0 };
	uint32_t count = 0;
	int rc = 0;

	if (c->members[index].triggers[k])
		count = trigger_script_count(c->members[index].package->header, k);
	for (uint32_t i = 0; i < count && !rc; i++)
		rc = candidates_add(c, &l, index, i, k);
	if (rc) {
		free(l.items);
		return rc;
	}
	return candidates_fire(c, &l, k, high, &where);
}

int file_triggers_run(struct collector *c, size_t index, bool high)
{
	struct search where = { index, index + 1, false };
	struct candidates l = { NULL, 0, 0 };
	int rc = 0;

	for (size_t m = 0; m < c->installed && rc >= 0; m++) {
		rpmds ds = c->members[m].triggers[TRIGGER_FILE];
		int count = ds ? rpmdsCount(ds) : 0;

		for (int i = 0; i < count && rc >= 0; i++) {
			rpmdsSetIx(ds, i);
			rc = match(c, &where, rpmdsN(ds), NULL);
			if (rc == 1)
				rc = candidates_add(c, &l, m, (uint32_t)rpmdsTi(ds), TRIGGER_FILE);
		}
	}
	if (rc < 0) {
		free(l.items);
		return rc;
	}
	rc = candidates_fire(c, &l, TRIGGER_FILE, high, &where);
	return rc ? rc : run_own(c, index, TRIGGER_FILE, high);
}

int trans_file_triggers_run(struct collector *c, size_t index)
{
	return run_own(c, index, TRIGGER_TRANS_FILE, false);
}
