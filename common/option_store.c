/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the options of a table do with their arguments. */
#include <sched.h>

#include "common/number.h"
#include "common/option.h"
#include "common/strbuf.h"

bool option_has_word(const char *words, const char *word)
{
	size_t n = strlen(word), len;

	for (; n && *words; words += len + (words[len] == ' ')) {
		len = strcspn(words, " ");
		if (len == n && !memcmp(words, word, n))
			return true;
	}
	return false;
}

int option_store_flag(const struct option_entry *e, void *field, const char *argument,
		      struct error *err)
{
	*(bool *)field = true;
	return 0;
}

int option_store_text(const struct option_entry *e, void *field, const char *argument,
		      struct error *err)
{
	if (!*argument)
		return option_error(e, err, "%s is empty", e->argument);
	*(const char **)field = argument;
	return 0;
}

int option_store_list(const struct option_entry *e, void *field, const char *argument,
		      struct error *err)
{
	if (!*argument)
		return option_error(e, err, "%s is empty", e->argument);
	return strlist_add(field, argument) ? error_nomem(err) : 0;
}

int option_store_word(const struct option_entry *e, void *field, const char *argument,
		      struct error *err)
{
	if (!option_has_word(e->words, argument))
		return option_error(e, err, "'%s' is not one of: %s", argument, e->words);
	*(const char **)field = argument;
	return 0;
}

static int out_of_range(const struct option_entry *e, const char *argument, int code, bool size,
			struct error *err)
{
	char low[32], high[32];

	if (code == -ERR_FORMAT)
		return option_error(e, err, "'%s' is not a %s", argument,
				    size ? "size (a number and K, M, G or T)" : "number");
	if (size)
		return option_error(e, err, "'%s' is out of range (%s to %s)", argument,
				    size_format(e->min, low, sizeof(low)),
				    size_format(e->max, high, sizeof(high)));
	return option_error(e, err, "'%s' is out of range (%llu to %llu)", argument,
			    (unsigned long long)e->min, (unsigned long long)e->max);
}

int option_store_size(const struct option_entry *e, void *field, const char *argument,
		      struct error *err)
{
	uint64_t value;
	int rc = size_parse(argument, e->min, e->max, &value);

	if (rc)
		return out_of_range(e, argument, rc, true, err);
	*(uint64_t *)field = value;
	return 0;
}

int option_store_size_or_none(const struct option_entry *e, void *field, const char *argument,
			      struct error *err)
{
	if (strcmp(argument, "0") != 0)
		return option_store_size(e, field, argument, err);
	*(uint64_t *)field = 0;
	return 0;
}

int option_store_number(const struct option_entry *e, void *field, const char *argument,
			struct error *err)
{
	uint64_t value;
	int rc = number_parse(argument, e->min, e->max, &value);

	if (rc)
		return out_of_range(e, argument, rc, false, err);
	*(uint64_t *)field = value;
	return 0;
}

int option_store_int(const struct option_entry *e, void *field, const char *argument,
		     struct error *err)
{
	uint64_t value = 0;
	int rc = option_store_number(e, &value, argument, err);

	if (!rc)
		*(unsigned int *)field = (unsigned int)value;
	return rc;
}

unsigned int option_processors(unsigned int max)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	n = CPU_COUNT(&set);
	return n < 1 ? 1 : (unsigned int)n > max ? max : (unsigned int)n;
}
