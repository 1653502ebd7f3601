/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces: collision domains, MAC and other addresses, taps. */
#include <arpa/inet.h>
#include <ext2fs/ext2fs.h>

#include "labpack/conf.h"

static struct lab_interface *find(struct lab_machine *m, unsigned int index)
{
	for (size_t i = 0; i < m->interface_count; i++)
		if (m->interfaces[i].index == index)
			return m->interfaces + i;
	return NULL;
}

/* Kept sorted by index. */
static int add(struct conf *c, struct lab_machine *m, unsigned int index, struct lab_interface **out)
{
	struct lab_interface *grown;
	size_t at = m->interface_count;

	*out = NULL;
	if (find(m, index))
		return conf_fail(c, -ERR_CONFLICT, 0, "%s has two interfaces %u", m->name, index);
	grown = reallocarray(m->interfaces, m->interface_count + 1, sizeof(*grown));
	if (!grown)
		return conf_nomem(c);
	m->interfaces = grown;
	while (at && grown[at - 1].index > index)
		at--;
	memmove(grown + at + 1, grown + at, (m->interface_count - at) * sizeof(*grown));
	grown[at] = (struct lab_interface){ .index = index };
	m->interface_count++;
	*out = grown + at;
	return 0;
}

/* Is this the first or the last address of its network, which no host may have? */
static bool is_end_of_network(uint32_t address, unsigned int prefix)
{
	uint32_t host = address & (((uint32_t)1 << (32 - prefix)) - 1);

	return !host || host == ((uint32_t)1 << (32 - prefix)) - 1;
}

/* Of two IPv4 addresses: of the smallest network in which both are hosts. 0: there is none. */
static unsigned int common_prefix(const char *one, const char *other)
{
	struct in_addr a, b;
	unsigned int prefix = 30;

	if (inet_pton(AF_INET, one, &a) != 1 || inet_pton(AF_INET, other, &b) != 1)
		return 0;
	while (prefix && ((ntohl(a.s_addr) ^ ntohl(b.s_addr)) >> (32 - prefix) ||
			  is_end_of_network(ntohl(a.s_addr), prefix) ||
			  is_end_of_network(ntohl(b.s_addr), prefix)))
		prefix--;
	return prefix;
}

/* Netkit's "tap,10.0.0.1,10.0.0.2": a device on the host, its address, the guest's. */
static int set_netkit_tap(struct conf *c, struct lab_interface *i, const struct assignment *a,
			  char *host, char *guest)
{
	char *more = strchr(guest, ','), network[8] = "";
	char host_text[64], guest_text[64];
	unsigned int prefix;

	if (more || !conf_address_is_valid(host, true) || !conf_address_is_valid(guest, true))
		return conf_fail(c, -ERR_FORMAT, a->line,
				 "%s[%s]: '%s' is not like tap,10.0.0.1,10.0.0.2 (the host's address, "
				 "the guest's)", a->name, a->option, a->value);
	/* Both ends must find each other without a route. */
	prefix = common_prefix(host, guest);
	if (prefix)
		snprintf(network, sizeof(network), "/%u", prefix);
	snprintf(host_text, sizeof(host_text), "%s%s", host, network);
	snprintf(guest_text, sizeof(guest_text), "%s%s", guest, network);
	if (strlist_add(&i->addresses, guest_text))
		return conf_nomem(c);
	return conf_set_text(c, &i->tap_address, host_text);
}

/* "tap-MACHINE-N", cut to what a device's name may have; digits of a digest keep it the only one. */
static int name_tap(struct conf *c, const struct lab_machine *m, struct lab_interface *i)
{
	unsigned char digest[EXT2FS_SHA512_LENGTH];
	char name[32];

	snprintf(name, sizeof(name), "tap-%.10s-%u", m->name, i->index);
	if (strlen(m->name) > 8 || strlen(name) > 15) {
		ext2fs_sha512((const unsigned char *)m->name, strlen(m->name), digest);
		snprintf(name, sizeof(name), "tap%02x%02x%02x%02x-%u", digest[0], digest[1], digest[2],
			 digest[3], i->index);
	}
	return conf_set_text(c, &i->tap, name);
}

