/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines, domains, disks and cables: made once, joined, checked as a whole. */
#include <ctype.h>

#include "common/suggest.h"
#include "labpack/conf.h"

#define DOMAINS_MAX 4096

int conf_machine(struct conf *c, const char *name, unsigned int line, struct lab_machine **out)
{
	struct lab *lab = c->lab;
	struct lab_machine *m;

	*out = NULL;
	for (size_t i = lab->machine_count; i--;) {
		if (!strcmp(lab->machines[i]->name, name)) {
			*out = lab->machines[i];
			return 0;
		}
	}
	if (!lab_machine_name_is_valid(name))
		return conf_fail(c, -ERR_FORMAT, line,
				 "'%s' is no name for a machine (letters, digits, '-' and '_', at most "
				 "%d; LAB, lab, shared, disks, snapshots, kernel, tools and run are "
				 "taken)", name, LAB_NAME_MAX);
	if (lab->machine_count == LAB_MACHINES_MAX)
		return conf_fail(c, -ERR_LIMIT, line, "more than %d machines", LAB_MACHINES_MAX);
	if (array_grow((void **)&lab->machines, lab->machine_count, &c->machine_capacity,
		       sizeof(struct lab_machine *)))
		return conf_nomem(c);
	m = calloc(1, sizeof(*m));
	if (!m)
		return conf_nomem(c);
	*m = (struct lab_machine){ .order = lab->machine_count, .line = line,
				    .mem = LAB_MEM_DEFAULT, .cpus = 1, .ipv6 = -1 };
	lab->machines[lab->machine_count++] = m;
	m->name = strdup(name);
	*out = m;
	return m->name ? 0 : conf_nomem(c);
}

int conf_domain(struct conf *c, const char *name, unsigned int line, struct lab_domain **out)
{
	struct lab *lab = c->lab;

	for (size_t i = lab->domain_count; i--;) {
		*out = lab->domains[i];
		if (!strcmp((*out)->name, name))
			return 0;
	}
	*out = NULL;
	if (!conf_domain_name_is_valid(name))
		return conf_fail(c, -ERR_FORMAT, line,
				 "'%s' is no name for a collision domain (letters, digits and _.-+@:, "
				 "at most 64 bytes)", name);
	if (lab->domain_count == DOMAINS_MAX)
		return conf_fail(c, -ERR_LIMIT, line, "more than %d collision domains", DOMAINS_MAX);
	if (array_grow((void **)&lab->domains, lab->domain_count, &c->domain_capacity,
		       sizeof(struct lab_domain *)))
		return conf_nomem(c);
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return conf_nomem(c);
	lab->domains[lab->domain_count++] = *out;
	(*out)->name = strdup(name);
	return (*out)->name ? 0 : conf_nomem(c);
}

/* What one machine says of a shared disk must not contradict what another one says. */
static int join_disk(struct conf *c, const struct conf_disk *said, struct lab_disk *d)
{
	if (said->size && d->size && said->size != d->size)
		return conf_fail(c, -ERR_CONFLICT, said->line,
				 "'%s' has another size at another machine", d->file);
	if (said->filesystem >= 0 && d->filesystem != LAB_FS_UNSAID &&
	    d->filesystem != (enum lab_filesystem)said->filesystem)
		return conf_fail(c, -ERR_CONFLICT, said->line,
				 "'%s' has another filesystem at another machine", d->file);
	if (said->size)
		d->size = said->size;
	if (said->filesystem >= 0)
		d->filesystem = (enum lab_filesystem)said->filesystem;
	d->users++;
	return 0;
}

static int make_disk(struct conf *c, const struct conf_disk *said, struct lab_disk **out)
{
	struct lab *lab = c->lab;
	struct lab_disk **grown, *d;
	char *file;

	*out = NULL;
	if (asprintf(&file, said->file ? "%s" : "disks/%s-ubd%u.img",
		     said->file ? said->file : said->machine->name, said->index) < 0)
		return conf_nomem(c);
	for (size_t i = 0; i < lab->disk_count; i++) {
		*out = lab->disks[i];
		if (!strcmp((*out)->file, file)) {
			free(file);
			return 0;
		}
	}
	grown = reallocarray(lab->disks, lab->disk_count + 1, sizeof(struct lab_disk *));
	if (grown)
		lab->disks = grown;
	d = grown ? calloc(1, sizeof(*d)) : NULL;
	if (!d) {
		free(file);
		return conf_nomem(c);
	}
	d->file = file;
	d->filesystem = LAB_FS_UNSAID;
	lab->disks[lab->disk_count++] = *out = d;
	return 0;
}

