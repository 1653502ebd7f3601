/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/number.h"

#include <ctype.h>
#include <inttypes.h>

/* Digits at text; *end is behind them. */
static int digits(const char *text, const char **end, uint64_t *out)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)*text))
		return -ERR_FORMAT;
	for (; isdigit((unsigned char)*text); text++)
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return -ERR_LIMIT;
	*end = text;
	*out = value;
	return 0;
}

static int in_range(uint64_t value, uint64_t min, uint64_t max, uint64_t *out)
{
	if (value < min || value > max)
		return -ERR_LIMIT;
	*out = value;
	return 0;
}

int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t value;
	const char *end;
	int rc;

	*out = 0;
	rc = digits(text, &end, &value);
	if (rc)
		return rc;
	if (*end)
		return -ERR_FORMAT;
	return in_range(value, min, max, out);
}

int size_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *end, *unit;
	uint64_t value;
	int rc;

	*out = 0;
	rc = digits(text, &end, &value);
	if (rc)
		return rc;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit || (end[1] && strcmp(end + 1, "iB") != 0))
			return -ERR_FORMAT;
		if (__builtin_mul_overflow(value, (uint64_t)1 << (10 * (unit - units + 1)), &value))
			return -ERR_LIMIT;
	}
	return in_range(value, min, max, out);
}

char *size_format(uint64_t bytes, char *buf, size_t buf_size)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(buf, buf_size, "%" PRIu64 " B", bytes);
		return buf;
	}
	for (; value >= 1024 && unit < 3; unit++)
		value /= 1024;
	snprintf(buf, buf_size, "%.1f %s", value, units[unit]);
	return buf;
}
