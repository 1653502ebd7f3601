/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The profile's keys and exceptions, and which packages needed one. */
#include "mkroot/trust.h"

#include "mkroot/build.h"

#define NAMED_MAX 3 /* packages by name in a warning; --report has all */

int build_trust(struct build *b, struct error *err)
{
	const struct profile *p = &b->profile;
	int rc = verifier_new(&b->verifier, err);

	for (size_t i = 0; !rc && i < p->keyrings.count; i++)
		rc = verifier_add_keyring(b->verifier, p->keyrings.items[i], err);
	/* The profiles of the demo name a place in the source tree. */
	if (rc == -ENOENT && !b->options->keyrings.count && err)
		error_hint(err, "the profile '%s' names it; --media and --keyring say where else they "
				"are, for the demo's 'make media' in the source tree", p->name);
	for (size_t i = 0; !rc && i < p->legacy_digests.count; i++)
		rc = verifier_allow_digest(b->verifier, p->legacy_digests.items[i], err);
	for (size_t i = 0; !rc && i < p->legacy_keys.count; i++)
		rc = verifier_allow_key(b->verifier, p->legacy_keys.items[i], err);
	if (rc)
		return rc;
	verifier_allow_unsigned(b->verifier, b->options->allow_unsigned);
	b->sources.verifier = b->verifier;
	return 0;
}

static int warn_unsigned(struct build *b, struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < b->solved.packages.count; i++) {
		const struct package *p = b->solved.packages.items[i];

		count += !p->is_signed && !p->is_vouched;
	}
	if (count && verifier_has_keys(b->verifier) &&
	    strlist_addf(&b->warnings, "%zu packages without a signature were accepted (--allow-unsigned)",
			 count))
		return error_nomem(err);
	return 0;
}

/* "3 packages rely on old crypto (MD5 digest): a, b, c" */
static int warn_legacy(struct build *b, const char *what, struct error *err)
{
	struct strbuf names = STRBUF_INIT;
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < b->solved.packages.count && !rc; i++) {
		const struct package *p = b->solved.packages.items[i];

		if (strlist_find(&p->legacy, what) < 0)
			continue;
		if (count++ < NAMED_MAX)
			rc = strbuf_addf(&names, "%s%s", names.len ? ", " : "", p->name);
	}
	if (!rc && count > NAMED_MAX)
		rc = strbuf_addf(&names, " and %zu more (--report names them)", count - NAMED_MAX);
	if (!rc)
		rc = strlist_addf(&b->warnings, "%zu package%s on old crypto (%s): %s", count,
				  count == 1 ? " relies" : "s rely", what, names.data);
	strbuf_release(&names);
	return rc ? error_nomem(err) : 0;
}

int build_trust_warnings(struct build *b, struct error *err)
{
	struct strlist kinds = STRLIST_INIT;
	int rc = warn_unsigned(b, err);

	for (size_t i = 0; i < b->solved.packages.count && !rc; i++) {
		const struct strlist *l = &b->solved.packages.items[i]->legacy;

		for (size_t k = 0; k < l->count && !rc; k++)
			if (strlist_find(&kinds, l->items[k]) < 0)
				rc = strlist_add(&kinds, l->items[k]) ? error_nomem(err) : 0;
	}
	for (size_t i = 0; i < kinds.count && !rc; i++)
		rc = warn_legacy(b, kinds.items[i], err);
	strlist_release(&kinds);
	return rc;
}
