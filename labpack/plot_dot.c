/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab in graphviz' language. Machines are tables of their interfaces; edges end at the
 * table, not at its rows: graphviz 2.43 draws those through the text, or aborts.
 */
#include "common/number.h"
#include "labpack/plot.h"

#define LARGE 60 /* nodes: from here on, edges that go around them take minutes to draw */

static const char head[] =
	"\tgraph [overlap=false, sep=\"+14\", pad=0.3, mode=major,\n"
	"\t\tstart=7, fontname=\"Helvetica,Arial,sans-serif\", fontsize=18, labelloc=t]\n"
	"\tnode [fontname=\"Helvetica,Arial,sans-serif\", fontsize=12, shape=plain]\n"
	"\tedge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=9, fontcolor=\"#334155\",\n"
	"\t\tcolor=\"#475569\", penwidth=1.4, len=2.6, labeldistance=1.9, labelangle=-30]\n";

/* Text inside an HTML-like label. */
static int add_html(struct strbuf *out, const char *text)
{
	int rc = 0;

	for (; !rc && *text; text++) {
		if (strchr("&<>\"", *text))
			rc = strbuf_addf(out, "&#%d;", *text);
		else
			rc = strbuf_add(out, text, 1);
	}
	return rc;
}

/* Text inside a "string". */
static int add_quoted(struct strbuf *out, const char *text)
{
	int rc = 0;

	for (; !rc && *text; text++)
		rc = strchr("\"\\", *text) ? strbuf_addf(out, "\\%c", *text) :
					     strbuf_add(out, text, 1);
	return rc;
}

static int add_row(struct strbuf *out, const char *name, const char *more)
{
	int rc = strbuf_addf(out,
			     "<tr><td align=\"left\"><font point-size=\"10\">%s</font></td>"
			     "<td align=\"left\"><font point-size=\"10\" color=\"#475569\">",
			     *name ? name : " ");

	if (!rc)
		rc = *more ? add_html(out, more) : strbuf_adds(out, " ");
	return rc ? rc : strbuf_adds(out, "</font></td></tr>");
}

static int add_interface(struct strbuf *out, const struct lab_interface *f)
{
	const char *address = lab_address(f, 0);
	char name[16];
	int rc;

	snprintf(name, sizeof(name), "eth%u", f->index);
	rc = add_row(out, name, address ? address : "");
	for (size_t k = 1; !rc && (address = lab_address(f, k)); k++)
		rc = add_row(out, "", address);
	return rc;
}

/* A private disk is a row without an edge; a shared one is a node. */
static int add_disks(struct strbuf *out, const struct lab_machine *m)
{
	char name[16];
	int rc = 0;

	for (size_t i = 0; !rc && i < m->disk_count; i++) {
		const struct lab_disk *d = m->disks[i].disk;

		snprintf(name, sizeof(name), "ubd%u", m->disks[i].index);
		if (d->users == 1)
			rc = add_row(out, name, d->file);
	}
	return rc;
}

static int add_machine(struct strbuf *out, const struct lab_machine *m)
{
	char size[32];
	int rc = strbuf_addf(out,
			     "\tm%zu [label=<<table border=\"1\" color=\"#1e3a5f\" cellborder=\"0\" "
			     "cellspacing=\"0\" cellpadding=\"4\" bgcolor=\"white\" style=\"rounded\">"
			     "<tr><td colspan=\"2\" bgcolor=\"#dbeafe\"><b>", m->order);

	if (!rc)
		rc = add_html(out, m->name);
	if (!rc)
		rc = strbuf_addf(out, "</b> <font point-size=\"9\" color=\"#475569\">%s</font></td></tr>",
				 size_format(m->mem, size, sizeof(size)));
	for (size_t i = 0; !rc && i < m->interface_count; i++)
		rc = add_interface(out, m->interfaces + i);
	if (!rc)
		rc = add_disks(out, m);
	return rc ? rc : strbuf_adds(out, "</table>>]\n");
}

