/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Triggers: scriptlets of one package that the installation of another fires. */
#include "pkg/trigger.h"

#include <rpm/rpmtag.h>
#include <rpm/rpmtd.h>
#include <stdbool.h>

#include "common/strbuf.h"
#include "pkg/scriptlet_internal.h"

static const struct {
	rpmTagVal name, version, index, flags, scripts, programs, script_flags, priorities;
} tags[TRIGGER_KINDS] = {
	[TRIGGER_PACKAGE] = { RPMTAG_TRIGGERNAME, RPMTAG_TRIGGERVERSION, RPMTAG_TRIGGERINDEX,
			      RPMTAG_TRIGGERFLAGS, RPMTAG_TRIGGERSCRIPTS, RPMTAG_TRIGGERSCRIPTPROG,
			      RPMTAG_TRIGGERSCRIPTFLAGS, RPMTAG_NOT_FOUND },
	[TRIGGER_FILE] = { RPMTAG_FILETRIGGERNAME, RPMTAG_FILETRIGGERVERSION,
			   RPMTAG_FILETRIGGERINDEX, RPMTAG_FILETRIGGERFLAGS,
			   RPMTAG_FILETRIGGERSCRIPTS, RPMTAG_FILETRIGGERSCRIPTPROG,
			   RPMTAG_FILETRIGGERSCRIPTFLAGS, RPMTAG_FILETRIGGERPRIORITIES },
	[TRIGGER_TRANS_FILE] = { RPMTAG_TRANSFILETRIGGERNAME, RPMTAG_TRANSFILETRIGGERVERSION,
				 RPMTAG_TRANSFILETRIGGERINDEX, RPMTAG_TRANSFILETRIGGERFLAGS,
				 RPMTAG_TRANSFILETRIGGERSCRIPTS,
				 RPMTAG_TRANSFILETRIGGERSCRIPTPROG,
				 RPMTAG_TRANSFILETRIGGERSCRIPTFLAGS,
				 RPMTAG_TRANSFILETRIGGERPRIORITIES },
};

/* Entries of a list; fails when it has another type. 0 when the header has none. */
static int list_length(Header h, rpmTagVal tag, rpmTagType type, uint32_t *count)
{
	struct rpmtd_s td;
	int rc = 0;

	*count = 0;
	if (headerGet(h, tag, &td, HEADERGET_MINMEM)) {
		rc = td.type == type ? 0 : -ERR_FORMAT;
		*count = rpmtdCount(&td);
		rpmtdFreeData(&td);
	}
	return rc;
}

static bool indexes_below(Header h, rpmTagVal tag, uint32_t limit)
{
	struct rpmtd_s td;
	const uint32_t *index;
	bool fine = true;

	if (!headerGet(h, tag, &td, HEADERGET_MINMEM))
		return false;
	while (fine && (index = rpmtdNextUint32(&td)) != NULL)
		fine = *index < limit;
	rpmtdFreeData(&td);
	return fine;
}

static bool consistent(Header h, enum trigger_kind k)
{
	uint32_t names, versions, indexes, flags, scripts, programs, script_flags, priorities;

	if (list_length(h, tags[k].name, RPM_STRING_ARRAY_TYPE, &names) ||
	    list_length(h, tags[k].version, RPM_STRING_ARRAY_TYPE, &versions) ||
	    list_length(h, tags[k].index, RPM_INT32_TYPE, &indexes) ||
	    list_length(h, tags[k].flags, RPM_INT32_TYPE, &flags) ||
	    list_length(h, tags[k].scripts, RPM_STRING_ARRAY_TYPE, &scripts) ||
	    list_length(h, tags[k].programs, RPM_STRING_ARRAY_TYPE, &programs) ||
	    list_length(h, tags[k].script_flags, RPM_INT32_TYPE, &script_flags) ||
	    list_length(h, tags[k].priorities, RPM_INT32_TYPE, &priorities))
		return false;
	if (!names)
		return !versions && !indexes && !flags;
	return versions == names && indexes == names && flags == names && (!programs || programs == scripts) &&
	       (!script_flags || script_flags == scripts) &&
	       (!priorities || priorities == scripts) && indexes_below(h, tags[k].index, scripts);
}

int header_check_triggers(Header h, const char *subject, struct error *err)
{
	for (int k = 0; k < TRIGGER_KINDS; k++)
		if (!consistent(h, k))
			return error_set(err, -ERR_FORMAT, subject,
					 "the header's lists of triggers contradict each other"
					 " (%s)",
					 rpmTagGetName(tags[k].name));
	return 0;
}

