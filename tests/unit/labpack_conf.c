/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab.conf: forms that occur in labs of Netkit and Kathará, our own options, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "labpack/conf.h"

static int parse(struct lab **lab, const char *text, unsigned int flags, struct error *err)
{
	return lab_parse(lab, text, strlen(text), "test", flags, err);
}

static struct lab *parsed(const char *text)
{
	struct error err = ERROR_INIT;
	struct lab *lab;

	if (parse(&lab, text, 0, &err))
		fail_msg("'%s': %s: %s", text, err.subject, err.what);
	return lab;
}

#define ADD(...) assert_int_equal(strbuf_addf(__VA_ARGS__), 0)

static void describe_machine(struct strbuf *out, const struct lab_machine *m)
{
	ADD(out, "%s", m->name);
	for (size_t i = 0; i < m->interface_count; i++) {
		const struct lab_interface *f = m->interfaces + i;

		ADD(out, " %u=%s%s", f->index, f->domain ? "" : "tap:",
		    f->domain ? f->domain->name : f->tap);
		if (f->mac_given)
			ADD(out, "/%02x..%02x", f->mac[0], f->mac[5]);
		for (size_t k = 0; k < f->addresses.count; k++)
			ADD(out, "+%s", f->addresses.items[k]);
	}
	for (size_t i = 0; i < m->disk_count; i++)
		ADD(out, " ubd%u=%s", m->disks[i].index, m->disks[i].disk->file);
	for (size_t i = 0; i < m->serial_count; i++) {
		const struct lab_serial *s = m->serials + i;

		ADD(out, " serial%u=%s:%u", s->index, s->cable->ends[!s->end].machine->name,
		    s->cable->ends[!s->end].serial);
	}
	ADD(out, "\n");
}

/* Machines, one a line; then the warnings. */
static void expect(const char *text, const char *wanted)
{
	struct lab *lab = parsed(text);
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < lab->machine_count; i++)
		describe_machine(&out, lab->machines[i]);
	for (size_t i = 0; i < lab->warnings.count; i++)
		ADD(&out, "! %s\n", lab->warnings.items[i]);
	assert_string_equal(out.data ? out.data : "", wanted);
	strbuf_release(&out);
	lab_free(lab);
}

static void refuse_with(const char *text, unsigned int flags, int code, const char *message)
{
	struct error err = ERROR_INIT;
	struct lab *lab;

	if (parse(&lab, text, flags, &err) != code)
		fail_msg("'%s' gave %d, %s", text, err.code, err.what ? err.what : "nothing");
	assert_null(lab);
	assert_string_equal(err.what, message);
	assert_string_equal(err.subject, "lab.conf");
	error_release(&err);
}

static void refuse(const char *text, int code, const char *message)
{
	refuse_with(text, 0, code, message);
}

static void test_forms_of_a_line(void **state)
{
	/* Bare, quoted, with blanks, comments, CRLF, a byte order mark, no newline at the end. */
	expect("pc1[0]=A\npc2[0]=\"A\"\npc3[0]='A'\n", "pc1 0=A\npc2 0=A\npc3 0=A\n");
	expect("\xef\xbb\xbfpc1[0]=A\r\npc2[1]=\"B\"\r\n", "pc1 0=A\npc2 1=B\n");
	expect("  pc1 [0] = A  \n\tpc2[ 0 ]\t=\t\"A\"\t# comment\n", "pc1 0=A\npc2 0=A\n");
	expect("pc1[0]=A # comment\npc2[0]=\"B\"# comment\n#pc4[0]=D\n   # pc5[0]=D\n\n\npc3[0]=C",
	       "pc1 0=A\npc2 0=B\npc3 0=C\n");
	expect("A lab for the course; x = y, and so on.\nhttp://example.org/?a=b\npc1[0]=A\n",
	       "pc1 0=A\n");
	expect("pc1[0]=A\nsee [1] for why a=b\n",
	       "pc1 0=A\n! 'lab.conf': line 2: is no assignment like machine[option]=value; it is "
	       "left out\n");
	expect("pc-1[0]=caf\xc3\xa9\nPC_2[0]=\xe6\x9d\xb1\n# \xff comments are anything\n",
	       "pc-1 0=caf\xc3\xa9\nPC_2 0=\xe6\x9d\xb1\n");
	expect("r1[0]=A.1-b_c\nr1[1]=A:1@b+c\nr1[10]=z\nr1[2]=y\n",
	       "r1 0=A.1-b_c 1=A:1@b+c 2=y 10=z\n");
	expect("LAB_MACHINES=\"a, b,c d\"\nd[0]=X\n", "a\nb\nc\nd 0=X\n");
	refuse("pc1[0]=\"A\n", -ERR_FORMAT, "line 1: the quote \" is not closed");
	refuse("pc1[0]=A\npc1[1]='B\"\n", -ERR_FORMAT, "line 2: the quote ' is not closed");
	refuse("pc1[0]=\"A\" B\n", -ERR_FORMAT, "line 1: there is more behind the closing quote");
	refuse("pc1[append]=a\033[2Jb\n", -ERR_FORMAT, "line 1: a control character in the value");
	refuse("pc1[append]=J\xfcrgen\n", -ERR_FORMAT, "line 1: the value is no UTF-8");
}

