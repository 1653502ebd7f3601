/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of a machine, one table: names, and what stores them. */
#include <ctype.h>

#include "common/number.h"
#include "common/suggest.h"
#include "labpack/conf.h"

#define MIB ((uint64_t)1 << 20)

struct conf_option {
	const char *name; /* '#' stands for a number */
	int (*set)(struct conf *c, struct lab_machine *m, const struct assignment *a,
		   unsigned int number);
	unsigned int least, most; /* of the number */
	bool for_all; /* LAB[option] is the default of all machines */
	bool repeats; /* each line adds */
};

static int set_interface(struct conf *c, struct lab_machine *m, const struct assignment *a,
			 unsigned int number)
{
	return conf_interface(c, m, a, number);
}

static int set_address(struct conf *c, struct lab_machine *m, const struct assignment *a,
		       unsigned int number)
{
	return conf_interface_address(c, m, a, number);
}

static int set_tap(struct conf *c, struct lab_machine *m, const struct assignment *a,
		   unsigned int number)
{
	return conf_interface_tap(c, m, a);
}

static int set_base(struct conf *c, struct lab_machine *m, const struct assignment *a,
		    unsigned int number)
{
	int rc = conf_file_check(c, a, a->value);

	return rc ? rc : conf_set_text(c, &m->base, a->value);
}

static int set_kernel(struct conf *c, struct lab_machine *m, const struct assignment *a,
		      unsigned int number)
{
	int rc = conf_file_check(c, a, a->value);

	return rc ? rc : conf_set_text(c, &m->kernel, a->value);
}

static int set_image(struct conf *c, struct lab_machine *m, const struct assignment *a,
		     unsigned int number)
{
	return conf_set_text(c, &m->image, a->value);
}

static int set_mem(struct conf *c, struct lab_machine *m, const struct assignment *a,
		   unsigned int number)
{
	return conf_size(c, a, MIB, 8 * MIB, 1024 * 1024 * MIB, &m->mem);
}

static int set_cpus(struct conf *c, struct lab_machine *m, const struct assignment *a,
		    unsigned int number)
{
	uint64_t cpus;
	int rc = number_parse(a->value, 1, 64, &cpus);

	/* Kathará's is a share of the host's processors: 0.5 and the like. */
	if (rc == -ERR_FORMAT && *a->value && !a->value[strspn(a->value, "0123456789.")])
		return conf_warn(c, a->line, "%s[cpus]: '%s' is no whole number; it stays 1",
				 a->name, a->value);
	if (rc)
		return conf_fail(c, rc, a->line, "%s[cpus]: '%s' is no number from 1 to 64", a->name,
				 a->value);
	m->cpus = (unsigned int)cpus;
	return 0;
}

static int set_append(struct conf *c, struct lab_machine *m, const struct assignment *a,
		      unsigned int number)
{
	return conf_set_text(c, &m->append, a->value);
}

static int set_console(struct conf *c, struct lab_machine *m, const struct assignment *a,
		       unsigned int number)
{
	static const char *const words[] = { [LAB_CONSOLE_LAB] = "lab", [LAB_CONSOLE_XTERM] = "xterm",
					     [LAB_CONSOLE_NONE] = "none" };

	for (size_t i = 0; i < 3; i++)
		if (!strcmp(a->value, words[i])) {
			m->console = (enum lab_console)i;
			return 0;
		}
	/* Other values of Netkit's con0 name terminals of the person who starts it. */
	if (!strcmp(a->option, "con0"))
		return conf_warn(c, a->line, "%s[con0]: '%s' is taken as 'lab'", a->name, a->value);
	return conf_fail(c, -ERR_FORMAT, a->line, "%s[%s]: '%s' is not one of: lab xterm none",
			 a->name, a->option, a->value);
}

static int set_watchdog(struct conf *c, struct lab_machine *m, const struct assignment *a,
			unsigned int number)
{
	return conf_bool(c, a, &m->watchdog);
}

static int set_ipv6(struct conf *c, struct lab_machine *m, const struct assignment *a,
		    unsigned int number)
{
	bool on = false;
	int rc = conf_bool(c, a, &on);

	m->ipv6 = on;
	return rc;
}

