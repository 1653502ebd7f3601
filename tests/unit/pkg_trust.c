/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and signatures of every kind, made by gpg and rpmsign (tests/tools/trust-kit). */
#include "pkg/trust.h"

#include "pkg/keyring.h"
#include "tests/unit/verify_fixture.h"

static char *kit; /* NULL: without gpg or rpmsign there is none */
static struct error err;

static int make_kit(void **state)
{
	struct strbuf out = STRBUF_INIT;

	if (setup(state))
		return -1;
	judge_run(&out, "command -v gpg && command -v rpmsign || echo none");
	if (strstr(out.data, "none")) {
		print_message("skipped: gpg or rpmsign is not installed\n");
		strbuf_release(&out);
		return 0;
	}
	rpmfile_write(file, &(struct rpmfile){ .name = "p", ENTRIES });
	judge_run(&out, "cd '%s' && echo hello >data && printf '' >empty", dir);
	judge_run(&out, "tests/tools/trust-kit '%s/kit' '%s' '%s/data' '%s/empty'", dir, file, dir,
		  dir);
	strbuf_release(&out);
	return asprintf(&kit, "%s/kit", dir) < 0 ? -1 : 0;
}

static int drop_kit(void **state)
{
	free(kit);
	error_release(&err);
	return teardown(state);
}

JUDGE_FN void slurp(struct strbuf *out, const char *kind, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s%s", kit, kind, name) > 0);
	rpmfile_slurp(path, out);
	free(path);
}

static void add_key(struct verifier *v, const char *kind)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s.asc", kit, kind) > 0);
	assert_int_equal(verifier_add_keyring(v, path, &err), 0);
	free(path);
}

static struct verifier *verifier_for(const char *kind)
{
	struct verifier *v;

	assert_int_equal(verifier_new(&v, &err), 0);
	add_key(v, kind);
	return v;
}

static void allow(struct verifier *v, const char *kind)
{
	struct strbuf id = STRBUF_INIT;

	slurp(&id, kind, ".fpr");
	id.data[strcspn(id.data, "\n")] = '\0';
	assert_int_equal(verifier_allow_key(v, id.data, &err), 0);
	strbuf_release(&id);
}

/* What happens to the kind's data and signature; legacy must then have `relied` entries. */
static void expect(const struct verifier *v, const char *kind, const char *name, int code,
		   const char *part, size_t relied)
{
	struct strbuf data = STRBUF_INIT, asc = STRBUF_INIT;
	struct strlist legacy = STRLIST_INIT;
	char *beside;
	struct detached d = { .name = "data" };

	assert_true(asprintf(&beside, "%s.asc", name) > 0);
	slurp(&data, kind, name);
	slurp(&asc, kind, beside);
	d.data = data.data;
	d.size = data.len;
	d.signature = asc.data;
	d.signature_size = asc.len;
	assert_int_equal(signature_check_detached(v, &d, &legacy, &err), code);
	if (code)
		judge_contains(err.what, part);
	assert_int_equal(legacy.count, relied);
	error_release(&err);
	strlist_release(&legacy);
	strbuf_release(&data);
	strbuf_release(&asc);
	free(beside);
}

static void judges_detached_signatures(void **state)
{
	static const struct {
		const char *kind, *part;
		int code, code_allowed;
		size_t relied; /* when it is allowed */
	} cases[] = {
		{ "good", "", 0, 0, 0 },
		{ "prolonged", "", 0, 0, 0 },
		{ "expired", "expired on 2020-12-31", -ERR_SIGNATURE, 0, 1 },
		{ "subkey", "expired on 2020-12-31", -ERR_SIGNATURE, 0, 1 },
		{ "late", "expired on 2020-03-02", -ERR_SIGNATURE, -ERR_SIGNATURE, 0 },
		{ "revoked", "its owner has revoked", -ERR_SIGNATURE, -ERR_SIGNATURE, 0 },
		{ "old", "can be forged (DSA/SHA1", -ERR_SIGNATURE, 0, 1 },
		{ "ancient", "expired on 2020-12-31", -ERR_SIGNATURE, 0, 2 },
	};

	if (!kit)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verifier *v = verifier_for(cases[i].kind);

		expect(v, cases[i].kind, "/data", cases[i].code, cases[i].part, 0);
		expect(v, cases[i].kind, "/empty", cases[i].code, cases[i].part, 0);
		/* That another old key is allowed changes nothing. */
		allow(v, "other");
		expect(v, cases[i].kind, "/data", cases[i].code, cases[i].part, 0);
		allow(v, cases[i].kind);
		expect(v, cases[i].kind, "/data", cases[i].code_allowed,
		       cases[i].code_allowed ? "" : cases[i].part, cases[i].relied);
		verifier_free(v);
	}
}