static void test_zero_byte(void **state)
{
	static const char text[] = "pc1[0]=A\n\0pc2[0]=A\n";
	struct error err = ERROR_INIT;
	struct lab *lab;

	assert_int_equal(lab_parse(&lab, text, sizeof(text) - 1, "t", 0, &err), -ERR_FORMAT);
	assert_string_equal(err.what, "is no text: it has a zero byte");
	error_release(&err);
}

static void test_metadata(void **state)
{
	struct lab *lab = parsed("LAB_NAME=\"A name\"\nLAB_DESCRIPTION='it\"s'\nLAB_VERSION=1.0\n"
				 "LAB_AUTHOR=J\xfcrgen\nLAB_EMAIL=a@b\nLAB_WEB=http://x/?a=b\npc1[0]=A\n");

	assert_string_equal(lab->name, "A name");
	assert_string_equal(lab->description, "it\"s");
	assert_string_equal(lab->version, "1.0");
	assert_string_equal(lab->author, "J\xc3\xbcrgen"); /* of the days of Latin-1 */
	assert_string_equal(lab->email, "a@b");
	assert_string_equal(lab->web, "http://x/?a=b");
	lab_free(lab);
	expect("LAB_NAM=x\npc1[0]=A\n",
	       "pc1 0=A\n! 'lab.conf': line 1: unknown 'LAB_NAM'; did you mean LAB_NAME?\n");
	refuse("LAB_MACHINES=a,b,a\n", -ERR_CONFLICT, "line 1: LAB_MACHINES names 'a' twice");
	refuse("LAB_NAME=a\nLAB_NAME=b\n", -ERR_CONFLICT,
	       "line 2: LAB_NAME is 'b' here and 'a' on line 1");
}

/* A machine stands on as many lines as it likes; one thing has one value. */
static void test_repetition(void **state)
{
	expect("pc1[0]=A\npc2[0]=A\npc1[1]=B\n", "pc1 0=A 1=B\npc2 0=A\n");
	expect("pc1[0]=A\npc1[0]=A\n", "pc1 0=A\n! 'lab.conf': line 2: pc1[0] stands on line 1 "
				       "already\n");
	refuse("pc1[0]=A\npc2[0]=A\npc1[0]=B\n", -ERR_CONFLICT,
	       "line 3: pc1[0] is 'B' here and 'A' on line 1");
	refuse("pc1[mem]=64\npc1[mem]=32\n", -ERR_CONFLICT,
	       "line 2: pc1[mem] is '32' here and '64' on line 1");
	expect("pc1[sysctl]=a.b=1\npc1[sysctl]=a.c=1\n", "pc1\n");
	expect("pc1[0]=A\nPC1[0]=A\n",
	       "pc1 0=A\nPC1 0=A\n! 'lab.conf': line 2: 'PC1' and 'pc1' are the same host name\n");
}

