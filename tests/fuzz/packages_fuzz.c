/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file "packages" of a SuSE media tree, on any bytes: what our check lets through, libsolv's
 * reader can take, and no location in it leads out of the media.
 */
#include <assert.h>
#include <solv/pool.h>
#include <stdint.h>

#include "pkg/media_content.h"
#include "pkg/susetags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_locations(Repo *repo)
{
	Solvable *s;
	Id p;

	FOR_REPO_SOLVABLES(repo, p, s)
	{
		const char *where = solvable_lookup_location(s, NULL);
		char *plain = where ? media_plain_path(where) : NULL;

		assert(!where || plain);
		free(plain);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	Pool *pool = pool_create();
	Repo *repo = repo_create(pool, "fuzz");

	pool_setdebugmask(pool, 0);
	pool_setdisttype(pool, DISTTYPE_RPM);
	if (!strbuf_add(&text, data, size)) {
		if (!susetags_load(repo, &text, "fuzz", &err))
			check_locations(repo);
		else
			assert(err.code < 0 && err.what);
	}
	error_release(&err);
	strbuf_release(&text);
	pool_free(pool);
	return 0;
}