uint32_t trigger_priority(Header h, enum trigger_kind k, uint32_t index)
{
	struct rpmtd_s td;
	uint32_t priority = 0;

	if (headerGet(h, tags[k].priorities, &td, HEADERGET_MINMEM)) {
		if (rpmtdSetIndex(&td, (int)index) >= 0)
			priority = (uint32_t)rpmtdGetNumber(&td);
		rpmtdFreeData(&td);
	}
	return priority;
}

uint32_t trigger_script_count(Header h, enum trigger_kind k)
{
	uint32_t n;

	return list_length(h, tags[k].scripts, RPM_STRING_ARRAY_TYPE, &n) ? 0 : n;
}

int trigger_add(struct collector *c, const struct member *owner, enum trigger_kind k,
		uint32_t index, struct script *s)
{
	Header h = owner->package->header;
	struct rpmtd_s scripts, programs, flags;
	int rc = 0;

	headerGet(h, tags[k].scripts, &scripts, HEADERGET_MINMEM);
	headerGet(h, tags[k].programs, &programs, HEADERGET_MINMEM);
	headerGet(h, tags[k].script_flags, &flags, HEADERGET_MINMEM);
	/* Without a program rpm has nothing to run. */
	if (rpmtdSetIndex(&scripts, (int)index) >= 0 && rpmtdSetIndex(&programs, (int)index) >= 0) {
		s->member = owner;
		s->body = rpmtdGetString(&scripts);
		s->interpreter = rpmtdGetString(&programs);
		if (rpmtdSetIndex(&flags, (int)index) >= 0)
			s->flags = (uint32_t)rpmtdGetNumber(&flags);
		rc = collector_add(c, s);
	}
	rpmtdFreeData(&scripts);
	rpmtdFreeData(&programs);
	rpmtdFreeData(&flags);
	return rc;
}

/*
 * The first trigger of owner that source fires, if any: one pair of packages
 * runs one script. done (may be NULL): scripts that ran already, by index.
 */
static int fire(struct collector *c, const struct member *owner, const struct member *source,
		rpmsenseFlags sense, int arg2, bool *done)
{
	rpmds ds = owner->triggers[TRIGGER_PACKAGE];
	struct script s = {
		.kind = sense & RPMSENSE_TRIGGERPREIN ? "triggerprein" : "triggerin",
		.arg1 = collector_installed(c, owner->name),
		.arg2 = arg2,
	};

	for (rpmdsInit(ds); rpmdsNext(ds) >= 0;) {
		uint32_t index = (uint32_t)rpmdsTi(ds);

		if (!(rpmdsFlags(ds) & sense) || strcmp(rpmdsN(ds), source->name) != 0 ||
		    !rpmdsAnyMatchesDep(source->package->header, ds, 1))
			continue;
		if (done && done[index])
			return 0;
		if (done)
			done[index] = true;
		s.trigger = rpmdsDNEVR(ds); /* "T name >= 1" */
		if (s.trigger && strlen(s.trigger) > 2)
			s.trigger += 2;
		return trigger_add(c, owner, TRIGGER_PACKAGE, index, &s);
	}
	return 0;
}

int triggers_of_others(struct collector *c, size_t index, rpmsenseFlags sense)
{
	const struct member *source = &c->members[index];
	int rc = 0, arg2 = collector_installed(c, source->name);

	for (size_t i = 0; i < c->installed && !rc; i++)
		if (c->members[i].triggers[TRIGGER_PACKAGE])
			rc = fire(c, &c->members[i], source, sense, arg2, NULL);
	return rc;
}

int triggers_of_own(struct collector *c, size_t index, rpmsenseFlags sense)
{
	struct member *owner = &c->members[index];
	rpmds ds = owner->triggers[TRIGGER_PACKAGE];
	int count = rpmdsCount(ds), rc = 0;
	bool *done;

	if (count <= 0)
		return 0;
	done = calloc(trigger_script_count(owner->package->header, TRIGGER_PACKAGE) + 1,
		      sizeof(*done));
	if (!done)
		return error_nomem(c->err);
	for (int k = 0; k < count && !rc; k++) {
		const char *name;

		rpmdsSetIx(ds, k);
		name = rpmdsN(ds);
		if (done[rpmdsTi(ds)])
			continue;
		for (size_t i = 0; i < c->installed && !rc; i++)
			if (strcmp(c->members[i].name, name) == 0)
				rc = fire(c, owner, &c->members[i], sense,
					  collector_installed(c, name), done);
	}
	free(done);
	return rc;
}
