/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses that startup scripts set, as far as they can be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "labpack/conf.h"

#define ADD(...) assert_int_equal(strbuf_addf(__VA_ARGS__), 0)

static struct lab *parsed(const char *text)
{
	struct lab *lab;

	assert_int_equal(lab_parse(&lab, text, strlen(text), "test", 0, NULL), 0);
	return lab;
}

static void check_startup(const char *text, const char *wanted)
{
	struct lab *lab = parsed("r[0]=A\nr[1]=B\nr[address1]=10.9.9.9/24\n");
	struct conf c = { .lab = lab };
	struct strbuf out = STRBUF_INIT;
	char *copy = strdup(text);

	assert_int_equal(conf_startup(&c, lab->machines[0], copy), 0);
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < lab->machines[0]->interfaces[i].seen.count; k++)
			ADD(&out, "%zu=%s ", i, lab->machines[0]->interfaces[i].seen.items[k]);
	assert_string_equal(out.data ? out.data : "", wanted);
	strbuf_release(&out);
	free(copy);
	lab_free(lab);
}

static void test_addresses_of_startup_scripts(void **state)
{
	check_startup("ip addr add 10.0.0.1/24 dev eth0\n/sbin/ip -4 a add 10.0.1.1/30 brd + dev eth1",
		      "0=10.0.0.1/24 1=10.0.1.1/30 ");
	check_startup("#!/bin/sh\nip link set eth0 up; ip address replace fd00::1/64 dev eth0 # x\n",
		      "0=fd00::1/64 ");
	check_startup("ifconfig eth0 10.0.0.1 netmask 255.255.255.252 up\nifconfig eth1 192.168.1.1\n",
		      "0=10.0.0.1/30 1=192.168.1.1/24 ");
	check_startup("ifconfig eth0:1 172.16.0.1/20 && ifconfig eth0 inet6 add fd00::2/64",
		      "0=172.16.0.1/20 0=fd00::2/64 ");
	/* Known already, another interface, computed, no address, a mask that is none, a comment. */
	check_startup("ip addr add 10.9.9.9/24 dev eth1\nip addr add 10.0.0.1/24 dev eth7\n"
		      "ip addr add 10.0.0.$N/24 dev eth0\nip addr add $(x) dev eth0\nifconfig eth0 up\n"
		      "ifconfig eth0 10.0.0.300\n# ip addr add 10.0.0.4/24 dev eth0\nip addr add\nip\n"
		      "ip route add 10.0.0.0/8 dev eth0\nifconfig\nifconfig eth0\n",
		      "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_of_startup_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
