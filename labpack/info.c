/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack info: the lab as labpack understands it. */

#include "common/number.h"
#include "common/program.h"
#include "labpack/command.h"
#include "labpack/lab.h"

struct info {
	struct strlist operands; /* machines */
	bool json, names, strict;
};

static void print_interfaces(const struct lab_machine *m)
{
	for (size_t i = 0; i < m->interface_count; i++) {
		const struct lab_interface *f = m->interfaces + i;
		const char *address;

		printf("  eth%u  %s %s  %02x:%02x:%02x:%02x:%02x:%02x", f->index,
		       f->domain ? "on" : "tap", f->domain ? f->domain->name : f->tap, f->mac[0],
		       f->mac[1], f->mac[2], f->mac[3], f->mac[4], f->mac[5]);
		for (size_t k = 0; (address = lab_address(f, k)); k++)
			printf("  %s", address);
		putchar('\n');
	}
}

static void print_machine(const struct lab_machine *m)
{
	char mem[32];

	report_line(stdout, "%s: %s, %s", m->name, size_format(m->mem, mem, sizeof(mem)),
		    m->base ? m->base : "no base");
	print_interfaces(m);
	for (size_t i = 0; i < m->disk_count; i++)
		report_line(stdout, "  ubd%u  %s%s", m->disks[i].index, m->disks[i].disk->file,
			    m->disks[i].disk->users > 1 ? " (shared)" : "");
	for (size_t i = 0; i < m->serial_count; i++) {
		const struct lab_serial *s = m->serials + i;

		printf("  serial%u  to %s:serial%u\n", s->index,
		       s->cable->ends[!s->end].machine->name, s->cable->ends[!s->end].serial);
	}
	for (size_t i = 0; i < m->depend_count; i++)
		printf("  starts after %s\n", m->depends[i]->name);
}

static bool wanted(const struct info *o, const struct lab_machine *m)
{
	return !o->operands.count || strlist_find(&o->operands, m->name) >= 0;
}

static void print_lab(const struct lab *lab, const struct info *o)
{
	report_line(stdout, "lab %s: %zu machine%s, %zu collision domain%s, %zu cable%s", lab->name,
		    lab->machine_count, &"s"[lab->machine_count == 1], lab->domain_count,
		    &"s"[lab->domain_count == 1], lab->cable_count, &"s"[lab->cable_count == 1]);
	if (lab->description)
		report_line(stdout, "  %s", lab->description);
	for (size_t i = 0; i < lab->machine_count; i++)
		if (wanted(o, lab->machines[i]))
			print_machine(lab->machines[i]);
}

static int info(const struct info *o, struct error *err)
{
	const struct lab_machine *m;
	struct lab *lab;
	int rc = lab_read(&lab, ".", o->strict ? LAB_STRICT : 0, err);

	for (size_t i = 0; !rc && i < o->operands.count; i++)
		rc = lab_machine_get(lab, o->operands.items[i], &m, err);
	if (!rc && o->json)
		rc = lab_print_json(lab, stdout, err);
	else if (!rc && !o->names)
		print_lab(lab, o);
	for (size_t i = 0; !rc && o->names && i < lab->machine_count; i++)
		if (wanted(o, lab->machines[i]))
			puts(lab->machines[i]->name);
	for (size_t i = 0; !rc && !o->names && i < lab->warnings.count; i++)
		report_line(stderr, "labpack: %s", lab->warnings.items[i]);
	lab_free(lab);
	return rc;
}

static const struct option_entry options[] = {
	{ "json", 0, NULL, "print the whole lab as JSON",
	  OPTION(struct info, json, option_store_flag) },
	{ "names", 0, NULL, "print the names of the machines only",
	  OPTION(struct info, names, option_store_flag) },
	{ "strict", 0, NULL, "what is doubtful in lab.conf is an error",
	  OPTION(struct info, strict, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ "Options", options },
	{ NULL, NULL },
};

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct info o = { .json = false };
	int rc = option_read(groups, &o, argc, argv, command_operand, err);

	if (!rc && o.json && o.names)
		rc = error_set(err, -ERR_USAGE, NULL, "--json and --names contradict each other");
	if (!rc)
		rc = info(&o, err);
	strlist_release(&o.operands);
	return rc;
}

const struct command command_info = {
	.name = "info",
	.synopsis = "[MACHINE...]",
	.summary = "the lab as lab.conf describes it: machines, networks, disks, cables",
	.options = groups,
	.operands = OPERANDS_MACHINES,
	.run = run,
};
