/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generated part of `lab`. */
#include "labpack/script.h"

#include "labpack/embed.h"

/* shellcheck wonders about a "$" in a name. */
#define NO_EXPANSION "# shellcheck disable=SC2016\n"

/* So that the shell sees the text and nothing in it. */
static int add_quoted(struct strbuf *s, const char *text)
{
	int rc = strbuf_adds(s, "'");

	for (; !rc && *text; text++)
		rc = *text == '\'' ? strbuf_adds(s, "'\\''") : strbuf_add(s, text, 1);
	return rc ? rc : strbuf_adds(s, "'");
}

static int add_variable(struct strbuf *s, const char *name, const char *value)
{
	int rc = strbuf_addf(s, "\t\t%s=", name);

	if (!rc)
		rc = add_quoted(s, value);
	return rc ? rc : strbuf_adds(s, "\n");
}

/* UML's arguments are words, and commas part the fields of ubd. */
static int check_file(const char *file, struct error *err)
{
	if (!strpbrk(file, ", \t\n\r"))
		return 0;
	error_set(err, -ERR_UNSUPPORTED, file, "the kernel cannot be told of this file");
	return error_hint(err, "a blank or a comma is in its name; rename it");
}

static const char *const names_of_types[] = { [LAB_HUB] = "hub", [LAB_SWITCH] = "switch" };

static size_t domain_index(const struct lab *lab, const struct lab_domain *d)
{
	size_t i = 0;

	while (lab->domains[i] != d)
		i++;
	return i + 1;
}

static size_t cable_index(const struct lab *lab, const struct lab_cable *c)
{
	size_t i = 0;

	while (lab->cables[i] != c)
		i++;
	return i + 1;
}

/* index/mac/domain/tap */
static int add_nets(struct strbuf *s, const struct lab_machine *m)
{
	int rc = strbuf_adds(s, "\t\tm_nets='");

	for (size_t i = 0; !rc && i < m->interface_count; i++) {
		const struct lab_interface *f = m->interfaces + i;

		rc = strbuf_addf(s, "%s%u/%02x:%02x:%02x:%02x:%02x:%02x/%s/%s", i ? " " : "",
				 f->index, f->mac[0], f->mac[1], f->mac[2], f->mac[3], f->mac[4],
				 f->mac[5], f->domain ? f->domain->name : "",
				 f->domain ? "" : f->tap);
	}
	return rc ? rc : strbuf_adds(s, "'\n");
}

/* tap=address: what the host's end of a tap has, a blank behind each */
static int add_tap_addresses(struct strbuf *s, const struct lab_machine *m)
{
	int rc = strbuf_adds(s, "\t\tm_tap_addresses='");

	for (size_t i = 0; !rc && i < m->interface_count; i++)
		if (m->interfaces[i].tap_address)
			rc = strbuf_addf(s, "%s=%s ", m->interfaces[i].tap,
					 m->interfaces[i].tap_address);
	return rc ? rc : strbuf_adds(s, "'\n");
}

/* index/cable/end */
static int add_serials(const struct lab *lab, struct strbuf *s, const struct lab_machine *m)
{
	int rc = strbuf_adds(s, "\t\tm_serials='");

	for (size_t i = 0; !rc && i < m->serial_count; i++)
		rc = strbuf_addf(s, "%s%u/%zu/%c", i ? " " : "", m->serials[i].index,
				 cable_index(lab, m->serials[i].cable),
				 m->serials[i].end ? 'b' : 'a');
	return rc ? rc : strbuf_adds(s, "'\n");
}

/* "ubd0 COW,BASE" and "ubdN FILE", a line each. Both names of a COW: the header's may be of another place. */
static int add_disks(struct strbuf *s, const struct lab_machine *m, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	int rc = check_file(m->base, err), nomem = 0;

	for (size_t i = 0; !rc && i < m->disk_count; i++)
		rc = check_file(m->disks[i].disk->file, err);
	if (!rc)
		nomem = strbuf_addf(&text, "ubd0 disks/%s.cow,%s", m->name, m->base);
	for (size_t i = 0; !rc && !nomem && i < m->disk_count; i++)
		nomem = strbuf_addf(&text, "\nubd%u %s", m->disks[i].index, m->disks[i].disk->file);
	if (!rc && !nomem)
		nomem = add_variable(s, "m_disks", text.data);
	strbuf_release(&text);
	return nomem ? error_nomem(err) : rc;
}

static int add_depends(struct strbuf *s, const struct lab_machine *m)
{
	int rc = strbuf_adds(s, "\t\tm_depends='");

	for (size_t i = 0; !rc && i < m->depend_count; i++)
		rc = strbuf_addf(s, "%s%s", i ? " " : "", m->depends[i]->name);
	return rc ? rc : strbuf_adds(s, "'\n");
}

