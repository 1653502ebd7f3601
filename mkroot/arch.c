/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rpm's rpmrc says about architectures, as far as packages of them exist. */
#include <errno.h>
#include <sys/utsname.h>

#include "mkroot/profile_keys.h"

static const struct {
	const char *name;
	const char *runs; /* best first */
	uint32_t colour;
} arches[] = {
	{ "x86_64", "x86_64 amd64 i686 i586 i486 i386", 3 },
	{ "athlon", "athlon i686 i586 i486 i386", 0 },
	{ "i686", "i686 i586 i486 i386", 0 },
	{ "i586", "i586 i486 i386", 0 },
	{ "i486", "i486 i386", 0 },
	{ "i386", "i386", 0 },
	{ "ia64", "ia64", 0 },
	{ "aarch64", "aarch64", 3 },
	{ "armv7hl", "armv7hl", 0 },
	{ "ppc64le", "ppc64le", 0 },
	{ "ppc64", "ppc64 ppc", 3 },
	{ "ppc", "ppc", 0 },
	{ "s390x", "s390x s390", 3 },
	{ "s390", "s390", 0 },
	{ "sparc64", "sparc64 sparcv9 sparc", 3 },
	{ "sparc", "sparc", 0 },
};

int arch_compatible(const char *arch, struct strlist *out)
{
	const char *runs = arch;
	size_t len;

	for (size_t i = 0; i < sizeof(arches) / sizeof(arches[0]); i++)
		if (!strcmp(arches[i].name, arch))
			runs = arches[i].runs;
	for (; *runs; runs += len + (runs[len] == ' ')) {
		len = strcspn(runs, " ");
		if (strlist_addf(out, "%.*s", (int)len, runs))
			return -ENOMEM;
	}
	return 0;
}

uint32_t arch_colour(const char *arch)
{
	for (size_t i = 0; i < sizeof(arches) / sizeof(arches[0]); i++)
		if (!strcmp(arches[i].name, arch))
			return arches[i].colour;
	return 0;
}

bool arch_is_big_endian(const char *arch)
{
	static const char *const names[] = { "ppc",  "ppc64",  "ppc64p7", "ppciseries", "ppcpseries",
					     "s390", "s390x",  "sparc",	  "sparcv8",	"sparcv9",
					     "m68k", "sparc64", "sparcv9v", "hppa",	"armeb" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], arch))
			return true;
	return false;
}

const char *arch_of_host(void)
{
	static struct utsname host;
	static const char *const names[][2] = {
		{ "armv7l", "armv7hl" },
		{ "armv8l", "armv7hl" },
	};

	if (uname(&host))
		return "noarch";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(host.machine, names[i][0]))
			return names[i][1];
	return host.machine;
}
