/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses that MACHINE.startup sets with ip or ifconfig, for pictures and
 * /etc/hosts: most labs have them there and nowhere else. Only plain words are
 * understood; a script that computes its addresses keeps them for itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/number.h"
#include "labpack/conf.h"

#define WORDS_MAX 24

/* "eth1", "eth1:0" */
static struct lab_interface *interface_of(struct lab_machine *m, const char *word)
{
	char name[16];

	for (size_t i = 0; i < m->interface_count; i++) {
		size_t n = (size_t)snprintf(name, sizeof(name), "eth%u", m->interfaces[i].index);

		if (!strncmp(word, name, n) && (!word[n] || word[n] == ':'))
			return m->interfaces + i;
	}
	return NULL;
}

static int add_seen(struct conf *c, struct lab_interface *i, const char *address,
		    unsigned int prefix)
{
	char text[INET6_ADDRSTRLEN + 8];
	int n = prefix ? snprintf(text, sizeof(text), "%s/%u", address, prefix) :
			 snprintf(text, sizeof(text), "%s", address);

	if (n < 0 || (size_t)n >= sizeof(text) || !conf_address_is_valid(text, true) ||
	    strlist_find(&i->addresses, text) >= 0 || strlist_find(&i->seen, text) >= 0)
		return 0;
	return strlist_add(&i->seen, text) ? conf_nomem(c) : 0;
}

/* Of an IPv4 address without one: as its class had it, which is what ifconfig takes. */
static unsigned int class_prefix(const char *address)
{
	struct in_addr in;

	if (inet_pton(AF_INET, address, &in) != 1)
		return 0;
	return ntohl(in.s_addr) >> 31 == 0 ? 8 : ntohl(in.s_addr) >> 30 == 2 ? 16 : 24;
}

/* 0 when it is no mask. */
static unsigned int mask_prefix(const char *mask)
{
	struct in_addr in;
	uint32_t bits;

	if (inet_pton(AF_INET, mask, &in) != 1)
		return 0;
	bits = ntohl(in.s_addr);
	return bits && !(~bits & (~bits + 1)) ? (unsigned int)__builtin_popcount(bits) : 0;
}

/* ifconfig eth0 10.0.0.1[/24] [netmask 255.255.255.0] ...; ifconfig eth0 [inet6] add fd00::1/64 */
static int read_ifconfig(struct conf *c, struct lab_machine *m, char **words, size_t n)
{
	struct lab_interface *i = n > 2 ? interface_of(m, words[1]) : NULL;
	size_t at = 2;
	unsigned int prefix;

	if (!i)
		return 0;
	while (at + 1 < n && (!strcmp(words[at], "inet") || !strcmp(words[at], "inet6") ||
			      !strcmp(words[at], "add")))
		at++;
	prefix = strchr(words[at], '/') ? 0 : class_prefix(words[at]);
	for (size_t k = at + 1; k + 1 < n; k++)
		if (!strcmp(words[k], "netmask"))
			prefix = mask_prefix(words[k + 1]);
	return add_seen(c, i, words[at], prefix);
}

/* ip [-4] addr add 10.0.0.1/24 ... dev eth0 */
static int read_ip(struct conf *c, struct lab_machine *m, char **words, size_t n)
{
	struct lab_interface *i = NULL;
	size_t at = 1;

	while (at < n && words[at][0] == '-')
		at++;
	if (at + 4 > n || strncmp(words[at], "address", strlen(words[at])) != 0 ||
	    (strcmp(words[at + 1], "add") != 0 && strcmp(words[at + 1], "replace") != 0))
		return 0;
	for (size_t k = at + 3; k < n && !i; k++)
		if (strcmp(words[k - 1], "label") != 0)
			i = interface_of(m, words[k]);
	return i ? add_seen(c, i, words[at + 2], 0) : 0;
}

/* One simple command, in place. */
static int read_command(struct conf *c, struct lab_machine *m, char *text)
{
	char *words[WORDS_MAX], *save = NULL, *name;
	size_t n = 0;

	for (char *w = strtok_r(text, " \t\r", &save); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " \t\r", &save)) {
		if (*w == '#' || strpbrk(w, "$`\\"))
			break;
		words[n++] = w;
	}
	if (!n)
		return 0;
	name = strrchr(words[0], '/') ? strrchr(words[0], '/') + 1 : words[0];
	if (!strcmp(name, "ifconfig"))
		return read_ifconfig(c, m, words, n);
	if (!strcmp(name, "ip"))
		return read_ip(c, m, words, n);
	return 0;
}

int conf_startup(struct conf *c, struct lab_machine *m, char *text)
{
	char *save = NULL;
	int rc = 0;

	for (char *p = strtok_r(text, "\n;&|(){}", &save); !rc && p;
	     p = strtok_r(NULL, "\n;&|(){}", &save))
		rc = read_command(c, m, p);
	return rc;
}

/* A script that cannot be read here is told of when it is to be copied. */
static int read_script(struct conf *c, struct lab_machine *m, struct strbuf *text)
{
	char file[LAB_NAME_MAX + 16], *path;
	int fd, rc = 0;
	ssize_t n = -1;

	snprintf(file, sizeof(file), "%s.startup", m->name);
	path = lab_path(c->lab, file);
	if (!path)
		return conf_nomem(c);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	free(path);
	if (fd < 0)
		return 0;
	if (!text->data && strbuf_reserve(text, CONF_MAX_BYTES))
		rc = conf_nomem(c);
	else
		n = pread(fd, text->data, CONF_MAX_BYTES, 0);
	close(fd);
	if (n < 0)
		return rc;
	text->data[n] = '\0';
	return conf_startup(c, m, text->data);
}

int conf_startups(struct conf *c)
{
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	for (size_t i = 0; !rc && i < c->lab->machine_count; i++)
		if (c->lab->machines[i]->has_startup)
			rc = read_script(c, c->lab->machines[i], &text);
	strbuf_release(&text);
	return rc;
}
