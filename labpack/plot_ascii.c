/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab in letters, for terminals. */
#include "common/number.h"
#include "labpack/plot.h"

#define LABEL_MAX 64 /* of an interface: "eth0 192.168.100.100/24" */
#define GAP 2

/* Columns that UTF-8 text takes, near enough: one a character. */
static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static int repeat(struct strbuf *out, char c, size_t n)
{
	int rc = 0;

	while (!rc && n--)
		rc = strbuf_add(out, &c, 1);
	return rc;
}

static int pad(struct strbuf *out, const char *text, size_t width)
{
	size_t n = width_of(text);
	int rc = strbuf_adds(out, text);

	return rc ? rc : repeat(out, ' ', n < width ? width - n : 0);
}

static void label(const struct lab_interface *f, char buf[LABEL_MAX])
{
	const char *address = lab_address(f, 0);

	snprintf(buf, LABEL_MAX, "eth%u%s%s", f->index, address ? " " : "", address ? address : "");
}

struct page {
	const struct lab *lab;
	size_t left;   /* columns of the machines' names and interfaces */
	size_t *at;    /* column of each collision domain's line */
	size_t width;
};

/* The names of the domains stand over their lines, each in its own columns. */
static int measure(struct page *p)
{
	const struct lab *lab = p->lab;
	char text[LABEL_MAX];

	p->left = 8;
	for (size_t i = 0; i < lab->machine_count; i++) {
		const struct lab_machine *m = lab->machines[i];

		if (strlen(m->name) + 2 > p->left)
			p->left = strlen(m->name) + 2;
		for (size_t k = 0; k < m->interface_count; k++) {
			label(m->interfaces + k, text);
			if (strlen(text) + 4 > p->left)
				p->left = strlen(text) + 4;
		}
	}
	p->at = calloc(lab->domain_count + 1, sizeof(*p->at));
	if (!p->at)
		return -1;
	p->width = p->left + GAP;
	for (size_t i = 0; i < lab->domain_count; i++) {
		char network[PLOT_NETWORK];
		size_t name = width_of(lab->domains[i]->name), more;

		more = strlen(plot_network(lab, lab->domains[i], network));
		name = name > more ? name : more;
		name = name > 6 ? name : 6; /* "switch" */
		p->at[i] = p->width + name / 2;
		p->width += name + GAP;
	}
	return 0;
}

/* One line over the page: text centred on each domain's line. */
static int head_line(struct strbuf *out, const struct page *p,
		     const char *(*text)(const struct page *p, size_t domain, char *buf))
{
	char buf[PLOT_NETWORK];
	size_t column = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < p->lab->domain_count; i++) {
		const char *t = text(p, i, buf);
		size_t start = p->at[i] - width_of(t) / 2;

		if (!*t)
			continue;
		rc = repeat(out, ' ', start > column ? start - column : 0);
		if (!rc)
			rc = strbuf_adds(out, t);
		column = start + width_of(t);
	}
	return rc ? rc : strbuf_adds(out, "\n");
}

static const char *name_of(const struct page *p, size_t domain, char *buf)
{
	return p->lab->domains[domain]->name;
}

static const char *type_of(const struct page *p, size_t domain, char *buf)
{
	return p->lab->domains[domain]->type == LAB_HUB ? "hub" : "switch";
}

static const char *network_of(const struct page *p, size_t domain, char *buf)
{
	return plot_network(p->lab, p->lab->domains[domain], buf);
}

static const char *line_of(const struct page *p, size_t domain, char *buf)
{
	return "|";
}

/* The lines of all domains behind column; a wire goes to the one with this index, or SIZE_MAX. */
static int lines(struct strbuf *out, const struct page *p, size_t wire)
{
	size_t column = p->left;
	int rc = 0;

	for (size_t i = 0; !rc && i < p->lab->domain_count; i++) {
		bool on_wire = wire != SIZE_MAX && i <= wire;

		rc = repeat(out, on_wire ? '-' : ' ', p->at[i] - column);
		if (!rc)
			rc = strbuf_adds(out, i == wire ? "o" : on_wire ? "+" : "|");
		column = p->at[i] + 1;
	}
	return rc ? rc : strbuf_adds(out, "\n");
}

static size_t domain_index(const struct lab *lab, const struct lab_domain *d)
{
	for (size_t i = 0; i < lab->domain_count; i++)
		if (lab->domains[i] == d)
			return i;
	return SIZE_MAX;
}

