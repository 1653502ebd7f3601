/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of lab.conf: what is let through. Much of it ends up in a shell script and in paths. */
#include <arpa/inet.h>
#include <ctype.h>

#include "common/number.h"
#include "labpack/conf.h"

#define DOMAIN_NAME_MAX 64
#define TAP_NAME_MAX 15 /* IFNAMSIZ - 1 */

int conf_set_text(struct conf *c, char **field, const char *value)
{
	free(*field);
	*field = strdup(value);
	return *field ? 0 : conf_nomem(c);
}

/* Bytes of the UTF-8 character at s; 0 when it is none, or a control character. */
static size_t utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0xe0, 0xc0, 0xa0 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (size_t i = 0; i < 3; i++) {
		uint32_t code = s[0] & (unsigned char)~forms[i].mask;

		if ((s[0] & forms[i].mask) != forms[i].lead)
			continue;
		for (size_t k = 1; k <= i + 1; k++) {
			if ((s[k] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (s[k] & 0x3f);
		}
		if (code < forms[i].least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return 0;
		return i + 2;
	}
	return 0;
}

bool conf_is_utf8(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s) {
		size_t step = *s < 0x80 ? 1 : utf8_length(s);

		if (!step)
			return false;
		s += step;
	}
	return true;
}

bool conf_domain_name_is_valid(const char *name)
{
	const unsigned char *s = (const unsigned char *)name;
	size_t n = strlen(name);

	if (!n || n > DOMAIN_NAME_MAX || strchr(".-+@:", *name))
		return false;
	while (*s) {
		size_t step = *s < 0x80 ? isalnum(*s) || strchr("_.-+@:", *s) : utf8_length(s);

		if (!step)
			return false;
		s += step;
	}
	return true;
}

bool conf_tap_name_is_valid(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > TAP_NAME_MAX || !isalnum((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_.-", *name))
			return false;
	return true;
}

bool conf_mac_parse(const char *text, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++, text += 3) {
		char pair[3] = "";
		char *end;

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return false;
		memcpy(pair, text, 2);
		mac[i] = (uint8_t)strtoul(pair, &end, 16);
		if (i < 5 ? text[2] != ':' && text[2] != '-' : text[2] != '\0')
			return false;
	}
	/* Not a group's, and not nobody's. */
	return !(mac[0] & 1) && memcmp(mac, "\0\0\0\0\0", 6) != 0;
}

bool conf_address_is_valid(const char *text, bool bare)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	unsigned char buf[16];
	uint64_t bits;
	bool six;

	if (!n || n >= sizeof(host) || (!slash && !bare))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	six = strchr(host, ':') != NULL;
	if (inet_pton(six ? AF_INET6 : AF_INET, host, buf) != 1)
		return false;
	return !slash || !number_parse(slash + 1, 0, six ? 128 : 32, &bits);
}

int conf_file_check(struct conf *c, const struct assignment *a, const char *file)
{
	if (!*file)
		return conf_fail(c, -ERR_FORMAT, a->line, "%s[%s] names no file", a->name, a->option);
	/* They stand in the start line of a guest, where a comma ends a file's name. */
	for (const char *p = file; *p; p++)
		if (strchr(",\"'`$\\", *p))
			return conf_fail(c, -ERR_FORMAT, a->line,
					 "%s[%s]: a file name with '%c' cannot be passed to a guest",
					 a->name, a->option, *p);
	for (const char *p = file; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && !memcmp(p, "..", 2))
			return conf_fail(c, -ERR_ESCAPE, a->line,
					 "%s[%s]: '%s' leaves the lab's folder with '..'", a->name,
					 a->option, file);
		p += n + (p[n] == '/');
	}
	return 0;
}

int conf_bool(struct conf *c, const struct assignment *a, bool *out)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < 4; i++) {
		if (!strcasecmp(a->value, yes[i]) || !strcasecmp(a->value, no[i])) {
			*out = !strcasecmp(a->value, yes[i]);
			return 0;
		}
	}
	return conf_fail(c, -ERR_FORMAT, a->line, "%s[%s]: '%s' is neither yes nor no", a->name,
			 a->option, a->value);
}

int conf_size(struct conf *c, const struct assignment *a, uint64_t unit, uint64_t min, uint64_t max,
	      uint64_t *out)
{
	char low[32], high[32];
	uint64_t number;
	int rc;

	/* A number alone counts units: mem=64 means megabytes in Netkit. */
	rc = number_parse(a->value, 0, UINT64_MAX / unit, &number);
	if (!rc) {
		*out = number * unit;
		rc = *out < min || *out > max ? -ERR_LIMIT : 0;
	} else if (rc == -ERR_FORMAT) {
		rc = size_parse(a->value, min, max, out);
	}
	if (rc == -ERR_LIMIT)
		return conf_fail(c, rc, a->line, "%s[%s]: '%s' is out of range (%s to %s)", a->name,
				 a->option, a->value, size_format(min, low, sizeof(low)),
				 size_format(max, high, sizeof(high)));
	if (rc)
		return conf_fail(c, rc, a->line,
				 "%s[%s]: '%s' is not a size (a number and K, M, G or T)", a->name,
				 a->option, a->value);
	return 0;
}
