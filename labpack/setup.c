/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host name and addresses, written where the machine's own system looks for them. */
#include "labpack/setup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/stat.h>

#include "common/number.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define MARK_BEGIN "# labpack: begin (labpack build writes what is between these lines)\n"
#define MARK_END "# labpack: end\n"

int setup_replace_block(struct strbuf *out, const char *text, const char *begin, const char *end,
			const char *block)
{
	const char *from = text, *to;
	int rc;

	while ((from = strstr(from, begin)) && from != text && from[-1] != '\n')
		from++;
	to = from ? strstr(from, end) : NULL;
	if (!to)
		from = text + strlen(text);
	rc = strbuf_add(out, text, (size_t)(from - text));
	if (!rc && *block && out->len && out->data[out->len - 1] != '\n')
		rc = strbuf_adds(out, "\n");
	if (!rc && *block)
		rc = strbuf_addf(out, "%s%s%s", begin, block, end);
	if (!rc && to)
		rc = strbuf_adds(out, to + strlen(end));
	return rc;
}

/* A file of the image; out stays empty when there is none. */
static int read_if_there(struct image *image, const char *path, struct strbuf *out,
			 struct error *err)
{
	int rc = image_read_file(image, path, FILE_MAX_BYTES, out, err);

	if (rc == -ENOENT || rc == -ENOTDIR) {
		error_release(err);
		rc = 0;
	}
	return rc ? rc : strbuf_adds(out, "") ? error_nomem(err) : 0;
}

/* "10.0.0.1" of "10.0.0.1/24" */
static int host_length(const char *address)
{
	return (int)strcspn(address, "/");
}

/* Each address has a name of its own; the first one has the machine's. */
static int add_host(struct strbuf *out, const struct lab_machine *m)
{
	const char *name = m->name, *address;
	int rc = 0;

	for (size_t i = 0; !rc && i < m->interface_count; i++)
		for (size_t k = 0; !rc && (address = lab_address(m->interfaces + i, k)); k++) {
			rc = strbuf_addf(out, "%.*s\t%s%s%s-eth%u\n", host_length(address), address,
					 name, *name ? " " : "", m->name, m->interfaces[i].index);
			name = "";
		}
	return rc;
}

int setup_hosts(const struct layer *l, struct image *image, const struct lab *lab,
		const struct lab_machine *m, struct error *err)
{
	struct strbuf block = STRBUF_INIT, old = STRBUF_INIT, text = STRBUF_INIT, own = STRBUF_INIT;
	int rc = 0;

	if (layer_has(l, "/etc/hosts"))
		return 0;
	for (size_t i = 0; !rc && i < lab->machine_count; i++)
		rc = add_host(&block, lab->machines[i]);
	/* A machine without an address still finds itself. */
	if (!rc && add_host(&own, m))
		rc = -ENOMEM;
	if (!rc && !own.len)
		rc = strbuf_addf(&block, "127.0.1.1\t%s\n", m->name);
	rc = rc ? error_nomem(err) : read_if_there(image, "/etc/hosts", &old, err);
	if (!rc && !old.len && strbuf_adds(&old, "127.0.0.1\tlocalhost\n"))
		rc = error_nomem(err);
	if (!rc && setup_replace_block(&text, old.data, MARK_BEGIN, MARK_END, block.data))
		rc = error_nomem(err);
	if (!rc && strcmp(text.data, old.data) != 0) {
		rc = image_mkdir_p(image, "/etc", err);
		if (!rc)
			rc = image_write_file(image, "/etc/hosts", text.data, text.len, NULL, err);
	}
	strbuf_release(&own);
	strbuf_release(&block);
	strbuf_release(&old);
	strbuf_release(&text);
	return rc;
}

static int add_file(struct layer *l, const char *path, uint32_t permissions,
		    const struct strbuf *text, struct error *err)
{
	if (layer_has(l, path))
		return 0;
	return layer_add_text(l, path, permissions, text->data ? text->data : "", text->len, err);
}

/* SuSE's file where there is one (and not a link to the other), the usual one where there is or none is. */
static int add_hostname(struct layer *l, struct image *image, const struct lab_machine *m,
			struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	struct image_stat st;
	bool suse;
	int rc = image_lstat(image, "/etc/HOSTNAME", &st, NULL);

	suse = !rc && S_ISREG(st.mode);
	rc = strbuf_addf(&text, "%s\n", m->name) ? error_nomem(err) : 0;
	if (!rc && suse)
		rc = add_file(l, "/etc/HOSTNAME", 0644, &text, err);
	if (!rc && (!suse || image_exists(image, "/etc/hostname")))
		rc = add_file(l, "/etc/hostname", 0644, &text, err);
	strbuf_release(&text);
	return rc;
}

static bool is_ipv6(const char *address)
{
	return strchr(address, ':') != NULL;
}

/* Bits behind the slash; all of them without one. */
static unsigned int prefix_of(const char *address)
{
	const char *slash = strchr(address, '/');
	uint64_t bits = is_ipv6(address) ? 128 : 32;

	if (slash && number_parse(slash + 1, 0, bits, &bits))
		return 0; /* lab_read() lets none through */
	return (unsigned int)bits;
}