static void tells_wrong_from_missing_keys(void **state)
{
	struct strbuf good = STRBUF_INIT;
	struct verifier *v;
	struct strlist legacy = STRLIST_INIT;
	struct detached d = { "hello\n", 6, NULL, 0, "data" };

	if (!kit)
		skip();
	v = verifier_for("other");
	expect(v, "good", "/data", -ERR_NOT_FOUND, "unknown key", 0);
	add_key(v, "good");
	expect(v, "good", "/data", 0, "", 0);
	slurp(&good, "good", "/data.asc");
	d.signature = good.data;
	d.signature_size = good.len;
	assert_int_equal(signature_check_detached(v, &d, &legacy, &err), 0);
	/* One byte more, one less, another one. */
	d.data = "hello\n\n";
	d.size = 7;
	assert_int_equal(signature_check_detached(v, &d, &legacy, &err), -ERR_SIGNATURE);
	judge_contains(err.what, "bad signature");
	d.size = 5;
	assert_int_equal(signature_check_detached(v, &d, &legacy, &err), -ERR_SIGNATURE);
	d.data = "Hello\n";
	d.size = 6;
	assert_int_equal(signature_check_detached(v, &d, &legacy, &err), -ERR_SIGNATURE);

	/* No signature at all. */
	for (const char *const *text = (const char *const[]){ "", "hello", "-----BEGIN PGP SIGNATURE"
			"-----\n\n-----END PGP SIGNATURE-----\n", NULL }; *text; text++) {
		d.signature = *text;
		d.signature_size = strlen(*text);
		assert_int_equal(signature_check_detached(v, &d, &legacy, &err), -ERR_FORMAT);
	}
	error_release(&err);
	strbuf_release(&good);
	verifier_free(v);
}

/* Binary signatures, several in one, and every one of them cut and changed. */
static void reads_any_bytes(void **state)
{
	struct strbuf asc = STRBUF_INIT;
	struct strlist legacy = STRLIST_INIT;
	struct verifier *v;
	uint8_t *packets;
	char *twice;
	size_t n;

	if (!kit)
		skip();
	v = verifier_for("good");
	slurp(&asc, "good", "/data.asc");
	packets = openpgp_dearmour(asc.data, &n);
	assert_non_null(packets);
	twice = calloc(2, n + 1);
	memcpy(twice, packets, n);
	memcpy(twice + n, packets, n);
	for (size_t i = 0; i <= 2 * n; i++) {
		struct detached d = { "hello\n", 6, twice, i, "data" };
		int rc;

		rc = signature_check_detached(v, &d, &legacy, &err);
		assert_true((rc == 0) == (i == n || i == 2 * n));
	}
	for (size_t i = 0; i < n; i++) {
		struct detached d = { "hello\n", 6, twice, n, "data" };

		twice[i] ^= 0x15;
		/* Not everything is covered, but nothing may be read beyond the end. */
		if (signature_check_detached(v, &d, &legacy, &err) == 0)
			assert_true(i >= 6);
		twice[i] ^= 0x15;
	}
	error_release(&err);
	assert_int_equal(legacy.count, 0);
	free(packets);
	free(twice);
	strbuf_release(&asc);
	verifier_free(v);
}

static void reads_damaged_certificates(void **state)
{
	static const char *const kinds[] = { "good", "revoked", "subkey", "ancient" };

	if (!kit)
		skip();
	for (size_t k = 0; k < 4; k++) {
		struct openpgp_key keys[4];
		struct strbuf asc = STRBUF_INIT;
		uint8_t *packets = NULL, *copy;
		size_t n = 0;

		slurp(&asc, kinds[k], ".asc");
		assert_int_equal(pgpParsePkts(asc.data, &packets, &n), PGPARMOR_PUBKEY);
		assert_int_equal(openpgp_read_certificate(packets, n, keys, 4),
				 strcmp(kinds[k], "subkey") ? 1 : 2);
		assert_int_equal(openpgp_read_certificate(packets, n, keys, 1), 1);
		assert_int_equal(openpgp_read_certificate(packets, n, keys, 0), 0);
		assert_int_equal(keys[0].revoked, !strcmp(kinds[k], "revoked"));
		/* Copies of the exact size: for who watches over bounds. */
		for (size_t i = 0; i < n; i += 3) {
			copy = malloc(i + 1);
			memcpy(copy, packets, i);
			openpgp_read_certificate(copy, i, keys, 4);
			free(copy);
		}
		for (size_t i = 0; i < n; i += 2) {
			packets[i] ^= 0x3c;
			openpgp_read_certificate(packets, n, keys, 4);
			packets[i] ^= 0x3c;
		}
		free(packets);
		strbuf_release(&asc);
	}
}

