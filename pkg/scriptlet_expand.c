/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expansion of a scriptlet's body at installation (%post -e, %post -q).
 *
 * rpmExpand() is not for text out of a package: %(...) and %{lua:...} run
 * programs, here and now and as this user. The macros that packages really
 * defer are folders, and those are constants of the guest.
 */
#include <ctype.h>
#include <rpm/header.h>

#include "common/strbuf.h"
#include "pkg/scriptlet_internal.h"

static const struct {
	const char *name, *value;
} folders[] = {
	{ "_prefix", "/usr" },
	{ "_exec_prefix", "/usr" },
	{ "_bindir", "/usr/bin" },
	{ "_sbindir", "/usr/sbin" },
	{ "_libexecdir", "/usr/libexec" },
	{ "_datadir", "/usr/share" },
	{ "_datarootdir", "/usr/share" },
	{ "_sysconfdir", "/etc" },
	{ "_sharedstatedir", "/var/lib" },
	{ "_localstatedir", "/var" },
	{ "_var", "/var" },
	{ "_usr", "/usr" },
	{ "_rundir", "/run" },
	{ "_tmppath", "/var/tmp" },
	{ "_includedir", "/usr/include" },
	{ "_infodir", "/usr/share/info" },
	{ "_mandir", "/usr/share/man" },
	{ "_docdir", "/usr/share/doc" },
	{ "_initddir", "/etc/rc.d/init.d" },
	{ "_dbpath", "/var/lib/rpm" },
	{ "nil", "" },
};

static const char *folder_find(const char *name, size_t n, bool lib64)
{
	if (n == 4 && strncmp(name, "_lib", n) == 0)
		return lib64 ? "lib64" : "lib";
	if (n == 7 && strncmp(name, "_libdir", n) == 0)
		return lib64 ? "/usr/lib64" : "/usr/lib";
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (strlen(folders[i].name) == n && strncmp(name, folders[i].name, n) == 0)
			return folders[i].value;
	return NULL;
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

/* What the macro at s, behind its '%', stands for; *used: its length. NULL: not ours. */
static const char *macro_value(const char *s, size_t *used, bool lib64)
{
	size_t braces = s[0] == '{', question = 0, n;
	const char *value;

	if (s[0] == '%') {
		*used = 1;
		return "%";
	}
	if (braces && s[1] == '?')
		question = 1;
	n = name_length(s + braces + question);
	if (!n || (braces && s[1 + question + n] != '}'))
		return NULL;
	value = folder_find(s + braces + question, n, lib64);
	*used = n + question + 2 * braces;
	return value;
}

static char *expand_macros(const char *body, bool lib64)
{
	struct strbuf out = STRBUF_INIT;
	int rc = 0;

	while (*body && !rc) {
		size_t plain = strcspn(body, "%"), used = 0;
		const char *value;

		rc = strbuf_add(&out, body, plain);
		body += plain;
		if (rc || !*body)
			break;
		value = macro_value(body + 1, &used, lib64);
		rc = value ? strbuf_adds(&out, value) : strbuf_add(&out, "%", 1);
		body += 1 + used * (value != NULL);
	}
	if (rc) {
		strbuf_release(&out);
		return NULL;
	}
	return strbuf_take(&out);
}

char *scriptlet_expand(const char *body, uint32_t flags, Header h, bool lib64)
{
	char *text = flags & SCRIPT_EXPAND ? expand_macros(body, lib64) : strdup(body);
	char *formatted;

	/* ":expand" would hand the header's text to rpmExpand(). */
	if (!text || !(flags & SCRIPT_QUERYFORMAT) || strstr(text, ":expand"))
		return text;
	formatted = headerFormat(h, text, NULL);
	if (!formatted)
		return text;
	free(text);
	return formatted;
}