static int machine(struct strbuf *out, const struct page *p, const struct lab_machine *m)
{
	char text[LABEL_MAX], name[LAB_NAME_MAX + 3];
	int rc;

	snprintf(name, sizeof(name), "[%s]", m->name);
	rc = pad(out, name, p->left);
	if (!rc)
		rc = lines(out, p, SIZE_MAX);
	for (size_t i = 0; !rc && i < m->interface_count; i++) {
		const struct lab_interface *f = m->interfaces + i;

		label(f, text);
		rc = strbuf_adds(out, "  ");
		if (!rc)
			rc = strbuf_addf(out, "%s ", text);
		if (!rc)
			rc = repeat(out, f->domain ? '-' : ' ', p->left - strlen(text) - 3);
		if (!rc)
			rc = lines(out, p, domain_index(p->lab, f->domain));
	}
	return rc;
}

static int page(struct strbuf *out, const struct page *p)
{
	int rc = head_line(out, p, name_of);

	if (!rc)
		rc = head_line(out, p, type_of);
	if (!rc)
		rc = head_line(out, p, network_of);
	if (!rc)
		rc = head_line(out, p, line_of);
	for (size_t i = 0; !rc && i < p->lab->machine_count; i++) {
		rc = machine(out, p, p->lab->machines[i]);
		if (!rc)
			rc = head_line(out, p, line_of);
	}
	return rc;
}

/* The same for labs with many collision domains: who is on each. */
static int list(struct strbuf *out, const struct lab *lab)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < lab->domain_count; i++) {
		const struct lab_domain *d = lab->domains[i];
		char network[PLOT_NETWORK], text[LABEL_MAX];

		rc = strbuf_addf(out, "%s (%s)%s%s\n", d->name, d->type == LAB_HUB ? "hub" : "switch",
				 *plot_network(lab, d, network) ? " " : "", network);
		for (size_t k = 0; !rc && k < lab->machine_count; k++)
			for (size_t n = 0; !rc && n < lab->machines[k]->interface_count; n++) {
				const struct lab_interface *f = lab->machines[k]->interfaces + n;

				label(f, text);
				if (f->domain == d)
					rc = strbuf_addf(out, "  +- [%s] %s\n",
							 lab->machines[k]->name, text);
			}
	}
	for (size_t k = 0; !rc && k < lab->machine_count; k++)
		if (!lab->machines[k]->interface_count)
			rc = strbuf_addf(out, "[%s]\n", lab->machines[k]->name);
	return rc;
}

static int taps(struct strbuf *out, const struct lab *lab)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < lab->domain_count; i++)
		if (lab->domains[i]->tap)
			rc = strbuf_addf(out, "tap     %s == %s of the host\n", lab->domains[i]->name,
					 lab->domains[i]->tap);
	for (size_t i = 0; !rc && i < lab->machine_count; i++)
		for (size_t k = 0; !rc && k < lab->machines[i]->interface_count; k++) {
			const struct lab_interface *f = lab->machines[i]->interfaces + k;

			if (f->tap)
				rc = strbuf_addf(out, "tap     [%s] eth%u == %s of the host\n",
						 lab->machines[i]->name, f->index, f->tap);
		}
	return rc;
}

static int disk(struct strbuf *out, const struct lab *lab, const struct lab_disk *d)
{
	const char *comma = "";
	char size[32] = "";
	int rc = strbuf_addf(out, "disk    %s%s%s%s:", d->file, d->size ? " (" : "",
			     d->size ? size_format(d->size, size, sizeof(size)) : "",
			     d->size ? ")" : "");

	for (size_t i = 0; !rc && i < lab->machine_count; i++) {
		const struct lab_machine *m = lab->machines[i];

		for (size_t k = 0; !rc && k < m->disk_count; k++) {
			if (m->disks[k].disk != d)
				continue;
			rc = strbuf_addf(out, "%s [%s] ubd%u", comma, m->name, m->disks[k].index);
			comma = ",";
		}
	}
	return rc ? rc : strbuf_adds(out, "\n");
}

/* What has no place among the lines: cables, disks, taps. */
static int rest(struct strbuf *out, const struct lab *lab)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < lab->cable_count; i++) {
		const struct lab_cable *c = lab->cables[i];

		rc = strbuf_addf(out, "cable   [%s] serial%u == serial%u [%s]\n",
				 c->ends[0].machine->name, c->ends[0].serial, c->ends[1].serial,
				 c->ends[1].machine->name);
	}
	for (size_t i = 0; !rc && i < lab->disk_count; i++)
		rc = disk(out, lab, lab->disks[i]);
	return rc ? rc : taps(out, lab);
}

int plot_ascii(const struct lab *lab, size_t columns, struct strbuf *out, struct error *err)
{
	struct page p = { .lab = lab };
	int rc = measure(&p);

	if (!rc)
		rc = p.width > columns || !lab->domain_count ? list(out, lab) : page(out, &p);
	if (!rc)
		rc = rest(out, lab);
	free(p.at);
	return rc ? error_nomem(err) : 0;
}
