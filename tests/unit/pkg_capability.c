/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of security.capability, as setcap(8) of libcap 2.66 wrote them. */
#include "pkg/payload.h"

#include "tests/unit/judge.h"

static void expect(const char *caps, const char *hex)
{
	uint8_t value[24];
	char got[49] = "";
	size_t size;

	assert_ok(capability_encode(caps, value, &size, &err));
	assert_int_equal(size, 20);
	for (size_t i = 0; i < size; i++)
		snprintf(got + 2 * i, 3, "%02x", value[i]);
	assert_string_equal(got, hex);
}

static void encodes(void **state)
{
	expect("cap_net_raw=ep", "0100000200200000000000000000000000000000");
	expect("cap_net_admin,cap_net_raw+p", "0000000200300000000000000000000000000000");
	expect("= cap_net_raw+ep", "0100000200200000000000000000000000000000");
	/* Bits above 31 lie in the second pair. */
	expect("cap_setuid,cap_wake_alarm=ei", "0100000200000000800000000000000008000000");
	expect("=", "0000000200000000000000000000000000000000");
}

static void refuses(void **state)
{
	uint8_t value[24];
	size_t size;

	assert_fails(capability_encode("cap_no_such_thing=ep", value, &size, &err), -ERR_FORMAT);
	assert_fails(capability_encode("hello", value, &size, &err), -ERR_FORMAT);
	assert_fails(capability_encode("cap_net_raw=ep cap_net_admin=p", value, &size, &err),
		     -ERR_FORMAT);
	assert_int_equal(size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