static void test_names(void **state)
{
	static const char taken[] = " is no name for a machine (letters, digits, '-' and '_', at most "
				    "63; LAB, lab, shared, disks, snapshots, kernel, tools and run are "
				    "taken)";
	static const char long_name[] = "a23456789012345678901234567890123456789012345678901234567890"
					"1234";
	static const char *const bad[] = { "../x", "-a", "_a", "a.b", "a/b", "a;b", "a$b", "shared",
					   "disks", "lab", "caf\xc3\xa9", long_name };
	char *text, *message;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_true(asprintf(&text, "pc1[0]=A\n%s[0]=A\n", bad[i]) > 0);
		assert_true(asprintf(&message, "line 2: '%s'%s", bad[i], taken) > 0);
		refuse(text, -ERR_FORMAT, message);
		free(text);
		free(message);
	}
}

static void test_domain_names(void **state)
{
	static const char escape[] = "\xc2\x9b" "2J";
	static const char *const bad[] = { "..", "A B", "A#1", ".x", "-x", "A;rm", "A$(x)", "A*",
					   escape };
	char *text, *message;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_true(asprintf(&text, "pc1[0]=\"%s\"\n", bad[i]) > 0);
		assert_true(asprintf(&message, "line 1: '%s' is no name for a collision domain "
				     "(letters, digits and _.-+@:, at most 64 bytes)", bad[i]) > 0);
		if (bad[i][0] == '\xc2')
			refuse(text, -ERR_FORMAT, "line 1: the value is no UTF-8");
		else
			refuse(text, -ERR_FORMAT, message);
		free(text);
		free(message);
	}
	refuse("pc1[0]=\n", -ERR_FORMAT, "line 1: '' is no name for a collision domain (letters, "
	       "digits and _.-+@:, at most 64 bytes)");
}

static void test_interfaces(void **state)
{
	expect("r[0]=\"A/02:00:00:00:00:0a\"\nr[1]=B/02-00-00-00-00-0B\n",
	       "r 0=A/02..0a 1=B/02..0b\n");
	expect("r[0]=A\nr[address0]=10.0.0.1/24\nq[address3]=\"10.0.0.2/24, fd00::1/64\"\nq[3]=A\n",
	       "r 0=A+10.0.0.1/24\nq 3=A+10.0.0.2/24+fd00::1/64\n");
	expect("r[0]=tap,10.0.0.1,10.0.0.2\n", "r 0=tap:tap-r-0+10.0.0.2/30\n");
	expect("r[0]=tap,10.0.0.1,10.0.0.3\n", "r 0=tap:tap-r-0+10.0.0.3/29\n");
	expect("r[0]=tap,10.0.0.1/8,10.0.0.3/8\n", "r 0=tap:tap-r-0+10.0.0.3/8\n");
	expect("r[0]=tap,fd00::1,fd00::2\n", "r 0=tap:tap-r-0+fd00::2\n");
	expect("r[address0]=10.0.0.1/24\nr[tap]=tap7\n", "r 0=tap:tap7+10.0.0.1/24\n");
	expect("r[tap]=tap7\nr[0]=A\nr[2]=B\n", "r 0=A 2=B 3=tap:tap7\n");
	refuse("pc1[1000000000]=A\n", -ERR_LIMIT,
	       "line 1: pc1[1000000000]: the number is out of range (0 to 63)");
	refuse("pc1[99999999999999999999999999]=A\n", -ERR_LIMIT,
	       "line 1: pc1[99999999999999999999999999]: the number is out of range (0 to 63)");
	refuse("pc1[64]=A\n", -ERR_LIMIT, "line 1: pc1[64]: the number is out of range (0 to 63)");
	refuse("pc1[0]=A/03:00:00:00:00:01\n", -ERR_FORMAT, "line 1: pc1[0]: '03:00:00:00:00:01' is no "
	       "MAC address of one interface (02:00:00:00:00:01)");
	refuse("pc1[0]=A/02:00:00:00:00:01x\n", -ERR_FORMAT, "line 1: pc1[0]: '02:00:00:00:00:01x' is "
	       "no MAC address of one interface (02:00:00:00:00:01)");
	refuse("pc1[0]=A,10.0.0.1\n", -ERR_FORMAT, "line 1: pc1[0]: 'A,10.0.0.1' is not like "
	       "tap,10.0.0.1,10.0.0.2 (the host's address, the guest's)");
	refuse("pc1[0]=A\npc1[address1]=10.0.0.1/24\n", -ERR_NOT_FOUND,
	       "line 2: pc1[address1]: pc1 has no interface 1");
	refuse("pc1[0]=A\npc1[address0]=10.0.0.1\n", -ERR_FORMAT,
	       "line 2: pc1[address0]: '10.0.0.1' is no address like 10.0.0.1/24");
	refuse("pc1[0]=A\npc1[address0]=10.0.0.1/33\n", -ERR_FORMAT,
	       "line 2: pc1[address0]: '10.0.0.1/33' is no address like 10.0.0.1/24");
	refuse("pc1[tap]=averyverylongname\n", -ERR_FORMAT,
	       "line 1: pc1[tap]: 'averyverylongname' is no name of a device");
}

