/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of mirrors, text and metalink, on any bytes: what is taken can be fetched from. */
#include <assert.h>

#include "pkg/fetch.h"
#include "pkg/mirrors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct error err = ERROR_INIT;
	struct mirrors m;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!mirrors_parse(text, size, "fuzz", &m, &err)) {
		assert(m.urls.count > 0 && m.urls.count <= MIRRORS_MAX);
		for (size_t i = 0; i < m.urls.count; i++) {
			const char *url = m.urls.items[i];

			assert(fetch_is_url(url) && url[strlen(url) - 1] == '/');
			assert(strncasecmp(url, "file:", 5) != 0 && !strpbrk(url, " \n\t"));
		}
		assert(!m.checksum == !m.checksum_algo);
		mirrors_release(&m);
	} else {
		assert(err.code < 0 && err.what);
	}
	error_release(&err);
	free(text);
	return 0;
}
