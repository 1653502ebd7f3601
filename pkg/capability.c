/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File capabilities: the text of a header ("cap_net_raw=ep") as the value of
 * the extended attribute. libcap reads the text; cap_set_file() would need a
 * file and a privilege, so the value (struct vfs_cap_data, revision 2, little
 * endian) is put together here. "all" means what the running kernel has, as
 * everywhere in libcap.
 */
#include <linux/capability.h>
#include <sys/capability.h>

#include "pkg/payload.h"

static void put32(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t flag_bits(cap_t caps, cap_flag_t flag)
{
	uint64_t bits = 0;

	for (cap_value_t cap = 0; cap < 64; cap++) {
		cap_flag_value_t value = CAP_CLEAR;

		if (cap_get_flag(caps, cap, flag, &value) == 0 && value == CAP_SET)
			bits |= 1ull << cap;
	}
	return bits;
}

int capability_encode(const char *text, uint8_t value[24], size_t *size, struct error *err)
{
	uint64_t permitted, inheritable, effective;
	cap_t caps;

	*size = 0;
	caps = cap_from_text(text);
	if (!caps)
		return error_set(err, -ERR_FORMAT, text, "not a list of capabilities");
	permitted = flag_bits(caps, CAP_PERMITTED);
	inheritable = flag_bits(caps, CAP_INHERITABLE);
	effective = flag_bits(caps, CAP_EFFECTIVE);
	cap_free(caps);
	/* On a file there is one effective bit for all of them; libcap refuses it alike. */
	if (effective && (~effective & (permitted | inheritable)))
		return error_set(err, -ERR_FORMAT, text,
				 "a file's capabilities are all effective or none of them");
	put32(value, VFS_CAP_REVISION_2 | (effective ? VFS_CAP_FLAGS_EFFECTIVE : 0));
	put32(value + 4, (uint32_t)permitted);
	put32(value + 8, (uint32_t)inheritable);
	put32(value + 12, (uint32_t)(permitted >> 32));
	put32(value + 16, (uint32_t)(inheritable >> 32));
	*size = XATTR_CAPS_SZ_2;
	return 0;
}