static const char *netmask_of(const char *address, char buf[INET_ADDRSTRLEN])
{
	unsigned int bits = prefix_of(address);
	struct in_addr mask = { htonl(bits && bits <= 32 ? ~(uint32_t)0 << (32 - bits) : 0) };

	return inet_ntop(AF_INET, &mask, buf, INET_ADDRSTRLEN);
}

static int add_sysctl(struct strbuf *out, const char *setting)
{
	const char *value = strchr(setting, '=');
	int rc = strbuf_addf(out, "echo '%s' >/proc/sys/", value + 1);

	for (const char *p = setting; !rc && p < value; p++)
		rc = strbuf_add(out, *p == '.' ? "/" : p, 1);
	return rc ? rc : strbuf_addf(out, " || failed 'sysctl %s'\n", setting);
}

static int add_commands(struct strbuf *out, const struct lab_interface *i)
{
	char mask[INET_ADDRSTRLEN];
	int rc = 0;

	for (size_t k = 0; !rc && k < i->addresses.count; k++) {
		const char *address = i->addresses.items[k];

		if (is_ipv6(address))
			rc = strbuf_addf(out, "address eth%u %.*s/%u\n", i->index,
					 host_length(address), address, prefix_of(address));
		else
			rc = strbuf_addf(out, "address eth%u %.*s %u %s %zu\n", i->index,
					 host_length(address), address, prefix_of(address),
					 netmask_of(address, mask), k);
	}
	return rc;
}

/* With ip where there is one, else with the ifconfig of older systems. */
static const char address_function[] =
	"address() { # INTERFACE ADDRESS PREFIX NETMASK NUMBER, or INTERFACE ADDRESS/PREFIX for IPv6\n"
	"\tif command -v ip >/dev/null 2>&1; then\n"
	"\t\tip link set \"$1\" up\n"
	"\t\tip addr add \"$2${3:+/$3}\" ${3:+brd +} dev \"$1\" ||\n"
	"\t\t\tip addr show dev \"$1\" | grep -q -F \" ${2%/*}/\"\n"
	"\telif [ -z \"${3-}\" ]; then\n"
	"\t\tifconfig \"$1\" up\n"
	"\t\tifconfig \"$1\" add \"$2\"\n"
	"\telif [ \"$5\" = 0 ]; then\n"
	"\t\tifconfig \"$1\" \"$2\" netmask \"$4\" up\n"
	"\telse\n"
	"\t\tifconfig \"$1:$5\" \"$2\" netmask \"$4\" up\n"
	"\tfi || failed \"the address $2 of $1\"\n"
	"}\n";

/* Where IPv6 is a module, nobody else would load it. */
static const char ipv6_command[] =
	"[ -e /proc/sys/net/ipv6 ] || modprobe ipv6 2>/dev/null ||\n"
	"\tfailed 'IPv6: the kernel has it as a module, which the disk does not have'\n";

static const char failed_function[] = "status=0\n"
				      "failed() {\n"
				      "\techo \"lab.conf: cannot be done: $1\" >&2\n"
				      "\tstatus=1\n"
				      "}\n";

/* Does anything of lab.conf need IPv6? */
static bool needs_ipv6(const struct lab_machine *m)
{
	if (m->ipv6 > 0)
		return true;
	for (size_t i = 0; i < m->sysctls.count; i++)
		if (!strncmp(m->sysctls.items[i], "net.ipv6.", 9))
			return true;
	for (size_t i = 0; i < m->interface_count; i++)
		for (size_t k = 0; k < m->interfaces[i].addresses.count; k++)
			if (is_ipv6(m->interfaces[i].addresses.items[k]))
				return true;
	return false;
}

/* Where it is switched off, it may come as a module later. */
static int add_ipv6(struct strbuf *out, const struct lab_machine *m)
{
	static const char file[] = "/proc/sys/net/ipv6/conf/all/disable_ipv6";
	int rc = 0;

	if (needs_ipv6(m))
		rc = strbuf_adds(out, ipv6_command);
	else if (!m->ipv6)
		rc = strbuf_adds(out, "modprobe ipv6 2>/dev/null\n");
	if (!rc && m->ipv6 >= 0)
		rc = strbuf_addf(out, "[ ! -e %s ] || echo %d >%s\n", file, !m->ipv6, file);
	return rc;
}

/* Sysctls, and the addresses unless the system's own network scripts have them. */
static int add_startup(struct layer *l, const struct lab_machine *m, bool addresses,
		       struct error *err)
{
	struct strbuf text = STRBUF_INIT, commands = STRBUF_INIT;
	int rc = 0;

