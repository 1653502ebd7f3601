/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fetch FOLDER < LIST: fetch "ALGO CHECKSUM SIZE URL" lines as mkroot does, with
 * the cache in that folder. For bench/peer-curl.
 */
#include <inttypes.h>

#include "common/number.h"
#include "pkg/fetcher.h"

#define FILES_MAX 10000

int main(int argc, char **argv)
{
	const struct fetcher_settings settings = { .folder = argv[1] };
	struct fetcher_file *files = calloc(FILES_MAX, sizeof(*files));
	const char **urls = calloc(FILES_MAX, sizeof(*urls));
	struct error err = ERROR_INIT;
	struct fetcher *f = NULL;
	size_t count = 0, n = 0;
	char *line = NULL, *text;
	int rc;

	if (argc != 2 || !files || !urls)
		return 2;
	while (count < FILES_MAX && getline(&line, &n, stdin) > 0) {
		char *save, *algo = strtok_r(line, " \n", &save), *sum = strtok_r(NULL, " \n", &save);
		char *size = strtok_r(NULL, " \n", &save), *url = strtok_r(NULL, " \n", &save);
		struct fetcher_file *file = &files[count];

		if (!url || number_parse(size, 0, UINT32_MAX, &file->size))
			return 2;
		file->checksum_algo = strdup(algo);
		file->checksum = strdup(sum);
		urls[count] = strdup(url);
		file->id = urls[count];
		file->urls = &urls[count];
		file->url_count = 1;
		count++;
	}
	rc = fetcher_new(&f, &settings, &err);
	if (!rc)
		rc = fetcher_get(f, files, count, NULL, &err);
	fetcher_free(f);
	text = rc ? error_text(&err) : NULL;
	if (rc)
		fprintf(stderr, "fetch: %s\n", text ? text : "failed");
	return rc ? 1 : 0;
}