static int add_facts(struct strbuf *s, const struct lab_machine *m)
{
	static const char *const consoles[] = { [LAB_CONSOLE_LAB] = "lab",
						[LAB_CONSOLE_XTERM] = "xterm",
						[LAB_CONSOLE_NONE] = "none" };
	int rc = strbuf_addf(s, "\t%s)\n\t\tm_index=%zu m_mem=%lluK m_cpus=%u m_console=%s "
			     "m_watchdog=%s\n", m->name, m->order + 1,
			     (unsigned long long)(m->mem >> 10), m->cpus, consoles[m->console],
			     m->watchdog ? "yes" : "");

	if (!rc)
		rc = add_variable(s, "m_kernel", m->kernel ? m->kernel : "");
	if (!rc)
		rc = add_variable(s, "m_append", m->append ? m->append : "");
	if (!rc)
		rc = add_nets(s, m);
	if (!rc)
		rc = add_tap_addresses(s, m);
	return rc ? rc : add_depends(s, m);
}

static int add_machines(const struct lab *lab, struct strbuf *s, struct error *err)
{
	int rc = 0;

	if (strbuf_adds(s, "\n" NO_EXPANSION "machine_facts() {\n\tcase $1 in\n"))
		return error_nomem(err);
	for (size_t i = 0; !rc && i < lab->machine_count; i++) {
		const struct lab_machine *m = lab->machines[i];

		if (!m->base) {
			error_set(err, -ERR_NOT_FOUND, m->name, "has no base image");
			return error_hint(err, "LAB[base]=rootfs.img in lab.conf, or %s[base]", m->name);
		}
		if (add_facts(s, m) || add_serials(lab, s, m))
			return error_nomem(err);
		rc = add_disks(s, m, err);
		if (!rc && strbuf_adds(s, "\t\t;;\n"))
			rc = error_nomem(err);
	}
	if (!rc && strbuf_adds(s, "\t*) return 1 ;;\n\tesac\n}\n"))
		rc = error_nomem(err);
	return rc;
}

static int add_domains(const struct lab *lab, struct strbuf *s)
{
	int rc = strbuf_adds(s, "\ndomain_facts() {\n\tcase $1 in\n");

	for (size_t i = 0; !rc && i < lab->domain_count; i++) {
		const struct lab_domain *d = lab->domains[i];

		rc = strbuf_addf(s, "\t'%s')\n\t\td_index=%zu d_type=%s\n", d->name,
				 domain_index(lab, d), names_of_types[d->type]);
		if (!rc)
			rc = add_variable(s, "d_tap", d->tap ? d->tap : "");
		if (!rc)
			rc = strbuf_adds(s, "\t\t;;\n");
	}
	return rc ? rc : strbuf_adds(s, "\t*) return 1 ;;\n\tesac\n}\n");
}

static int add_end(struct strbuf *s, const struct lab_cable *c, unsigned int end)
{
	return strbuf_addf(s, "%s:serial%u", c->ends[end].machine->name, c->ends[end].serial);
}

/* A cable has the names of both its ends. */
static int add_cables(const struct lab *lab, struct strbuf *s)
{
	int rc = strbuf_adds(s, "\ncable_facts() {\n\tcase $1 in\n");

	for (size_t i = 0; !rc && i < lab->cable_count; i++) {
		const struct lab_cable *c = lab->cables[i];

		rc = strbuf_adds(s, "\t");
		if (!rc)
			rc = add_end(s, c, 0);
		if (!rc)
			rc = strbuf_adds(s, " | ");
		if (!rc)
			rc = add_end(s, c, 1);
		if (!rc)
			rc = strbuf_addf(s, ")\n\t\tk_index=%zu k_a=", i + 1);
		if (!rc)
			rc = add_end(s, c, 0);
		if (!rc)
			rc = strbuf_adds(s, " k_b=");
		if (!rc)
			rc = add_end(s, c, 1);
		if (!rc)
			rc = strbuf_adds(s, "\n\t\t;;\n");
	}
	return rc ? rc : strbuf_adds(s, "\t*) return 1 ;;\n\tesac\n}\n");
}

static int add_names(const struct lab *lab, struct strbuf *s)
{
	int rc = strbuf_adds(s, "\n# --- the lab: what lab.conf says ---\n" NO_EXPANSION "lab_name=");

	if (!rc)
		rc = add_quoted(s, lab->name);
	if (!rc)
		rc = strbuf_addf(s, "\nexec_line=%d\nmachines='", LAB_SERIAL_EXEC);
	for (size_t i = 0; !rc && i < lab->machine_count; i++)
		rc = strbuf_addf(s, "%s%s", i ? " " : "", lab->machines[i]->name);
	if (!rc)
		rc = strbuf_adds(s, "'\ndomains='");
	for (size_t i = 0; !rc && i < lab->domain_count; i++)
		rc = strbuf_addf(s, "%s%s", i ? " " : "", lab->domains[i]->name);
	if (!rc)
		rc = strbuf_adds(s, "'\ncables='");
	for (size_t i = 0; !rc && i < lab->cable_count; i++) {
		rc = i ? strbuf_adds(s, " ") : 0;
		if (!rc)
			rc = add_end(s, lab->cables[i], 0);
	}
	return rc ? rc : strbuf_adds(s, "'\n");
}

int script_write(const struct lab *lab, struct strbuf *out, struct error *err)
{
	int rc;

	if (strbuf_add(out, script_head, script_head_size) || add_names(lab, out))
		return error_nomem(err);
	rc = add_machines(lab, out, err);
	if (!rc && (add_domains(lab, out) || add_cables(lab, out) ||
		    strbuf_add(out, script_body, script_body_size)))
		rc = error_nomem(err);
	return rc;
}