static int by_disk_index(const void *a, const void *b)
{
	const struct lab_machine_disk *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

static int settle_disk(struct conf *c, const struct conf_disk *said)
{
	struct lab_machine *m = said->machine;
	struct lab_machine_disk *grown;
	struct lab_disk *d;
	int rc;

	if (!said->file && !said->size)
		return conf_fail(c, -ERR_FORMAT, said->line,
				 "%s[ubd%u-fs]: the disk has neither a file nor a size", m->name,
				 said->index);
	rc = make_disk(c, said, &d);
	if (!rc)
		rc = join_disk(c, said, d);
	if (rc)
		return rc;
	for (size_t i = 0; i < m->disk_count; i++)
		if (m->disks[i].disk == d)
			return conf_fail(c, -ERR_CONFLICT, said->line,
					 "%s has '%s' as ubd%u and as ubd%u", m->name, d->file,
					 m->disks[i].index, said->index);
	grown = reallocarray(m->disks, m->disk_count + 1, sizeof(*grown));
	if (!grown)
		return conf_nomem(c);
	m->disks = grown;
	grown[m->disk_count++] = (struct lab_machine_disk){ .index = said->index, .disk = d };
	qsort(grown, m->disk_count, sizeof(*grown), by_disk_index);
	return 0;
}

/* "pc2:serial1" or "pc2:1". */
static int other_end(struct conf *c, const struct conf_serial *said, struct lab_machine **m,
		     unsigned int *serial)
{
	const char *colon = strrchr(said->other, ':'), *digits;
	struct suggestion s;
	char *name;

	*m = NULL;
	*serial = 0;
	digits = colon ? colon + 1 : "";
	if (!strncmp(digits, "serial", 6))
		digits += 6;
	if (!colon || colon == said->other || !*digits || digits[strspn(digits, "0123456789")] ||
	    strlen(digits) > 4)
		return conf_fail(c, -ERR_FORMAT, said->line,
				 "%s[serial%u]: '%s' names no other end like pc2:serial1",
				 said->machine->name, said->index, said->other);
	name = strndup(said->other, (size_t)(colon - said->other));
	if (!name)
		return conf_nomem(c);
	*serial = (unsigned int)strtoul(digits, NULL, 10);
	s = suggestion_for(name);
	for (size_t i = 0; i < c->lab->machine_count; i++) {
		if (c->lab->machines[i] != said->machine)
			suggestion_offer(&s, c->lab->machines[i]->name);
		if (!strcmp(c->lab->machines[i]->name, name))
			*m = c->lab->machines[i];
	}
	free(name);
	if (!*m && s.best)
		return conf_fail(c, -ERR_NOT_FOUND, said->line,
				 "%s[serial%u]: the cable's other end '%s' is no machine; did you mean "
				 "'%s'?", said->machine->name, said->index, said->other, s.best);
	if (!*m)
		return conf_fail(c, -ERR_NOT_FOUND, said->line,
				 "%s[serial%u]: the cable's other end '%s' is no machine",
				 said->machine->name, said->index, said->other);
	if (*serial > LAB_SERIAL_MAX)
		return conf_fail(c, -ERR_LIMIT, said->line,
				 "%s[serial%u]: the number of '%s' is out of range (0 to %d)",
				 said->machine->name, said->index, said->other, LAB_SERIAL_MAX);
	return 0;
}

static const struct lab_cable *cable_at(const struct lab_machine *m, unsigned int serial)
{
	for (size_t i = 0; i < m->serial_count; i++)
		if (m->serials[i].index == serial)
			return m->serials[i].cable;
	return NULL;
}

/* Kept sorted by index. */
static int plug(struct conf *c, struct lab_machine *m, unsigned int serial,
		const struct lab_cable *cable, unsigned int end)
{
	struct lab_serial *grown = reallocarray(m->serials, m->serial_count + 1, sizeof(*grown));
	size_t at = m->serial_count;

	if (!grown)
		return conf_nomem(c);
	m->serials = grown;
	while (at && grown[at - 1].index > serial)
		at--;
	memmove(grown + at + 1, grown + at, (m->serial_count - at) * sizeof(*grown));
	grown[at] = (struct lab_serial){ .index = serial, .cable = cable, .end = end };
	m->serial_count++;
	return 0;
}

static int settle_serial(struct conf *c, const struct conf_serial *said)
{
	struct lab_machine *m = said->machine, *other;
	const struct lab_cable *mine, *theirs;
	struct lab_cable **grown, *cable;
	unsigned int serial;
	int rc = other_end(c, said, &other, &serial);

	if (rc)
		return rc;
	if (m == other && said->index == serial)
		return conf_fail(c, -ERR_CONFLICT, said->line,
				 "%s[serial%u]: both ends of the cable are this one", m->name, serial);
	mine = cable_at(m, said->index);
	theirs = cable_at(other, serial);
	if (mine && mine == theirs) /* the other end's line has told */
		return 0;
	if (mine || theirs)
		return conf_fail(c, -ERR_CONFLICT, said->line,
				 "%s[serial%u]: another cable is plugged into %s:serial%u already",
				 m->name, said->index, mine ? m->name : other->name,
				 mine ? said->index : serial);
	grown = reallocarray(c->lab->cables, c->lab->cable_count + 1, sizeof(struct lab_cable *));
	if (grown)
		c->lab->cables = grown;
	cable = grown ? calloc(1, sizeof(*cable)) : NULL;
	if (!cable)
		return conf_nomem(c);
	grown[c->lab->cable_count++] = cable;
	cable->ends[0].machine = m;
	cable->ends[0].serial = said->index;
	cable->ends[1].machine = other;
	cable->ends[1].serial = serial;
	rc = plug(c, m, said->index, cable, 0);
	return rc ? rc : plug(c, other, serial, cable, 1);
}

/* Names that differ in nothing but case are the same host name to the guests. */
static int check_names(struct conf *c, const struct lab_machine *m)
{
	for (size_t i = 0; c->lab->machines[i] != m; i++)
		if (!strcasecmp(c->lab->machines[i]->name, m->name))
			return conf_warn(c, m->line, "'%s' and '%s' are the same host name", m->name,
					 c->lab->machines[i]->name);
	return 0;
}

int conf_settle(struct conf *c)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->lab->machine_count; i++) {
		rc = check_names(c, c->lab->machines[i]);
		if (!rc)
			rc = conf_interfaces_settle(c, c->lab->machines[i]);
	}
	for (size_t i = 0; !rc && i < c->disk_count; i++)
		rc = settle_disk(c, c->disks + i);
	for (size_t i = 0; i < c->lab->disk_count; i++)
		if (c->lab->disks[i]->filesystem == LAB_FS_UNSAID)
			c->lab->disks[i]->filesystem = LAB_FS_EXT2;
	for (size_t i = 0; !rc && i < c->serial_count; i++)
		rc = settle_serial(c, c->serials + i);
	return rc;
}
