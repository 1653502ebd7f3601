/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every package of $MKROOT_REAL_DATA, whole, signed, old or broken, is judged as
 * `rpmkeys -K` judges it with the same keys.
 */
#include <stdlib.h>

#include "tests/unit/verify_fixture.h"

/*
 * What differs, and why. All else must agree. (The broken IMA signature of
 * hello-2.0-1.x86_64-badima.rpm is no difference: rpm -K does not look at these either,
 * as it takes the kernel's keys to judge them, and mkroot puts none of them on an image.)
 */
static const struct {
	const char *name, *text;
} refused_here_only[] = {
	/* Whole, but nothing that could be installed. */
	{ "test-rpm-1.0-1.src.rpm", "is a source package" },
};

/* What is wrong with each that both refuse. */
static const struct {
	const char *name, *text;
} reasons[] = {
	{ "broken.rpm", "the header cannot be read: illegal signature type" },
	{ "broken1-1-1.i386.rpm", "MD5 digest does not match" },
	{ "broken2-1-1.i386.rpm", "the header cannot be read: illegal signature type" },
	{ "hello-2.0-1.x86_64-corrupted.rpm", "payload SHA256 digest does not match" },
	{ "info-4.13a-10.fc14.i686.rpm", "signed with an unknown key (RSA/SHA256, key ID " },
	{ "no.rpm", "is empty" },
	{ "rpm_trailing.rpm", "after its end" },
	{ "signed_broken.rpm", "after its end" },
	{ "signed_broken_header.rpm", "after its end" },
	{ "unsigned_broken.rpm", "after its end" },
	{ "unsigned_broken_header.rpm", "after its end" },
};

static const char *data;
static struct verifier *all_keys;
static struct error error;

/*
 * rpmkeys 4.18 refuses a key that somebody else certified in a way that it does not know, which
 * mkroot passes over: it gets the same keys without what other people said of them.
 */
static int setup_keys(void **state)
{
	struct strbuf out = STRBUF_INIT, keys = STRBUF_INIT;

	data = getenv("MKROOT_REAL_DATA");
	if (setup(state))
		return -1;
	if (!data) {
		print_message("skipped: MKROOT_REAL_DATA is not set\n");
		return 0;
	}
	judge_run(&out, "cd '%s' && mkdir -m 700 gpg && gpg --homedir gpg -q --batch --import "
			"$(find '%s/rpms' '%s/keys' -name '*KEY*' -o -name '*.key' -o -name '*.pub' "
			"-o -name '*.asc') 2>&1 && gpg --homedir gpg -q --batch --armor "
			"--export-options export-minimal --export >all.asc && "
			"rpmkeys --dbpath \"$PWD/db\" --import all.asc 2>&1; gpgconf --homedir gpg "
			"--kill all", dir, data, data);
	judge_run(&keys, "find '%s/rpms' '%s/keys' -name '*KEY*' -o -name '*.key' -o -name '*.pub' "
			 "-o -name '*.asc'", data, data);
	assert_int_equal(verifier_new(&all_keys, &error), 0);
	for (char *line = keys.data, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		if (verifier_add_keyring(all_keys, line, &error))
			fail_msg("%s", error.what);
	}
	judge_run(&out, "gpg --homedir '%s/gpg' --with-colons --list-keys 2>/dev/null | "
			"awk -F: '$1 == \"pub\" { print $5 }'", dir);
	for (char *line = out.data, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		assert_int_equal(verifier_allow_key(all_keys, line, &error), 0);
	}
	assert_int_equal(verifier_allow_digest(all_keys, "md5", &error), 0);
	assert_int_equal(verifier_allow_digest(all_keys, "sha1", &error), 0);
	verifier_allow_unsigned(all_keys, true);
	strbuf_release(&out);
	strbuf_release(&keys);
	return 0;
}

static int drop_keys(void **state)
{
	verifier_free(all_keys);
	return teardown(state);
}

static const char *reason_for(const char *name, bool rpm_accepts)
{
	if (rpm_accepts) {
		for (size_t i = 0; i < sizeof(refused_here_only) / sizeof(*refused_here_only); i++)
			if (!strcmp(refused_here_only[i].name, name))
				return refused_here_only[i].text;
		return NULL;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (!strcmp(reasons[i].name, name))
			return reasons[i].text;
	return "no reason is stated in this test";
}

static bool judged_as_rpm(const char *path, struct strbuf *scratch)
{
	struct package *p = package_new();
	const char *name = strrchr(path, '/') + 1, *reason;
	char *text = NULL, *command;
	bool rpm_accepts, same;
	int rc;

	assert_true(asprintf(&command, "rpmkeys --dbpath '%s/db' -K '%s'", dir, path) > 0);
	rpm_accepts = judge_shell(scratch, command) == 0;
	p->path = strdup(path);
	rc = verify(all_keys, p, &text);
	reason = reason_for(name, rpm_accepts);
	same = reason ? rc && strstr(text, reason) && strstr(text, name) : !rc;
	if (!same)
		print_error("%s: rpmkeys: %s  mkroot: %s\n  expected: %s\n", name, scratch->data,
			    rc ? text : "accepted", reason ? reason : "accepted");
	free(text);
	free(command);
	package_free(p);
	return same;
}

static void judges_as_rpmkeys_does(void **state)
{
	struct strbuf list = STRBUF_INIT, scratch = STRBUF_INIT;
	size_t count = 0, wrong = 0;

	if (!data)
		skip();
	judge_run(&list, "find '%s/rpms' -name '*.rpm' | sort", data);
	for (char *line = list.data, *end; *line; line = end + 1, count++) {
		end = strchr(line, '\n');
		*end = '\0';
		wrong += !judged_as_rpm(line, &scratch);
	}
	assert_int_equal(wrong, 0);
	/* Each of those that the folder's index names, and nothing left out for its name. */
	assert_int_equal(count, 40);
	strbuf_release(&list);
	strbuf_release(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_as_rpmkeys_does),
	};

	return cmocka_run_group_tests(tests, setup_keys, drop_keys);
}
