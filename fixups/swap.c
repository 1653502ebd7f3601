/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A swap file as mkswap makes it. swapon refuses files with holes: every block is allocated. */
#include "fixups/fstab.h"
#include "fixups/table.h"

#include <endian.h>
#include <sys/stat.h>

#include "common/number.h"

#define PAGE_BYTES 4096u /* of every guest that we know: x86 */
#define PAGES_MIN  10	 /* the kernel's and mkswap's own limit */

/* Offsets in the first page. */
enum { AT_VERSION = 1024, AT_LAST_PAGE = 1028, AT_UUID = 1036, AT_SIGNATURE = PAGE_BYTES - 10 };

int swap_need(const struct fixup_settings *settings, struct fixup_need *need, struct error *err)
{
	if (!settings->swap_bytes)
		return 0;
	/* And indirect blocks: 1 in 1024, or in 256 where blocks are small. */
	need->bytes += settings->swap_bytes + settings->swap_bytes / 200 + PAGE_BYTES;
	need->inodes++;
	return 0;
}

static void put32(unsigned char *p, uint32_t value)
{
	value = htole32(value);
	memcpy(p, &value, sizeof(value));
}

/* The same size gives the same UUID (FNV-1a, marked as a name-based one): images must not differ.
 */
static void put_uuid(unsigned char *p, uint64_t pages)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (int i = 0; i < 16; i++) {
		h = (h ^ ((pages >> (i % 8 * 8)) & 0xff) ^ (uint64_t)i) * 0x100000001b3u;
		p[i] = (unsigned char)(h >> 32);
	}
	p[6] = (unsigned char)((p[6] & 0x0f) | 0x50);
	p[8] = (unsigned char)((p[8] & 0x3f) | 0x80);
}

static void make_header(unsigned char page[PAGE_BYTES], uint64_t pages)
{
	static const char signature[10] = { 'S', 'W', 'A', 'P', 'S', 'P', 'A', 'C', 'E', '2' };

	memset(page, 0, PAGE_BYTES);
	put32(page + AT_VERSION, 1);
	put32(page + AT_LAST_PAGE, (uint32_t)(pages - 1));
	put_uuid(page + AT_UUID, pages);
	memcpy(page + AT_SIGNATURE, signature, sizeof(signature));
}

static bool is_there(struct image *image, uint64_t size, const unsigned char *page)
{
	unsigned char now[PAGE_BYTES];
	struct image_stat st;
	size_t done;

	return image_lstat(image, SWAPFILE, &st, NULL) == 0 && S_ISREG(st.mode) &&
	       st.size == size && (st.mode & 07777) == 0600 &&
	       image_read_at(image, SWAPFILE, 0, now, sizeof(now), &done, NULL) == 0 &&
	       done == sizeof(now) && !memcmp(now, page, sizeof(now));
}

static int make_file(struct fixup_run *run, bool *made, struct error *err)
{
	const struct image_attr attr = { .mode = 0600 };
	uint64_t pages = run->settings->swap_bytes / PAGE_BYTES;
	unsigned char page[PAGE_BYTES];
	struct image_stat st;
	int rc = 0;

	if (pages < PAGES_MIN || pages > UINT32_MAX)
		return error_set(err, -ERR_LIMIT, "swap", "%llu bytes are no size for a swap file",
				 (unsigned long long)run->settings->swap_bytes);
	make_header(page, pages);
	*made = !is_there(run->image, pages * PAGE_BYTES, page);
	if (!*made)
		return 0;
	/* A file of another size may be linked or owned in any way: away with it. */
	if (image_lstat(run->image, SWAPFILE, &st, NULL) == 0)
		rc = image_remove(run->image, SWAPFILE, err);
	return rc ? rc
		  : image_write_dense(run->image, SWAPFILE, pages * PAGE_BYTES, page, sizeof(page),
				      &attr, err);
}

int swap_apply(struct fixup_run *run, struct error *err)
{
	struct text t = TEXT_INIT;
	bool made = false, line = false;
	char size[32];
	int rc;

	if (!run->settings->swap_bytes)
		return noted(fixup_skipped(run, "no swap was asked for (--swap)"), err);
	rc = make_file(run, &made, err);
	if (!rc && image_exists(run->image, "/etc"))
		rc = text_load(&t, run->image, FSTAB, err);
	if (!rc && image_exists(run->image, "/etc") && fstab_find(&t, 0, SWAPFILE) < 0) {
		line = true;
		rc = text_append(&t, SWAP_LINE) ? error_nomem(err)
						: text_save(&t, run->image, FSTAB, 0644, err);
	}
	text_release(&t);
	if (rc)
		return rc;
	if (!made && !line)
		return noted(fixup_skipped(run, SWAPFILE " is there already"), err);
	size_format(run->settings->swap_bytes / PAGE_BYTES * PAGE_BYTES, size, sizeof(size));
	return noted(fixup_changed(run, "%s%s%s%s", made ? SWAPFILE " of " : "", made ? size : "",
				   made && line ? ", " : "", line ? "its line in " FSTAB : ""),
		     err);
}