static void test_macs_are_stable(void **state)
{
	struct lab *a = parsed("pc1[0]=A\npc1[1]=A\npc2[0]=A\n"), *b = parsed("pc2[0]=B\npc1[0]=A\n");
	const struct lab_machine *one = lab_machine_find(a, "pc1"), *two = lab_machine_find(a, "pc2");

	assert_int_equal(one->interfaces[0].mac[0], 2);
	assert_memory_equal(one->interfaces[0].mac, lab_machine_find(b, "pc1")->interfaces[0].mac, 6);
	assert_memory_equal(two->interfaces[0].mac, lab_machine_find(b, "pc2")->interfaces[0].mac, 6);
	assert_memory_not_equal(one->interfaces[0].mac, one->interfaces[1].mac, 6);
	assert_memory_not_equal(one->interfaces[0].mac, two->interfaces[0].mac, 6);
	lab_free(a);
	lab_free(b);
}

static void test_domains(void **state)
{
	struct lab *lab = parsed("A[type]=switch\nA[tap]=tap1\npc1[0]=A\npc1[1]=B\nB[type]=hub\n");

	assert_int_equal(lab->domain_count, 2);
	assert_int_equal(lab->domains[0]->type, LAB_SWITCH);
	assert_string_equal(lab->domains[0]->tap, "tap1");
	assert_int_equal(lab->domains[1]->type, LAB_HUB);
	lab_free(lab);
	refuse("pc1[0]=A\nB[type]=hub\n", -ERR_NOT_FOUND,
	       "line 2: B[type]: no machine is on a collision domain 'B'");
	refuse("pc1[0]=A\nA[type]=bus\n", -ERR_FORMAT,
	       "line 2: A[type]: 'bus' is not one of: hub switch");
	refuse("A[0]=A\nA[tap]=t1\n", -ERR_CONFLICT, "line 2: 'A' is a machine and a collision domain; "
	       "[tap] can mean both (rename one)");
}

