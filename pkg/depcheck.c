/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contradictions in a header's dependencies. Each check stands for a crash that a fuzzer found. */
#include "pkg/depcheck.h"

#include <rpm/rpmtag.h>
#include <rpm/rpmtd.h>
#include <stdbool.h>
#include <stdint.h>

static const struct {
	rpmTagVal name, version, flags;
} kinds[] = {
	{ RPMTAG_PROVIDENAME, RPMTAG_PROVIDEVERSION, RPMTAG_PROVIDEFLAGS },
	{ RPMTAG_REQUIRENAME, RPMTAG_REQUIREVERSION, RPMTAG_REQUIREFLAGS },
	{ RPMTAG_CONFLICTNAME, RPMTAG_CONFLICTVERSION, RPMTAG_CONFLICTFLAGS },
	{ RPMTAG_OBSOLETENAME, RPMTAG_OBSOLETEVERSION, RPMTAG_OBSOLETEFLAGS },
	{ RPMTAG_ORDERNAME, RPMTAG_ORDERVERSION, RPMTAG_ORDERFLAGS },
	{ RPMTAG_RECOMMENDNAME, RPMTAG_RECOMMENDVERSION, RPMTAG_RECOMMENDFLAGS },
	{ RPMTAG_SUGGESTNAME, RPMTAG_SUGGESTVERSION, RPMTAG_SUGGESTFLAGS },
	{ RPMTAG_SUPPLEMENTNAME, RPMTAG_SUPPLEMENTVERSION, RPMTAG_SUPPLEMENTFLAGS },
	{ RPMTAG_ENHANCENAME, RPMTAG_ENHANCEVERSION, RPMTAG_ENHANCEFLAGS },
};

/* Entries of a list, 0 when the header has none; false when it is of another class. */
static bool list_count(Header h, rpmTagVal tag, rpmTagClass class, uint32_t *count)
{
	struct rpmtd_s td;
	bool fine = true;

	*count = 0;
	if (headerGet(h, tag, &td, HEADERGET_MINMEM)) {
		fine = rpmTagTypeGetClass(td.type) == class &&
		       (class != RPM_NUMERIC_CLASS || td.type == RPM_INT32_TYPE);
		*count = rpmtdCount(&td);
		rpmtdFreeData(&td);
	}
	return fine;
}

/* rpm 3 left out versions and flags where there were none. */
static bool lists_agree(Header h, size_t k)
{
	uint32_t names, versions, flags;

	return list_count(h, kinds[k].name, RPM_STRING_CLASS, &names) &&
	       list_count(h, kinds[k].version, RPM_STRING_CLASS, &versions) &&
	       list_count(h, kinds[k].flags, RPM_NUMERIC_CLASS, &flags) &&
	       (!versions || versions == names) && (!flags || flags == names);
}

/* Each entry of the dictionary is a kind ('P' or 'R') and an index into its list. */
static bool dictionary_agrees(Header h)
{
	uint32_t provides, requires;
	struct rpmtd_s td;
	const uint32_t *entry;
	bool fine = true;

	if (!headerGet(h, RPMTAG_DEPENDSDICT, &td, HEADERGET_MINMEM))
		return true;
	if (!list_count(h, RPMTAG_PROVIDENAME, RPM_STRING_CLASS, &provides) ||
	    !list_count(h, RPMTAG_REQUIRENAME, RPM_STRING_CLASS, &requires))
		fine = false;
	while (fine && (entry = rpmtdNextUint32(&td)) != NULL)
	fine = *entry >> 24 == 'P'   ? (*entry & 0xffffff) < provides
	       : *entry >> 24 == 'R' ? (*entry & 0xffffff) < requires
				     : true;
	rpmtdFreeData(&td);
	return fine;
}

/* Each file has a run of entries in the dictionary. */
static bool files_agree(Header h)
{
	uint32_t files, firsts, lengths, entries;
	struct rpmtd_s first, length;
	bool fine = true;

	if (!list_count(h, RPMTAG_BASENAMES, RPM_STRING_CLASS, &files) ||
	    !list_count(h, RPMTAG_FILEDEPENDSX, RPM_NUMERIC_CLASS, &firsts) ||
	    !list_count(h, RPMTAG_FILEDEPENDSN, RPM_NUMERIC_CLASS, &lengths) ||
	    !list_count(h, RPMTAG_DEPENDSDICT, RPM_NUMERIC_CLASS, &entries) || firsts != lengths)
		return false;
	if (!firsts)
		return true;
	if (firsts != files)
		return false;
	headerGet(h, RPMTAG_FILEDEPENDSX, &first, HEADERGET_MINMEM);
	headerGet(h, RPMTAG_FILEDEPENDSN, &length, HEADERGET_MINMEM);
	for (uint32_t i = 0; i < files && fine; i++)
		fine = (uint64_t)((const uint32_t *)first.data)[i] +
			       ((const uint32_t *)length.data)[i] <=
		       entries;
	rpmtdFreeData(&first);
	rpmtdFreeData(&length);
	return fine;
}

int header_check_dependencies(Header h, const char *subject, struct error *err)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (!lists_agree(h, k))
			return error_set(err, -ERR_FORMAT, subject,
					 "the header's dependencies contradict each other (%s)",
					 rpmTagGetName(kinds[k].name));
	if (!dictionary_agrees(h) || !files_agree(h))
		return error_set(err, -ERR_FORMAT, subject,
				 "the header's dependencies of files contradict each other");
	return 0;
}
