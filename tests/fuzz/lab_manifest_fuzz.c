/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manifests of any bytes: what is taken is printed, and reads as the same again. */
#include <stdint.h>
#include <string.h>

#include "labpack/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest m = MANIFEST_INIT, again = MANIFEST_INIT;
	struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct error err = ERROR_INIT;

	if (!manifest_parse(&m, (const char *)data, size, "fuzz", &err)) {
		if (manifest_print(&m, &first, &err) ||
		    manifest_parse(&again, first.data, first.len, "again", &err) ||
		    manifest_print(&again, &second, &err) || first.len != second.len ||
		    memcmp(first.data, second.data, first.len) != 0)
			abort();
		for (size_t i = 0; i < m.count; i++)
			if (m.entries[i].target)
				(void)!member_link_check(m.entries[i].path, m.entries[i].target, &err);
	}
	manifest_release(&m);
	manifest_release(&again);
	strbuf_release(&first);
	strbuf_release(&second);
	error_release(&err);
	return 0;
}
