/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of patterns.xml on any bytes, and everything that can be asked of what it read. */
#include "selections_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_selections(data, size);
}