	if (m->ipv6 >= 0 || needs_ipv6(m))
		rc = add_ipv6(&commands, m);
	for (size_t i = 0; !rc && i < m->sysctls.count; i++)
		rc = add_sysctl(&commands, m->sysctls.items[i]);
	for (size_t i = 0; !rc && addresses && i < m->interface_count; i++)
		rc = add_commands(&commands, m->interfaces + i);
	if (!rc && commands.len)
		rc = strbuf_addf(&text, "#!/bin/sh\n# made by labpack build from lab.conf\n%s%s%s"
				 "exit $status\n", failed_function,
				 addresses ? address_function : "", commands.data);
	if (rc)
		rc = error_nomem(err);
	else if (commands.len)
		rc = add_file(l, SETUP_STARTUP, 0755, &text, err);
	strbuf_release(&text);
	strbuf_release(&commands);
	return rc;
}

static bool has_address(const struct lab_machine *m)
{
	for (size_t i = 0; i < m->interface_count; i++)
		if (m->interfaces[i].addresses.count)
			return true;
	return false;
}

/* Only IPv4, one address for each: what every ifcfg of these twenty years understands. */
static bool fits_ifcfg(const struct lab_machine *m)
{
	for (size_t i = 0; i < m->interface_count; i++) {
		const struct strlist *l = &m->interfaces[i].addresses;

		if (l->count > 1 || (l->count && is_ipv6(l->items[0])))
			return false;
	}
	return true;
}

static int add_ifcfg(struct layer *l, const char *folder, bool suse, const struct lab_machine *m,
		     struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < m->interface_count; i++) {
		const struct lab_interface *f = m->interfaces + i;
		struct strbuf text = STRBUF_INIT;
		char mask[INET_ADDRSTRLEN], path[64];
		const char *address;

		if (!f->addresses.count)
			continue;
		address = f->addresses.items[0];
		snprintf(path, sizeof(path), "%s/ifcfg-eth%u", folder, f->index);
		rc = strbuf_addf(&text,
				 "# made by labpack build from lab.conf\n%sBOOTPROTO=static\n"
				 "IPADDR=%.*s\nNETMASK=%s\n",
				 suse ? "STARTMODE=onboot\n" : "ONBOOT=yes\n", host_length(address),
				 address, netmask_of(address, mask));
		if (!rc && !suse)
			rc = strbuf_addf(&text, "DEVICE=eth%u\n", f->index);
		rc = rc ? error_nomem(err) : add_file(l, path, 0644, &text, err);
		strbuf_release(&text);
	}
	return rc;
}

/* Debian's interfaces, between marks: the author of the base may have more in it. */
static int add_interfaces(struct layer *l, const struct strbuf *old, const struct lab_machine *m,
			  struct error *err)
{
	struct strbuf block = STRBUF_INIT, text = STRBUF_INIT;
	int rc = 0;

	for (size_t i = 0; !rc && i < m->interface_count; i++) {
		const struct lab_interface *f = m->interfaces + i;
		char mask[INET_ADDRSTRLEN];

		if (!f->addresses.count)
			continue;
		rc = strbuf_addf(&block,
				 "auto eth%u\niface eth%u inet static\n\taddress %.*s\n\tnetmask %s\n",
				 f->index, f->index, host_length(f->addresses.items[0]),
				 f->addresses.items[0], netmask_of(f->addresses.items[0], mask));
	}
	if (!rc)
		rc = setup_replace_block(&text, old->data, MARK_BEGIN, MARK_END, block.data);
	rc = rc ? error_nomem(err) : add_file(l, "/etc/network/interfaces", 0644, &text, err);
	strbuf_release(&block);
	strbuf_release(&text);
	return rc;
}

/* Does it speak of an interface outside of our block? */
static int names_interface(const char *text, bool *names)
{
	struct strbuf rest = STRBUF_INIT;
	int rc = setup_replace_block(&rest, text, MARK_BEGIN, MARK_END, "");

	*names = !rc && strstr(rest.data, "iface eth") != NULL;
	strbuf_release(&rest);
	return rc;
}

/* *done: the system's own scripts will do it. */
static int add_network(struct layer *l, struct image *image, const struct lab_machine *m,
		       bool *done, struct error *err)
{
	static const char suse[] = "/etc/sysconfig/network";
	static const char redhat[] = "/etc/sysconfig/network-scripts";
	struct strbuf interfaces = STRBUF_INIT;
	bool names = true;
	int rc = read_if_there(image, "/etc/network/interfaces", &interfaces, err);

	if (!rc && interfaces.len && names_interface(interfaces.data, &names))
		rc = error_nomem(err);
	*done = true;
	if (!rc && !names)
		rc = add_interfaces(l, &interfaces, m, err);
	else if (!rc && image_exists(image, "/etc/sysconfig/network/scripts"))
		rc = add_ifcfg(l, suse, true, m, err);
	else if (!rc && image_exists(image, redhat))
		rc = add_ifcfg(l, redhat, false, m, err);
	else
		*done = false;
	strbuf_release(&interfaces);
	return rc;
}

int setup_add(struct layer *l, struct image *image, const struct lab_machine *m,
	      struct error *err)
{
	bool own = false;
	int rc = add_hostname(l, image, m, err);

	if (!rc && has_address(m) && fits_ifcfg(m) && image_exists(image, "/sbin/ifup"))
		rc = add_network(l, image, m, &own, err);
	return rc ? rc : add_startup(l, m, has_address(m) && !own, err);
}
