/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/hostname.h"

#include <ctype.h>

bool hostname_is_valid(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > 64 || name[n - 1] == '-' || name[n - 1] == '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		bool begins = !i || name[i - 1] == '.';

		if (!isalnum((unsigned char)name[i]) &&
		    (begins || (name[i] != '-' && name[i] != '.')))
			return false;
	}
	return true;
}
