/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's name: /etc/HOSTNAME as SuSE has it, /etc/hostname as others do, and /etc/hosts. */
#include "fixups/table.h"

#include <ctype.h>

#include "fixups/tools.h"

#define NAME_MAX_BYTES 253 /* of a full domain name */

static int check_name(const char *name, struct error *err)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && (i == 0 || !strchr("-._", name[i])))
			return error_set(err, -ERR_FORMAT, name, "is no host name");
	if (n == 0 || n > NAME_MAX_BYTES)
		return error_set(err, -ERR_FORMAT, name, "is no host name");
	return 0;
}

static int write_name(struct fixup_run *run, const char *path, struct error *err)
{
	bool changed = false;
	char *text = NULL;
	int rc;

	if (asprintf(&text, "%s\n", run->settings->hostname) < 0)
		return error_nomem(err);
	rc = put_file(run->image, path, text, strlen(text), 0644, &changed, err);
	free(text);
	if (!rc && changed)
		rc = noted(fixup_changed(run, "'%s' in %s", run->settings->hostname, path), err);
	return rc;
}

static bool knows_name(const struct text *hosts, const char *name)
{
	for (size_t i = 0; i < hosts->lines.count; i++) {
		struct field fields[32];
		size_t n = line_fields(hosts->lines.items[i], fields, 32);

		for (size_t k = 1; k < n; k++)
			if (fields[k].len == strlen(name) &&
			    !strncasecmp(fields[k].at, name, fields[k].len))
				return true;
	}
	return false;
}

/* Programs that ask for their own address should not wait for a name server. */
static int write_hosts(struct fixup_run *run, struct error *err)
{
	const char *name = run->settings->hostname;
	size_t host = strcspn(name, ".");
	struct text hosts = TEXT_INIT;
	char *line = NULL;
	int rc;

	rc = text_load(&hosts, run->image, "/etc/hosts", err);
	if (!rc && !knows_name(&hosts, name)) {
		if (asprintf(&line, name[host] ? "127.0.0.2\t%s %.*s" : "127.0.0.2\t%s", name,
			     (int)host, name) < 0)
			line = NULL;
		if (!line || (!hosts.exists && text_append(&hosts, "127.0.0.1\tlocalhost")) ||
		    text_append(&hosts, line))
			rc = error_nomem(err);
		if (!rc)
			rc = text_save(&hosts, run->image, "/etc/hosts", 0644, err);
		if (!rc)
			rc = noted(fixup_changed(run, "'%s' in /etc/hosts", name), err);
		free(line);
	}
	text_release(&hosts);
	return rc;
}

int hostname_apply(struct fixup_run *run, struct error *err)
{
	size_t before = run->changed->count;
	bool suse;
	int rc;

	if (!run->settings->hostname)
		return noted(fixup_skipped(run, "no name was given (--hostname)"), err);
	rc = check_name(run->settings->hostname, err);
	if (rc)
		return rc;
	if (!image_exists(run->image, "/etc"))
		return noted(fixup_skipped(run, "the image has no /etc"), err);
	suse = image_exists(run->image, "/etc/HOSTNAME") ||
	       image_exists(run->image, "/etc/SuSE-release");
	if (suse)
		rc = write_name(run, "/etc/HOSTNAME", err);
	/* Newer SuSE has a link from one to the other: the second write finds it done. */
	if (!rc && (!suse || image_exists(run->image, "/etc/hostname")))
		rc = write_name(run, "/etc/hostname", err);
	if (!rc)
		rc = write_hosts(run, err);
	if (!rc && run->changed->count == before)
		rc = noted(fixup_skipped(run, "'%s' is its name already", run->settings->hostname),
			   err);
	return rc;
}
