/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file "content" of a SuSE media tree, on any bytes: what is taken stays inside the media. */
#include <assert.h>
#include <stdint.h>

#include "pkg/media_content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_folder(const char *path)
{
	char *plain = media_plain_path(path);

	assert(plain && !strcmp(plain, path) && *path != '/');
	free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct content c;

	/* As content_read(), which refuses bytes of 0 first. */
	if (strbuf_add(&text, data, size) || (size && memchr(data, '\0', size))) {
		strbuf_release(&text);
		return 0;
	}
	if (!content_parse(&c, &text, "fuzz", &err)) {
		check_folder(c.datadir);
		check_folder(c.descrdir);
		for (size_t i = 0; i < c.sum_names.count; i++) {
			struct source_file file = { 0 };

			content_promise(&c, c.sum_names.items[i], &file);
			assert(file.checksum && file.checksum_algo);
		}
		content_release(&c);
	} else {
		assert(err.code < 0 && err.what);
	}
	error_release(&err);
	strbuf_release(&text);
	return 0;
}
