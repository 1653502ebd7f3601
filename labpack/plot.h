/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack plot: pictures of a lab. */
#ifndef LABPACK_PLOT_H
#define LABPACK_PLOT_H

#include "labpack/lab.h"

/* The graph in graphviz' language: machines, interfaces, collision domains, cables, shared disks. */
int plot_dot(const struct lab *lab, struct strbuf *out, struct error *err) MUST_USE;
/*
 * The same in letters: collision domains are vertical lines, machines are beside them.
 * Where that is wider than so many columns, a list.
 */
int plot_ascii(const struct lab *lab, size_t columns, struct strbuf *out,
	       struct error *err) MUST_USE;

/* "10.0.0.0/24" when all known IPv4 addresses on it agree, else "". buf holds PLOT_NETWORK bytes. */
#define PLOT_NETWORK 24
const char *plot_network(const struct lab *lab, const struct lab_domain *d, char buf[PLOT_NETWORK]);

#endif