static void test_disks(void **state)
{
	struct lab *lab;

	expect("a[ubd1-size]=64M\n", "a ubd1=disks/a-ubd1.img\n");
	expect("a[ubd2]=x.img\na[ubd1]=/abs/y.img\nb[ubd1]=x.img\n",
	       "a ubd1=/abs/y.img ubd2=x.img\nb ubd1=x.img\n");
	lab = parsed("a[ubd1]=s.img\nb[ubd1]=s.img\nb[ubd1-size]=64M\nb[ubd1-fs]=none\nc[ubd1-size]=1M\n");
	assert_int_equal(lab->disk_count, 2);
	assert_int_equal(lab->disks[0]->users, 2);
	assert_int_equal(lab->disks[0]->filesystem, LAB_FS_NONE);
	assert_true(lab->disks[0]->size == 64 << 20);
	assert_int_equal(lab->disks[1]->filesystem, LAB_FS_EXT2);
	lab_free(lab);
	lab = parsed("a[ubd1-size]=64M\na[ubd1-fs]=ext3\na[ubd2-size]=64M\na[ubd2-fs]=ext4\n");
	assert_int_equal(lab->disks[0]->filesystem, LAB_FS_EXT3);
	assert_int_equal(lab->disks[1]->filesystem, LAB_FS_EXT4);
	lab_free(lab);
	refuse("a[ubd1-size]=64M\na[ubd1-fs]=xfs\n", -ERR_FORMAT,
	       "line 2: a[ubd1-fs]: 'xfs' is not one of: none ext2 ext3 ext4");
	refuse("a[ubd1]=s\nb[ubd1]=s\na[ubd1-size]=1M\nb[ubd1-size]=2M\n", -ERR_CONFLICT,
	       "line 2: 's' has another size at another machine");
	refuse("a[ubd1]=s\na[ubd2]=s\n", -ERR_CONFLICT, "line 2: a has 's' as ubd1 and as ubd2");
	refuse("a[ubd1]=../s\n", -ERR_ESCAPE, "line 1: a[ubd1]: '../s' leaves the lab's folder with "
	       "'..'");
	refuse("a[base]=x/../../s\n", -ERR_ESCAPE,
	       "line 1: a[base]: 'x/../../s' leaves the lab's folder with '..'");
	refuse("a[ubd1]=a,b\n", -ERR_FORMAT,
	       "line 1: a[ubd1]: a file name with ',' cannot be passed to a guest");
	refuse("a[ubd0]=s\n", -ERR_LIMIT, "line 1: a[ubd0]: the number is out of range (1 to 15)");
	refuse("a[ubd1-fs]=ext2\n", -ERR_FORMAT,
	       "line 1: a[ubd1-fs]: the disk has neither a file nor a size");
	refuse("a[ubd1-size]=1K\n", -ERR_LIMIT,
	       "line 1: a[ubd1-size]: '1K' is out of range (1.0 MiB to 16.0 TiB)");
}

static void test_cables(void **state)
{
	expect("a[serial1]=b:serial1\nb[mem]=64\n", "a serial1=b:1\nb serial1=a:1\n");
	expect("a[serial1]=b:serial2\nb[serial2]=a:1\n", "a serial1=b:2\nb serial2=a:1\n");
	expect("a[serial1]=a:serial2\n", "a serial1=a:2 serial2=a:1\n");
	refuse("a[serial1]=\n", -ERR_FORMAT,
	       "line 1: a[serial1]: '' names no other end like pc2:serial1");
	refuse("a[serial1]=b\nb[mem]=64\n", -ERR_FORMAT,
	       "line 1: a[serial1]: 'b' names no other end like pc2:serial1");
	refuse("pc1[serial1]=pc3:serial1\npc2[mem]=64\n", -ERR_NOT_FOUND,
	       "line 1: pc1[serial1]: the cable's other end 'pc3:serial1' is no machine; did you mean "
	       "'pc2'?");
	refuse("a[serial1]=a:serial1\n", -ERR_CONFLICT,
	       "line 1: a[serial1]: both ends of the cable are this one");
	refuse("a[serial1]=b:1\nc[serial1]=b:1\nb[mem]=64\n", -ERR_CONFLICT,
	       "line 2: c[serial1]: another cable is plugged into b:serial1 already");
	refuse("a[serial1]=b:1\nb[serial1]=c:1\nc[mem]=64\n", -ERR_CONFLICT,
	       "line 2: b[serial1]: another cable is plugged into b:serial1 already");
	refuse("a[serial31]=b:1\nb[mem]=64\n", -ERR_LIMIT,
	       "line 1: a[serial31]: the number is out of range (0 to 30)");
	refuse("a[serial1]=b:serial31\nb[mem]=64\n", -ERR_LIMIT,
	       "line 1: a[serial1]: the number of 'b:serial31' is out of range (0 to 30)");
}

