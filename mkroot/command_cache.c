/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkroot cache list, mkroot cache clean: what was fetched and kept. */
#include <inttypes.h>

#include "common/number.h"
#include "common/program.h"
#include "mkroot/command.h"
#include "pkg/cache.h"

#define AGE_MAX 1000000 /* of any unit */

static int show(void *arg, const struct cache_item *item)
{
	char size[32], day[32] = "";
	struct tm tm;

	if (gmtime_r(&item->used, &tm) && !strftime(day, sizeof(day), "%Y-%m-%d", &tm))
		day[0] = '\0';
	report_line(stdout, "%12s  %s  %s", size_format(item->size, size, sizeof(size)), day,
		    item->origin ? item->origin : item->key);
	return 0;
}

/* "30d": a number and s, m, h, d or w. */
static int parse_age(const char *text, uint64_t *seconds, struct error *err)
{
	static const struct {
		char letter;
		unsigned int seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	size_t n = strlen(text);
	char number[16];

	for (size_t i = 0; n && i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[n - 1] != units[i].letter || n > sizeof(number))
			continue;
		snprintf(number, sizeof(number), "%.*s", (int)(n - 1), text);
		if (number_parse(number, 1, AGE_MAX, seconds))
			break;
		*seconds *= units[i].seconds;
		return 0;
	}
	return error_set(err, -ERR_USAGE, "--older-than",
			 "'%s' is no age (a number and s, m, h, d or w)", text);
}

static int clean(struct cache *c, uint64_t older_than, struct error *err)
{
	struct cache_cleaned done;
	char size[32];
	int rc = cache_clean(c, older_than, &done, err);

	if (!rc)
		printf("removed %zu files, %s\n", done.objects,
		       size_format(done.bytes, size, sizeof(size)));
	return rc;
}

int command_cache(int argc, char **argv, bool *differs, struct error *err)
{
	bool list = argc == 1 && !strcmp(argv[0], "list");
	uint64_t older_than = 0;
	struct cache *c;
	int rc = 0;

	if (argc == 3 && !strcmp(argv[0], "clean") && !strcmp(argv[1], "--older-than"))
		rc = parse_age(argv[2], &older_than, err);
	else if (argc == 2 && !strcmp(argv[0], "clean") && !strncmp(argv[1], "--older-than=", 13))
		rc = parse_age(argv[1] + 13, &older_than, err);
	else if (!list && (argc != 1 || strcmp(argv[0], "clean") != 0))
		return command_usage("cache", err);
	if (!rc)
		rc = cache_open(&c, NULL, err);
	if (rc)
		return rc;
	rc = list ? cache_list(c, show, NULL, err) : clean(c, older_than, err);
	cache_close(c);
	return rc;
}