static int set_sysctl(struct conf *c, struct lab_machine *m, const struct assignment *a,
		      unsigned int number)
{
	size_t n = strspn(a->value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/");

	if (!n || a->value[n] != '=' || strpbrk(a->value + n, "'\"`$\\"))
		return conf_fail(c, -ERR_FORMAT, a->line, "%s[sysctl]: '%s' is not like name=value",
				 a->name, a->value);
	return strlist_add(&m->sysctls, a->value) ? conf_nomem(c) : 0;
}

/* The disk that this and other lines tell of. */
static int find_disk(struct conf *c, struct lab_machine *m, const struct assignment *a,
		     unsigned int number, struct conf_disk **d)
{
	for (size_t i = 0; i < c->disk_count; i++) {
		*d = c->disks + i;
		if ((*d)->machine == m && (*d)->index == number)
			return 0;
	}
	if (array_grow((void **)&c->disks, c->disk_count, &c->disk_capacity, sizeof(*c->disks)))
		return conf_nomem(c);
	*d = c->disks + c->disk_count++;
	**d = (struct conf_disk){ .machine = m, .index = number, .line = a->line, .filesystem = -1 };
	return 0;
}

static int set_disk(struct conf *c, struct lab_machine *m, const struct assignment *a,
		    unsigned int number)
{
	struct conf_disk *d;
	int rc = conf_file_check(c, a, a->value);

	if (!rc)
		rc = find_disk(c, m, a, number, &d);
	if (!rc)
		d->file = a->value;
	return rc;
}

static int set_disk_size(struct conf *c, struct lab_machine *m, const struct assignment *a,
			 unsigned int number)
{
	struct conf_disk *d;
	int rc = find_disk(c, m, a, number, &d);

	return rc ? rc : conf_size(c, a, 1, MIB, MIB << 24, &d->size);
}

static int set_disk_fs(struct conf *c, struct lab_machine *m, const struct assignment *a,
		       unsigned int number)
{
	struct conf_disk *d;
	int rc = find_disk(c, m, a, number, &d);

	if (rc)
		return rc;
	for (unsigned int i = 0; i < LAB_FS_UNSAID; i++) {
		if (!strcmp(a->value, lab_filesystem_names[i])) {
			d->filesystem = (int)i;
			return 0;
		}
	}
	return conf_fail(c, -ERR_FORMAT, a->line, "%s[%s]: '%s' is not one of: none ext2 ext3 ext4",
			 a->name, a->option, a->value);
}

static int set_serial(struct conf *c, struct lab_machine *m, const struct assignment *a,
		      unsigned int number)
{
	if (array_grow((void **)&c->serials, c->serial_count, &c->serial_capacity,
		       sizeof(*c->serials)))
		return conf_nomem(c);
	c->serials[c->serial_count++] = (struct conf_serial){ .machine = m, .index = number,
							       .line = a->line, .other = a->value };
	return 0;
}

static const struct conf_option options[] = {
	{ "#", set_interface, 0, LAB_INTERFACE_MAX, false, false },
	{ "address#", set_address, 0, LAB_INTERFACE_MAX, false, false },
	{ "tap", set_tap, 0, 0, false, false },
	{ "base", set_base, 0, 0, true, false },
	{ "image", set_image, 0, 0, true, false },
	{ "kernel", set_kernel, 0, 0, true, false },
	{ "mem", set_mem, 0, 0, true, false },
	{ "cpus", set_cpus, 0, 0, true, false },
	{ "append", set_append, 0, 0, true, false },
	{ "console", set_console, 0, 0, true, false },
	{ "con0", set_console, 0, 0, true, false },
	{ "watchdog", set_watchdog, 0, 0, true, false },
	{ "ipv6", set_ipv6, 0, 0, true, false },
	{ "sysctl", set_sysctl, 0, 0, true, true },
	{ "ubd#", set_disk, 1, LAB_DISK_MAX, false, false },
	{ "ubd#-size", set_disk_size, 1, LAB_DISK_MAX, false, false },
	{ "ubd#-fs", set_disk_fs, 1, LAB_DISK_MAX, false, false },
	{ "serial#", set_serial, 0, LAB_SERIAL_MAX, false, false },
	{ NULL, NULL, 0, 0, false, false },
};

/* Of Kathará and Netkit; said once for each, however many machines have it. */
static const struct {
	const char *name, *why;
} impossible[] = {
	{ "bridged", "a guest reaches the host's network only by a tap device ([tap], which root makes)" },
	{ "port", "a guest has no ports on the host without a tap device ([tap], which root makes)" },
	{ "num_terms", "each machine has one console ('lab console' attaches to it)" },
	{ "shell", "the guest's own login decides" },
	{ "exec", "write the command into MACHINE.startup" },
	{ "env", "write the variable into MACHINE.startup" },
	{ "ulimit", "write the limit into MACHINE.startup" },
	{ "volume", "a guest shares no folder with the host; MACHINE/ is copied into its disk" },
	{ "entrypoint", "a guest boots its own init" },
	{ "args", "a guest boots its own init" },
	{ "privileged", "a guest has its own kernel" },
	{ "hosthome_mount", "a guest shares no folder with the host" },
	{ "shared_mount", "a guest shares no folder with the host" },
	{ "con1", "each machine has one console ('lab console' attaches to it)" },
	{ "filesystem", "[base] names the image under the machine's disk" },
	{ "model-fs", "[base] names the image under the machine's disk" },
	{ "no-cow", "a machine writes into a disk of its own, never into its base" },
	{ "modules", "the kernel's modules are part of the base image" },
	{ "hosthome", "a guest shares no folder with the host" },
	{ "hostlab", "a guest shares no folder with the host" },
	{ "hostwd", "a guest shares no folder with the host" },
	{ "no-hosthome", "a guest shares no folder with the host anyway" },
	{ "ports", "a guest has no ports on the host without a tap device ([tap], which root makes)" },
	{ "xterm", "set XTERM in the environment of the terminal" },
	{ "user", "the start script runs as the person who starts it" },
};

/* Does text fit the pattern? *number is UINT32_MAX when it has more digits than any range. */
static bool fits(const char *pattern, const char *text, unsigned int *number)
{
	char digits[11];
	uint64_t value;
	size_t n;

	*number = 0;
	for (; *pattern; pattern++) {
		if (*pattern != '#') {
			if (*text++ != *pattern)
				return false;
			continue;
		}
		n = strspn(text, "0123456789");
		if (!n)
			return false;
		snprintf(digits, sizeof(digits), "%.*s", n < sizeof(digits) ? (int)n : 0, text);
		*number = number_parse(digits, 0, UINT32_MAX, &value) ? UINT32_MAX :
									(unsigned int)value;
		text += n;
	}
	return !*text;
}

const struct conf_option *conf_option_find(const char *text, unsigned int *number)
{
	for (const struct conf_option *o = options; o->name; o++)
		if (fits(o->name, text, number))
			return o;
	return NULL;
}

const char *conf_option_name(size_t i)
{
	size_t n = sizeof(options) / sizeof(*options) - 1;

	if (i < n)
		return options[i].name;
	return i - n < sizeof(impossible) / sizeof(*impossible) ? impossible[i - n].name : NULL;
}

const char *conf_option_suggest(const char *text)
{
	struct suggestion s = suggestion_for(text);
	const char *name;

	for (size_t i = 0; (name = conf_option_name(i)); i++)
		suggestion_offer(&s, name);
	return s.best;
}

bool conf_option_for_all(const struct conf_option *o)
{
	return o->for_all;
}

bool conf_option_repeats(const char *text)
{
	unsigned int number;
	const struct conf_option *o = conf_option_find(text, &number);

	return !o || o->repeats;
}

int conf_option_set(struct conf *c, const struct conf_option *o, struct lab_machine *m,
		    const struct assignment *a, unsigned int number)
{
	if (number > o->most || number < o->least)
		return conf_fail(c, -ERR_LIMIT, a->line,
				 "%s[%s]: the number is out of range (%u to %u)", a->name, a->option,
				 o->least, o->most);
	return o->set(c, m, a, number);
}

const char *conf_option_impossible(const char *text)
{
	for (size_t i = 0; i < sizeof(impossible) / sizeof(*impossible); i++)
		if (!strcmp(impossible[i].name, text))
			return impossible[i].why;
	return NULL;
}