static void test_values(void **state)
{
	struct lab *lab = parsed("LAB[base]=r.img\nLAB[mem]=40\nb[base]=/o.img\nb[mem]=1G\nb[cpus]=4\n"
				 "b[kernel]=k/linux\nb[append]='a b=c'\nb[console]=xterm\n"
				 "b[watchdog]=yes\nb[ipv6]=False\na[con0]=none\n");
	const struct lab_machine *a = lab_machine_find(lab, "a"), *b = lab_machine_find(lab, "b");

	assert_string_equal(a->base, "r.img");
	assert_true(a->mem == 40 << 20 && a->cpus == 1 && !a->watchdog && a->ipv6 == -1);
	assert_int_equal(a->console, LAB_CONSOLE_NONE);
	assert_string_equal(b->base, "/o.img");
	assert_true(b->mem == 1 << 30 && b->cpus == 4 && b->watchdog && b->ipv6 == 0);
	assert_string_equal(b->kernel, "k/linux");
	assert_string_equal(b->append, "a b=c");
	assert_int_equal(b->console, LAB_CONSOLE_XTERM);
	lab_free(lab);
	refuse("a[mem]=1\n", -ERR_LIMIT, "line 1: a[mem]: '1' is out of range (8.0 MiB to 1.0 TiB)");
	refuse("a[mem]=much\n", -ERR_FORMAT,
	       "line 1: a[mem]: 'much' is not a size (a number and K, M, G or T)");
	refuse("a[mem]=99999999999999999999\n", -ERR_LIMIT, "line 1: a[mem]: '99999999999999999999' is "
	       "out of range (8.0 MiB to 1.0 TiB)");
	refuse("a[cpus]=0\n", -ERR_LIMIT, "line 1: a[cpus]: '0' is no number from 1 to 64");
	refuse("a[watchdog]=maybe\n", -ERR_FORMAT,
	       "line 1: a[watchdog]: 'maybe' is neither yes nor no");
	refuse("a[console]=pts\n", -ERR_FORMAT,
	       "line 1: a[console]: 'pts' is not one of: lab xterm none");
	refuse("a[sysctl]=x\n", -ERR_FORMAT, "line 1: a[sysctl]: 'x' is not like name=value");
	refuse("a[sysctl]=\"x='\"\n", -ERR_FORMAT, "line 1: a[sysctl]: 'x='' is not like name=value");
	refuse("LAB[0]=A\na[0]=A\n", -ERR_FORMAT,
	       "line 1: LAB[0]: this option needs the name of a machine");
}

static void test_what_cannot_be_done(void **state)
{
	static const char unknown[] = "a[0]=A\na[imgae]=x\n";

	expect("a[port]=80:80\na[0]=A\nb[port]=81:80\nb[num_terms]=2\nb[cpus]=0.5\n",
	       "a 0=A\nb\n"
	       "! 'lab.conf': line 1: a[port] and 1 more lines with [port] have no effect: a guest has "
	       "no ports on the host without a tap device ([tap], which root makes)\n"
	       "! 'lab.conf': line 4: b[num_terms] has no effect: each machine has one console ('lab "
	       "console' attaches to it)\n"
	       "! 'lab.conf': line 5: b[cpus]: '0.5' is no whole number; it stays 1\n");
	expect(unknown, "a 0=A\n! 'lab.conf': line 2: a[imgae]: unknown option; did you mean "
			"[image]?\n");
	refuse_with(unknown, LAB_STRICT, -ERR_FORMAT,
		    "line 2: a[imgae]: unknown option; did you mean [image]?");
	refuse_with("a[0]=A\na[bridged]=true\n", LAB_STRICT, -ERR_FORMAT,
		    "line 2: a[bridged] has no effect: a guest reaches the host's network only by a tap "
		    "device ([tap], which root makes)");
}

