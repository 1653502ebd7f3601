/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab.dep on any bytes: what is taken names machines of the lab, and nobody waits for himself. */
#include <stdint.h>
#include <stdlib.h>

#include "labpack/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_machine(const struct lab *lab, const struct lab_machine *m)
{
	for (size_t i = 0; i < m->depend_count; i++)
		if (m->depends[i] == m || lab_machine_find(lab, m->depends[i]->name) != m->depends[i])
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] = "LAB_MACHINES=a,b,c,d\nLAB[base]=r.img\na[0]=A\nb[0]=A\nc[0]=A\nd[0]=A\n";
	struct error err = ERROR_INIT;
	struct conf c = { .err = &err };

	if (lab_parse(&c.lab, text, sizeof(text) - 1, "fuzz", 0, &err))
		abort();
	if (!conf_depends(&c, (const char *)data, size, "lab.dep"))
		for (size_t i = 0; i < c.lab->machine_count; i++)
			check_machine(c.lab, c.lab->machines[i]);
	lab_free(c.lab);
	error_release(&err);
	return 0;
}