/* An altered signature by a key that is there, with every digest right. */
static void refuses_altered_package_signatures(void **state)
{
	struct strbuf rpm = STRBUF_INIT;
	struct package *p = package_new();
	struct verifier *v;
	char *text = NULL;
	size_t at;

	if (!kit) {
		package_free(p);
		skip();
	}
	v = verifier_for("good");
	slurp(&rpm, "good", "/p-1-1.noarch.rpm");
	rpmfile_spill(file, rpm.data, rpm.len);
	assert_int_equal(verify(v, p, &text), 0);
	assert_true(p->is_signed);
	assert_false(p->is_vouched);
	assert_int_equal(p->legacy.count, 0);
	/* The signature's last bytes: in front of the main header, with its padding. */
	at = 0;
	for (size_t i = 96; i + 40 < rpm.len && !at; i++)
		if (!memcmp(rpm.data + i, "\x89\x01\x33\x04\x00", 5))
			at = i + 200;
	assert_true(at > 0);
	rpm.data[at] ^= 1;
	rpmfile_spill(file, rpm.data, rpm.len);
	assert_int_equal(verify(v, p, &text), -ERR_SIGNATURE);
	judge_contains(text, "bad signature: ");
	judge_contains(text, "another key made it, or it was altered");
	free(text);
	package_free(p);
	verifier_free(v);
	strbuf_release(&rpm);
}

static void trusts_vouched_packages(void **state)
{
	struct vouch vouch = { .is_signed = true };
	struct strbuf rpm = STRBUF_INIT;
	struct package *p = package_new();
	struct verifier *v;
	char *text = NULL;

	if (!kit) {
		package_free(p);
		skip();
	}
	v = verifier_for("good");
	rpmfile_write(file, &(struct rpmfile){ .name = "p", ENTRIES, .old = true });
	rpmfile_slurp(file, &rpm);
	p->vouch = &vouch;
	/* Without a checksum it says nothing of this package. */
	assert_int_equal(verify(v, p, &text), -ERR_SIGNATURE);
	judge_contains(text, "is unsigned");
	free(text);
	p->checksum_algo = "sha1";
	p->checksum = rpmfile_hash(RPM_HASH_SHA1, rpm.data, rpm.len);
	assert_int_equal(verify(v, p, NULL), -ERR_SIGNATURE);
	free(p->checksum);
	p->checksum_algo = "sha256";
	p->checksum = rpmfile_hash(RPM_HASH_SHA256, rpm.data, rpm.len);
	assert_int_equal(verify(v, p, NULL), 0);
	assert_true(p->is_vouched);
	assert_false(p->is_signed);
	/* Its own MD5 does not matter beside that. */
	assert_int_equal(p->legacy.count, 0);
	vouch.is_signed = false;
	assert_int_equal(verify(v, p, NULL), -ERR_SIGNATURE);
	package_free(p);
	verifier_free(v);
	strbuf_release(&rpm);
}

static void wants_the_profiles_word_for_old_digests(void **state)
{
	struct package *p = package_new();
	struct verifier *v;
	char *text = NULL;

	assert_int_equal(verifier_new(&v, &err), 0);
	rpmfile_write(file, &(struct rpmfile){ .name = "p", ENTRIES, .old = true });
	assert_int_equal(verify(v, p, &text), -ERR_DIGEST);
	judge_contains(text, "nothing better than MD5");
	free(text);
	assert_int_equal(verifier_allow_digest(v, "sha1", &err), 0);
	assert_int_equal(verify(v, p, NULL), -ERR_DIGEST);
	assert_int_equal(verifier_allow_digest(v, "MD5", &err), 0);
	assert_int_equal(verify(v, p, NULL), 0);
	assert_int_equal(p->legacy.count, 1);
	assert_string_equal(p->legacy.items[0], "MD5 digest");
	/* The list is that of the last time. */
	rpmfile_write(file, &(struct rpmfile){ .name = "p", ENTRIES });
	assert_int_equal(verify(v, p, NULL), 0);
	assert_int_equal(p->legacy.count, 0);
	package_free(p);

	assert_int_equal(verifier_allow_digest(v, "sha256", &err), -ERR_USAGE);
	assert_int_equal(verifier_allow_key(v, "9c800aca", &err), -ERR_USAGE);
	assert_int_equal(verifier_allow_key(v, "0xA84EDAE89C800ACA", &err), 0);
	assert_int_equal(verifier_allow_key(v, "A84EDAE89C800ACG", &err), -ERR_USAGE);
	error_release(&err);
	verifier_free(v);
}

/* Not a rule, but what rpm 4.18 is known to do; where it does not, the program says so. */
static void probes_the_backend(void **state)
{
	if (!backend_checks_dsa_sha1())
		print_message("rpm %s here does not check DSA/SHA1\n", RPMVERSION);
	assert_int_equal(backend_checks_dsa_sha1(), backend_checks_dsa_sha1());
	if (!strncmp(RPMVERSION, "4.18.", 5))
		assert_true(backend_checks_dsa_sha1());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_detached_signatures),
		cmocka_unit_test(tells_wrong_from_missing_keys),
		cmocka_unit_test(reads_any_bytes),
		cmocka_unit_test(reads_damaged_certificates),
		cmocka_unit_test(refuses_altered_package_signatures),
		cmocka_unit_test(trusts_vouched_packages),
		cmocka_unit_test(wants_the_profiles_word_for_old_digests),
		cmocka_unit_test(probes_the_backend),
	};

	return cmocka_run_group_tests(tests, make_kit, drop_kit);
}