/* Whole files, as people write them. */
static void test_whole_labs(void **state)
{
	expect("LAB_DESCRIPTION=\"RIP, version 2\"\nLAB_VERSION=2.4\nLAB_AUTHOR=\"A. Person, B. Person\"\n"
	       "LAB_EMAIL=a@example.org\nLAB_WEB=http://www.example.org/?lab=rip&v=2\n\n"
	       "r1[0]=\"A\"\nr1[1]=\"B\"\nr1[image]=\"kathara/frr\"\nr1[ipv6]=\"False\"\n"
	       "r1[sysctl]=\"net.ipv4.conf.all.rp_filter=0\"\nr1[sysctl]=\"net.ipv4.ip_forward=1\"\n"
	       "r1[mem]=\"128m\"\n\nr2[0]=\"A\"\nr2[1]=\"C/00:00:00:00:02:01\"\nr2[env]=\"A=b\"\n\n"
	       "pc1[0]=\"B\"\npc1[port]=\"8080:80/tcp\"\npc1[num_terms]=0\n",
	       "r1 0=A 1=B\nr2 0=A 1=C/00..01\npc1 0=B\n"
	       "! 'lab.conf': line 17: r2[env] has no effect: write the variable into MACHINE.startup\n"
	       "! 'lab.conf': line 20: pc1[port] has no effect: a guest has no ports on the host without a "
	       "tap device ([tap], which root makes)\n"
	       "! 'lab.conf': line 21: pc1[num_terms] has no effect: each machine has one console ('lab "
	       "console' attaches to it)\n");
	expect("# Netkit\r\nLAB_DESCRIPTION=two hosts\r\nmachines=\"pc1 pc2\"\r\n\r\n"
	       "pc1[0]=HUB0\t\t# the first\r\npc2[0]=HUB0\r\npc2[mem]=64\r\npc2[con0]=xterm\r\n"
	       "pc2[model-fs]=/x\r\npc1[1]=tap,172.16.0.1,172.16.0.2\r\n",
	       "pc1 0=HUB0 1=tap:tap-pc1-1+172.16.0.2/30\npc2 0=HUB0\n"
	       "! 'lab.conf': line 9: pc2[model-fs] has no effect: [base] names the image under the "
	       "machine's disk\n");
}

static void test_two_hundred_machines(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct lab *lab;

	for (int i = 0; i < 200; i++)
		ADD(&text, "m%d[0]=net%d\nm%d[1]=net%d\n", i, i, i, (i + 1) % 200);
	lab = parsed(text.data);
	assert_int_equal(lab->machine_count, 200);
	assert_int_equal(lab->domain_count, 200);
	assert_string_equal(lab->machines[199]->interfaces[1].domain->name, "net0");
	lab_free(lab);
	strbuf_release(&text);
}

static void test_lookup(void **state)
{
	struct lab *lab = parsed("router[0]=A\npc1[0]=A\n");
	const struct lab_machine *m;
	struct error err = ERROR_INIT;
	char *path;

	assert_int_equal(lab_machine_get(lab, "pc1", &m, &err), 0);
	assert_string_equal(m->name, "pc1");
	assert_int_equal(lab_machine_get(lab, "ruoter", &m, &err), -ERR_NOT_FOUND);
	assert_string_equal(err.hint, "did you mean 'router'?");
	error_release(&err);
	path = lab_machine_cow(lab, lab->machines[0]);
	assert_string_equal(path, "disks/router.cow");
	free(path);
	lab_free(lab);
}

/* "ubd#-size" is told of as "*[ubdN-size]*", what cannot be done as "*port*". */
static void test_the_page_names_every_option(void **state)
{
	FILE *f = fopen("man/lab.conf.5.scd", "r");
	static char page[65536];
	const char *name;

	assert_non_null(f);
	assert_true(fread(page, 1, sizeof(page) - 1, f) > 0);
	fclose(f);
	for (size_t i = 0; (name = conf_option_name(i)); i++) {
		char text[64], *hash;

		if (conf_option_impossible(name))
			snprintf(text, sizeof(text), "*%s*", name);
		else
			snprintf(text, sizeof(text), "*[%s]*", name);
		hash = strchr(text, '#');
		if (hash)
			*hash = 'N';
		if (!strstr(page, text))
			fail_msg("man/lab.conf.5.scd does not name %s", text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms_of_a_line),
		cmocka_unit_test(test_zero_byte),
		cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_repetition),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_domain_names),
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_macs_are_stable),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_cables),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_what_cannot_be_done),
		cmocka_unit_test(test_whole_labs),
		cmocka_unit_test(test_two_hundred_machines),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_the_page_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
