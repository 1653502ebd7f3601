/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts that did not answer are not asked for each of 200 packages again. And URLs as text. */
#include <errno.h>

#include "pkg/fetch_internal.h"

bool fetch_is_url(const char *text)
{
	static const char *const schemes[] = {
		"http://", "https://", "ftp://", "ftps://", "file://",
	};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (!strncasecmp(text, schemes[i], strlen(schemes[i])))
			return true;
	return false;
}

char *fetch_public_url(const char *url)
{
	const char *host = strstr(url, "://"), *at;
	char *copy;

	if (!host)
		return strdup(url);
	host += 3;
	at = memrchr(host, '@', strcspn(host, "/?#"));
	if (!at)
		return strdup(url);
	return asprintf(&copy, "%.*s%s", (int)(host - url), url, at + 1) < 0 ? NULL : copy;
}

/* "scheme://host:port" of a URL; NULL without memory. */
static char *host_of(const char *url)
{
	const char *host = strstr(url, "://");

	return strndup(url, host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") :
				   strlen(url));
}

const struct dead_host *fetch_host_dead(const struct fetch *f, const char *url)
{
	for (size_t i = 0; i < f->dead_count; i++) {
		size_t n = strlen(f->dead[i].host);

		if (!strncmp(url, f->dead[i].host, n) && (!url[n] || strchr("/?#", url[n])))
			return &f->dead[i];
	}
	return NULL;
}

int fetch_host_bury(struct fetch *f, const char *url, const char *what)
{
	struct dead_host *d;

	if (fetch_host_dead(f, url))
		return 0;
	if (array_grow((void **)&f->dead, f->dead_count, &f->dead_capacity, sizeof(*f->dead)))
		return -ENOMEM;
	d = &f->dead[f->dead_count];
	d->host = host_of(url);
	d->what = strdup(what);
	if (!d->host || !d->what) {
		free(d->host);
		free(d->what);
		return -ENOMEM;
	}
	f->dead_count++;
	return 0;
}

void fetch_hosts_release(struct fetch *f)
{
	for (size_t i = 0; i < f->dead_count; i++) {
		free(f->dead[i].host);
		free(f->dead[i].what);
	}
	free(f->dead);
	f->dead = NULL;
	f->dead_count = f->dead_capacity = 0;
}