static int add_domain(struct strbuf *out, const struct lab *lab, size_t index)
{
	const struct lab_domain *d = lab->domains[index];
	char network[PLOT_NETWORK];
	int rc = strbuf_addf(out, "\td%zu [shape=%s, style=filled, fillcolor=\"%s\", "
			     "color=\"%s\", margin=\"0.12,0.06\", label=<<b>", index,
			     d->type == LAB_HUB ? "ellipse" : "hexagon",
			     d->type == LAB_HUB ? "#fef3c7" : "#dcfce7",
			     d->type == LAB_HUB ? "#b45309" : "#15803d");

	if (!rc)
		rc = add_html(out, d->name);
	if (!rc)
		rc = strbuf_addf(out, "</b><br/><font point-size=\"9\">%s%s%s</font>>]\n",
				 d->type == LAB_HUB ? "hub" : "switch",
				 *plot_network(lab, d, network) ? "<br/>" : "", network);
	if (!rc && d->tap)
		rc = strbuf_addf(out,
				 "\tt%zu [shape=house, style=filled, fillcolor=\"#f1f5f9\", "
				 "color=\"#475569\", label=\"host\\n%s\"]\n\td%zu -- t%zu\n", index, d->tap,
				 index, index);
	return rc;
}

static int add_wires(struct strbuf *out, const struct lab *lab, const struct lab_machine *m)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < m->interface_count; i++) {
		const struct lab_interface *f = m->interfaces + i;

		if (!f->domain) {
			rc = strbuf_addf(out,
					 "\tt%zu_%u [shape=house, style=filled, fillcolor=\"#f1f5f9\", "
					 "color=\"#475569\", label=\"host\\n%s\"]\n"
					 "\tm%zu -- t%zu_%u [taillabel=\"eth%u\"]\n",
					 m->order, f->index, f->tap, m->order, m->order, f->index,
					 f->index);
			continue;
		}
		for (size_t k = 0; !rc && k < lab->domain_count; k++)
			if (lab->domains[k] == f->domain)
				rc = strbuf_addf(out, "\tm%zu -- d%zu [taillabel=\"eth%u\"]\n",
						 m->order, k, f->index);
	}
	return rc;
}

/* A disk that several machines have, and their wires to it. */
static int add_shared_disk(struct strbuf *out, const struct lab *lab, size_t index)
{
	const struct lab_disk *d = lab->disks[index];
	char size[32] = "";
	int rc;

	if (d->users < 2)
		return 0;
	rc = strbuf_addf(out, "\ts%zu [shape=cylinder, style=filled, fillcolor=\"#ede9fe\", "
			 "color=\"#6d28d9\", margin=\"0.12,0.08\", label=\"", index);
	if (!rc)
		rc = add_quoted(out, d->file);
	if (!rc)
		rc = strbuf_addf(out, "%s%s\"]\n", d->size ? "\\n" : "",
				 d->size ? size_format(d->size, size, sizeof(size)) : "");
	for (size_t i = 0; !rc && i < lab->machine_count; i++) {
		const struct lab_machine *m = lab->machines[i];

		for (size_t k = 0; !rc && k < m->disk_count; k++)
			if (m->disks[k].disk == d)
				rc = strbuf_addf(out,
						 "\tm%zu -- s%zu [taillabel=\"ubd%u\", "
						 "color=\"#6d28d9\"]\n", m->order, index,
						 m->disks[k].index);
	}
	return rc;
}

static int add_graph(struct strbuf *out, const struct lab *lab)
{
	bool large = lab->machine_count + lab->domain_count > LARGE;
	int rc = strbuf_addf(out, "graph lab {\n\tgraph [layout=%s, splines=%s]\n%s",
			     large ? "sfdp" : "neato", large ? "line" : "true", head);

	if (!rc)
		rc = strbuf_adds(out, "\tlabel=\"");
	if (!rc)
		rc = add_quoted(out, lab->name);
	if (!rc)
		rc = strbuf_adds(out, "\"\n");
	for (size_t i = 0; !rc && i < lab->domain_count; i++)
		rc = add_domain(out, lab, i);
	for (size_t i = 0; !rc && i < lab->machine_count; i++)
		rc = add_machine(out, lab->machines[i]);
	for (size_t i = 0; !rc && i < lab->machine_count; i++)
		rc = add_wires(out, lab, lab->machines[i]);
	for (size_t i = 0; !rc && i < lab->cable_count; i++) {
		const struct lab_cable *c = lab->cables[i];

		rc = strbuf_addf(out,
				 "\tm%zu -- m%zu [style=dashed, color=\"#b91c1c\", len=3.4, "
				 "taillabel=\"serial%u\", headlabel=\"serial%u\"]\n",
				 c->ends[0].machine->order, c->ends[1].machine->order,
				 c->ends[0].serial, c->ends[1].serial);
	}
	for (size_t i = 0; !rc && i < lab->disk_count; i++)
		rc = add_shared_disk(out, lab, i);
	return rc ? rc : strbuf_adds(out, "}\n");
}

int plot_dot(const struct lab *lab, struct strbuf *out, struct error *err)
{
	return add_graph(out, lab) ? error_nomem(err) : 0;
}
