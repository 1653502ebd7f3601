/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What URLs among the media need. Folders and images need none of it, and no cache folder. */
#include "mkroot/build.h"
#include "pkg/fetcher.h"

static bool is_remote(const char *location)
{
	return fetch_is_url(location) || !strncmp(location, "mirrorlist=", 11) ||
	       !strncmp(location, "metalink=", 9);
}

int build_network(struct build *b, struct error *err)
{
	const struct fetcher_settings settings = {
		.offline = b->options->offline,
		.no_cache = b->options->no_cache,
		.fetch.rate = b->options->limit_rate,
	};

	for (size_t i = 0; i < b->profile.media.count; i++)
		if (is_remote(b->profile.media.items[i]))
			return b->sources.fetcher ? 0 :
						    fetcher_new(&b->sources.fetcher, &settings, err);
	return 0;
}