static int set_mac(struct conf *c, struct lab_interface *i, const struct assignment *a,
		   const char *text)
{
	if (!conf_mac_parse(text, i->mac))
		return conf_fail(c, -ERR_FORMAT, a->line,
				 "%s[%s]: '%s' is no MAC address of one interface (02:00:00:00:00:01)",
				 a->name, a->option, text);
	i->mac_given = true;
	return 0;
}

int conf_interface(struct conf *c, struct lab_machine *m, const struct assignment *a,
		   unsigned int index)
{
	char *copy = strdup(a->value), *slash, *comma, *second;
	struct lab_domain *domain;
	struct lab_interface *i;
	int rc;

	if (!copy)
		return conf_nomem(c);
	rc = add(c, m, index, &i);
	if (rc)
		goto out;
	slash = strchr(copy, '/');
	comma = strchr(copy, ',');
	if (comma && (!slash || slash > comma)) {
		*comma = '\0';
		second = strchr(comma + 1, ',');
		if (second)
			*second++ = '\0';
		rc = set_netkit_tap(c, i, a, comma + 1, second ? second : comma);
		if (!rc)
			rc = name_tap(c, m, i);
	} else {
		if (slash) {
			*slash = '\0';
			rc = set_mac(c, i, a, slash + 1);
		}
		if (!rc)
			rc = conf_domain(c, copy, a->line, &domain);
		if (!rc)
			i->domain = domain;
	}
out:
	free(copy);
	return rc;
}

int conf_interface_address(struct conf *c, struct lab_machine *m, const struct assignment *a,
			   unsigned int index)
{
	char *copy = strdup(a->value), *save = NULL;
	struct lab_interface *i = find(m, index);
	int rc = copy ? 0 : conf_nomem(c);

	if (!rc && !i)
		rc = conf_fail(c, -ERR_NOT_FOUND, a->line, "%s[%s]: %s has no interface %u", a->name,
			       a->option, m->name, index);
	for (char *p = copy; !rc && (p = strtok_r(p, ", ", &save)); p = NULL) {
		if (!conf_address_is_valid(p, false))
			rc = conf_fail(c, -ERR_FORMAT, a->line,
				       "%s[%s]: '%s' is no address like 10.0.0.1/24", a->name,
				       a->option, p);
		else if (strlist_add(&i->addresses, p))
			rc = conf_nomem(c);
	}
	if (!rc && !i->addresses.count)
		rc = conf_fail(c, -ERR_FORMAT, a->line, "%s[%s] has no address", a->name, a->option);
	free(copy);
	return rc;
}

int conf_interface_tap(struct conf *c, struct lab_machine *m, const struct assignment *a)
{
	unsigned int index = m->interface_count ? m->interfaces[m->interface_count - 1].index + 1 : 0;
	struct lab_interface *i;
	int rc;

	if (!conf_tap_name_is_valid(a->value))
		return conf_fail(c, -ERR_FORMAT, a->line, "%s[tap]: '%s' is no name of a device",
				 a->name, a->value);
	if (index > LAB_INTERFACE_MAX)
		return conf_fail(c, -ERR_LIMIT, a->line, "%s[tap]: no interface behind %u is left",
				 a->name, LAB_INTERFACE_MAX);
	rc = add(c, m, index, &i);
	return rc ? rc : conf_set_text(c, &i->tap, a->value);
}

/* The same lab has the same addresses, wherever and whenever it is started. */
int conf_interfaces_settle(struct conf *c, struct lab_machine *m)
{
	unsigned char digest[EXT2FS_SHA512_LENGTH];

	for (size_t n = 0; n < m->interface_count; n++) {
		struct lab_interface *i = m->interfaces + n;
		struct strbuf key = STRBUF_INIT;

		if (i->mac_given)
			continue;
		if (strbuf_addf(&key, "%s\n%s\n%u", c->lab->name, m->name, i->index))
			return conf_nomem(c);
		ext2fs_sha512((const unsigned char *)key.data, key.len, digest);
		strbuf_release(&key);
		i->mac[0] = 0x02;
		memcpy(i->mac + 1, digest, 5);
	}
	return 0;
}
