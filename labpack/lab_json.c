/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab for other programs. */
#include "common/json.h"
#include "labpack/lab.h"

static json_t *text(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *texts(const struct strlist *l)
{
	json_t *out = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(out, json_string(l->items[i]));
	return out;
}

static json_t *interfaces(const struct lab_machine *m)
{
	json_t *out = json_array();

	for (size_t n = 0; n < m->interface_count; n++) {
		const struct lab_interface *i = m->interfaces + n;
		char mac[18];

		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", i->mac[0], i->mac[1],
			 i->mac[2], i->mac[3], i->mac[4], i->mac[5]);
		json_array_append_new(out, json_pack("{s:i, s:o, s:s, s:o, s:o, s:o}", "index",
						     (int)i->index, "domain",
						     text(i->domain ? i->domain->name : NULL), "mac",
						     mac, "addresses", texts(&i->addresses), "seen",
						     texts(&i->seen), "tap",
						     text(i->tap)));
	}
	return out;
}

static json_t *disks(const struct lab_machine *m)
{
	json_t *out = json_array();

	for (size_t i = 0; i < m->disk_count; i++)
		json_array_append_new(out, json_pack("{s:i, s:s, s:b}", "index",
						     (int)m->disks[i].index, "file",
						     m->disks[i].disk->file, "shared",
						     m->disks[i].disk->users > 1));
	return out;
}

static json_t *serials(const struct lab_machine *m)
{
	json_t *out = json_array();

	for (size_t i = 0; i < m->serial_count; i++) {
		const struct lab_serial *s = m->serials + i;

		json_array_append_new(out, json_pack("{s:i, s:s, s:i}", "index", (int)s->index,
						     "machine",
						     s->cable->ends[!s->end].machine->name, "serial",
						     (int)s->cable->ends[!s->end].serial));
	}
	return out;
}

static json_t *machine(const struct lab_machine *m)
{
	json_t *depends = json_array();

	for (size_t i = 0; i < m->depend_count; i++)
		json_array_append_new(depends, json_string(m->depends[i]->name));
	return json_pack("{s:s, s:o, s:o, s:o, s:I, s:i, s:o, s:o, s:o, s:o, s:o}", "name", m->name,
			 "base", text(m->base), "image", text(m->image), "kernel", text(m->kernel),
			 "mem", (json_int_t)m->mem, "cpus", (int)m->cpus, "append", text(m->append),
			 "interfaces", interfaces(m), "disks", disks(m), "serials", serials(m),
			 "depends", depends);
}

static json_t *domains(const struct lab *lab)
{
	json_t *out = json_array();

	for (size_t i = 0; i < lab->domain_count; i++)
		json_array_append_new(out, json_pack("{s:s, s:s, s:o}", "name", lab->domains[i]->name,
						     "type",
						     lab->domains[i]->type == LAB_HUB ? "hub" :
											"switch",
						     "tap", text(lab->domains[i]->tap)));
	return out;
}

int lab_print_json(const struct lab *lab, FILE *f, struct error *err)
{
	json_t *machines, *root;

	json_begin();
	machines = json_array();
	for (size_t i = 0; i < lab->machine_count; i++)
		json_array_append_new(machines, machine(lab->machines[i]));
	root = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", lab->name,
			 "description", text(lab->description), "version", text(lab->version), "author",
			 text(lab->author), "email", text(lab->email), "web", text(lab->web),
			 "machines", machines, "domains", domains(lab), "warnings",
			 texts(&lab->warnings));
	return json_print(root, f, "stdout", err);
}
