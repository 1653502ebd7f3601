/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab.conf on any bytes: what is taken keeps to what labpack/lab.h promises. */
#include <assert.h>
#include <ctype.h>

#include "common/hostname.h"
#include "labpack/lab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* It goes into a shell script and into the start line of a guest. */
static void check_file(const char *file)
{
	assert(*file && !strpbrk(file, ",\"'`$\\\n") && strncmp(file, "../", 3) != 0 &&
	       strcmp(file, "..") != 0 && !strstr(file, "/../"));
}

static void check_interfaces(const struct lab_machine *m)
{
	for (size_t i = 0; i < m->interface_count; i++) {
		const struct lab_interface *f = m->interfaces + i;

		assert(f->index <= LAB_INTERFACE_MAX && !(f->mac[0] & 1));
		assert(!i || f->index > f[-1].index);
		assert(f->domain ? !f->tap : f->tap != NULL && strlen(f->tap) < 16);
	}
}

static void check_machine(const struct lab *lab, const struct lab_machine *m)
{
	assert(lab_machine_name_is_valid(m->name) && lab_machine_find(lab, m->name) == m);
	assert(lab->machines[m->order] == m && m->mem && m->cpus);
	check_interfaces(m);
	if (m->base)
		check_file(m->base);
	if (m->kernel)
		check_file(m->kernel);
	for (size_t i = 0; i < m->disk_count; i++) {
		assert(m->disks[i].index >= 1 && m->disks[i].index <= LAB_DISK_MAX);
		assert(!i || m->disks[i].index > m->disks[i - 1].index);
		check_file(m->disks[i].disk->file);
	}
	for (size_t i = 0; i < m->serial_count; i++) {
		const struct lab_serial *s = m->serials + i;

		assert(s->index <= LAB_SERIAL_MAX && s->cable->ends[s->end].machine == m);
		assert(s->cable->ends[s->end].serial == s->index);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	struct lab *lab;

	if (!lab_parse(&lab, (const char *)data, size, "fuzz", 0, &err)) {
		for (size_t i = 0; i < lab->machine_count; i++)
			check_machine(lab, lab->machines[i]);
		for (size_t i = 0; i < lab->domain_count; i++)
			assert(*lab->domains[i]->name && !strpbrk(lab->domains[i]->name, "/ '\"\n"));
		lab_free(lab);
	} else {
		assert(!lab && err.code < 0 && err.what);
	}
	error_release(&err);
	return 0;
}
