/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What package_verify() accepts, and what it says of what it refuses. */
#include "pkg/verify.h"

#include <pthread.h>

#include "tests/unit/verify_fixture.h"

/* Its private half was thrown away: nothing is signed with it. */
static const char strange_key[] =
	"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n"
	"mI0EawCPwgEEALvKbfSd19BWQtR3AlJLAxQYdVVCN3XU95VI+q56BnNPaDK5OLT0\n"
	"CZnEYFlXY+u3oO4h65UCC9/TAv1/OnRN0T2j0mXV+xRFlTupmjLtLV2p1UiSajnt\n"
	"s9ntb0QO9b1nK4fLJtNqmmLP+gczCeo+I+zEUu8wVw4TtfEec2i6gNbvABEBAAG0\n"
	"H21rcm9vdCB1bml0IHRlc3QsIHNpZ25zIG5vdGhpbmeIzgQTAQoAOBYhBKZNQHHA\n"
	"Nu8b3uC67tktF59v9n6NBQJrAI/CAhsvBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheA\n"
	"AAoJENktF59v9n6N2d8EAJGCS006OhInmP3cggapeT+lavk4B42HCD8SZmeBkXOb\n"
	"4z6U1+7FuD/womfdSVG9EnMrJDUaEG25ztZd/f7uwog90Wx65eoJ5ohcF0BMXDCf\n"
	"q2KrLubBrzOn2r9RbWtY4OEH+jDzJSxlUWJ2DcyER2NeB4zoxPnH45ikVjRSrF0a\n"
	"=Jpc1\n"
	"-----END PGP PUBLIC KEY BLOCK-----\n";

/* DSA and SHA-1, as packages were signed around 2000; thrown away as well. */
static const char old_key[] =
	"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
	"\n"
	"mQGiBGsAmfARBADC9ElCIymtVmpcfuctV3Ql45S3f2cJIJArV+8r2MEKRg4lt0Fq\n"
	"ai+fHRSUCbJ/Nri4dH1Tryo9SDdtxXvkbKxjtj0QwwiStCSH5qfIR2Q/NbnHy05N\n"
	"CRPvvYHhJobbfkWhD2HFH+PurB/F0Y+CXZsh+gc/jLhRXVqfy6gdg24UhwCgupLf\n"
	"bCm4QzxpJ+dGCJdv3trYeoMEAJkUOZoyJj9FA6/jlyVOKTK88cIZv4U+TLBnkaD0\n"
	"qGa2qAsfVskuq6pycsd6kH87IJ6MkfvDRRLdRWOR0YnFRaRaBkglOzdDmxfGy4J3\n"
	"dgE2RrvUdA334pdRfN0yUGWl+nLfVkdXcYqNqrASU7SP9VhUjFYP42BOVGwmka3b\n"
	"3DePA/9C4vI8moop9xqMQeJUjyX97BsTbq13NAYg5YTqbmHH1URokiXZOaUOVJ3O\n"
	"uZ/m5usm4OSoJhMOIUr1HDmW67k+nv396Jkyu0ZfNTgB3s9un3i4hReggzKc0YeA\n"
	"5Nkj6GWpYgXdlEW0U5jWOYBX9MevOKgZnlzcIIMZ1HnseU3/lLQabWtyb290IHVu\n"
	"aXQgdGVzdCwgb2xkIGtpbmSIeAQTEQIAOBYhBNhfm9iWZhw0SYqUtHkVDhSAL5qW\n"
	"BQJrAJnwAhsjBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEHkVDhSAL5qWvcsA\n"
	"n0ulJ6VHf/tEz/2aVG3iR0KKUHoEAJsHecc9s7z4gZgSYBpM9maTWkVkvw==\n"
	"=j+wp\n"
	"-----END PGP PUBLIC KEY BLOCK-----\n";

/* Made with it once, over header and payload of the package in the layout of rpm 3. */
static const unsigned char old_signature[] = {
	0x88, 0x5d, 0x04, 0x00, 0x11, 0x02, 0x00, 0x1d, 0x16, 0x21, 0x04, 0xd8,
	0x5f, 0x9b, 0xd8, 0x96, 0x66, 0x1c, 0x34, 0x49, 0x8a, 0x94, 0xb4, 0x79,
	0x15, 0x0e, 0x14, 0x80, 0x2f, 0x9a, 0x96, 0x05, 0x02, 0x6b, 0x00, 0x99,
	0xf1, 0x00, 0x0a, 0x09, 0x10, 0x79, 0x15, 0x0e, 0x14, 0x80, 0x2f, 0x9a,
	0x96, 0xeb, 0x0c, 0x00, 0x9f, 0x41, 0xc2, 0xf5, 0xa3, 0xf5, 0xa4, 0xaa,
	0xfb, 0x61, 0x38, 0xaf, 0xc5, 0x34, 0x27, 0x04, 0x66, 0x9d, 0x46, 0x14,
	0x6e, 0x00, 0xa0, 0x82, 0x67, 0x52, 0x43, 0x9c, 0x21, 0x10, 0xf1, 0x13,
	0xef, 0x2c, 0xbb, 0xf3, 0x8e, 0x5a, 0x8c, 0x6f, 0x62, 0x0b, 0xe6,
};

static void expect_good(const struct rpmfile *t)
{
	struct package *p = package_new();

	rpmfile_write(file, t);
	assert_int_equal(verify(NULL, p, NULL), 0);
	assert_string_equal(p->nevra, "p-1-1.noarch");
	assert_string_equal(p->name, "p");
	assert_string_equal(p->arch, "noarch");
	assert_int_equal(p->payload_bytes, 6 + 10); /* the link once, the ghost not at all */
	assert_false(p->is_signed);
	assert_null(p->signature);
	assert_true(p->payload_offset > 96 && p->payload_offset < p->size);
	package_free(p);
}

static void accepts_good_ones(void **state)
{
	expect_good(&(struct rpmfile){ .name = "p", ENTRIES });
	expect_good(&(struct rpmfile){ .name = "p", ENTRIES, .stripped = true });
	expect_good(&(struct rpmfile){ .name = "p", ENTRIES, .old = true });
	expect_good(
		&(struct rpmfile){ .name = "p", ENTRIES, .compressor = "xz", .io = "w2.xzdio" });
}

static void refuses_what_is_no_package(void **state)
{
	struct package *p = package_new();
	char *text = NULL;

	p->path = strdup(dir);
	assert_int_equal(verify(NULL, p, &text), -ERR_FORMAT);
	judge_contains(text, "not a regular file");
	free(text);
	package_free(p);
	unlink(file);
	expect_refused(-ENOENT, "cannot open");
	rpmfile_spill(file, "", 0);
	expect_refused(-ERR_FORMAT, "'p-1-1.noarch.rpm': is empty");
	rpmfile_spill(file, "hello", 5);
	expect_refused(-ERR_FORMAT, "p-1-1.noarch.rpm");
	rpmfile_spill(file, strange_key, sizeof(strange_key));
	expect_refused(-ERR_FORMAT, "is not an rpm package");
}

/* Every byte from the main header on is covered; none before it may crash us. */
static void notices_every_changed_byte(const struct rpmfile *t)
{
	struct strbuf good = STRBUF_INIT;
	struct package *p = package_new();
	size_t header = 96;

	rpmfile_write(file, t);
	rpmfile_slurp(file, &good);
	while (memcmp(good.data + header + 1, rpmfile_magic, 4))
		header++;
	header++;
	assert_int_equal(verify(NULL, p, NULL), 0);
	package_free(p);
	for (size_t i = 0; i < good.len; i += 3) {
		int rc;

		p = package_new();
		good.data[i] ^= 0x41;
		rpmfile_spill(file, good.data, good.len);
		rc = verify(NULL, p, NULL);
		if (i >= header && rc == 0)
			fail_msg("byte %zu of %zu changed and nobody noticed", i, good.len);
		good.data[i] ^= 0x41;
		package_free(p);
	}
	strbuf_release(&good);
}

static void notices_damage(void **state)
{
	notices_every_changed_byte(&(struct rpmfile){ .name = "p", ENTRIES });
	notices_every_changed_byte(&(struct rpmfile){ .name = "p", ENTRIES, .old = true });
}

static void notices_truncation(void **state)
{
	struct rpmfile t = { .name = "p", ENTRIES };
	struct strbuf good = STRBUF_INIT;

	rpmfile_write(file, &t);
	rpmfile_slurp(file, &good);
	for (size_t n = 1; n < good.len; n += 13) {
		struct package *p = package_new();

		rpmfile_spill(file, good.data, n);
		assert_int_equal(verify(NULL, p, NULL), -ERR_FORMAT);
		package_free(p);
	}
	rpmfile_spill(file, good.data, good.len - 1);
	expect_refused(-ERR_FORMAT, "is truncated: ");
	assert_int_equal(strbuf_add(&good, "xy", 2), 0);
	rpmfile_spill(file, good.data, good.len);
	expect_refused(-ERR_FORMAT, "goes on for 2 bytes after its end");
	strbuf_release(&good);
}

static void wants_a_digest_of_the_payload(void **state)
{
	expect_file_refused(&(struct rpmfile){ .name = "p", ENTRIES, .no_payload_digest = true },
			    -ERR_DIGEST, "no digest that librpm knows covers all of it");
}

static void says_which_digest(void **state)
{
	struct rpmfile t = { .name = "p", ENTRIES };
	struct strbuf good = STRBUF_INIT;

	rpmfile_write(file, &t);
	rpmfile_slurp(file, &good);
	good.data[good.len - 3] ^= 1;
	rpmfile_spill(file, good.data, good.len);
	expect_refused(-ERR_DIGEST, "payload SHA256 digest does not match (the file is damaged");
	strbuf_release(&good);
}

static void refuses_source_packages(void **state)
{
	expect_file_refused(&(struct rpmfile){ .name = "p", ENTRIES, .source = true },
			    -ERR_UNSUPPORTED, "is a source package");
}

static void keeps_the_medias_promises(void **state)
{
	struct rpmfile t = { .name = "p", ENTRIES };
	struct strbuf good = STRBUF_INIT;
	static const char *const kinds[] = { "sha256", "md5", "crc32" };
	static const int results[] = { 0, -ERR_DIGEST, -ERR_UNSUPPORTED };

	rpmfile_write(file, &t);
	rpmfile_slurp(file, &good);
	for (int i = 0; i < 3; i++) {
		struct package *p = package_new();

		p->checksum_algo = kinds[i];
		p->checksum = rpmfile_hash(RPM_HASH_SHA256, good.data, good.len);
		assert_int_equal(verify(NULL, p, NULL), results[i]);
		package_free(p);
	}
	for (int i = 0; i < 2; i++) {
		struct package *p = package_new();
		char *text = NULL;

		*(i ? &p->name : &p->arch) = strdup("other");
		assert_int_equal(verify(NULL, p, &text), -ERR_FORMAT);
		judge_contains(text, "where the media promises 'other'");
		free(text);
		package_free(p);
	}
	strbuf_release(&good);
}

static struct verifier *verifier_with(const char *keyring)
{
	struct verifier *v;

	assert_ok(verifier_new(&v, &err));
	assert_ok(verifier_add_keyring(v, keyring, &err));
	assert_true(verifier_has_keys(v));
	return v;
}

static struct verifier *verifier_with_text(const char *key)
{
	char *path;
	struct verifier *v;

	assert_true(asprintf(&path, "%s/key.asc", dir) > 0);
	rpmfile_spill(path, key, strlen(key));
	v = verifier_with(path);
	free(path);
	return v;
}

static void wants_signatures_when_there_are_keys(void **state)
{
	struct verifier *v = verifier_with_text(strange_key);
	struct package *p = package_new();
	char *text = NULL;

	rpmfile_write(file, &(struct rpmfile){ .name = "p", ENTRIES });
	assert_int_equal(verify(v, p, &text), -ERR_SIGNATURE);
	judge_contains(text, "is unsigned (use --allow-unsigned to accept it)");
	free(text);
	verifier_allow_unsigned(v, true);
	assert_int_equal(verify(v, p, NULL), 0);
	assert_false(p->is_signed);
	package_free(p);
	verifier_free(v);
}

/* The signature covers everything, the only digest is MD5. */
static void verifies_old_signatures(void **state)
{
	struct rpmfile t = { .name = "p", ENTRIES, .old = true, .signature_tag = RPMSIGTAG_GPG,
			     .signature = old_signature, .signature_size = sizeof(old_signature) };
	struct verifier *v = verifier_with_text(old_key);
	struct package *p = package_new();
	char *text = NULL;

	assert_ok(verifier_allow_digest(v, "md5", &err));
	assert_ok(verifier_allow_key(v, "79150E14802F9A96", &err));
	rpmfile_write(file, &t);
	assert_int_equal(verify(v, p, NULL), 0);
	assert_true(p->is_signed);
	assert_int_equal(p->legacy.count, 2);
	assert_string_equal(p->legacy.items[0], "signature DSA/SHA1, key ID 79150e14802f9a96");
	assert_string_equal(p->legacy.items[1], "MD5 digest");
	assert_string_equal(p->signature, "DSA/SHA1, key ID 79150e14802f9a96");
	package_free(p);

	/* One byte of the payload, with the digest made right again. */
	p = package_new();
	t.payload_cut = 1;
	rpmfile_write(file, &t);
	assert_int_equal(verify(v, p, &text), -ERR_SIGNATURE);
	judge_contains(text, "bad signature: ");
	free(text);
	package_free(p);
	verifier_free(v);

	/* And with another key it is a stranger's. */
	p = package_new();
	v = verifier_with_text(strange_key);
	t.payload_cut = 0;
	rpmfile_write(file, &t);
	assert_int_equal(verify(v, p, &text), -ERR_SIGNATURE);
	judge_contains(text, "unknown key (DSA/SHA1, key ID 79150e14802f9a96)");
	free(text);
	package_free(p);
	verifier_free(v);
}

static void refuses_bad_keyrings(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "", "no public key" },
		{ "hello\n", "no public key" },
		{ "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmI0EawCPwgEEALvK\n=Jpc1\n"
		  "-----END PGP PUBLIC KEY BLOCK-----\n", "damaged" },
	};
	struct error err = ERROR_INIT;
	struct verifier *v;
	char *path;

	assert_true(asprintf(&path, "%s/bad.asc", dir) > 0);
	assert_int_equal(verifier_new(&v, &err), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rpmfile_spill(path, cases[i].text, strlen(cases[i].text));
		assert_int_equal(verifier_add_keyring(v, path, &err), -ERR_FORMAT);
		judge_contains(err.what, cases[i].part);
		assert_false(verifier_has_keys(v));
	}
	unlink(path);
	assert_int_equal(verifier_add_keyring(v, path, &err), -ENOENT);
	error_release(&err);
	verifier_free(v);
	free(path);
}

struct job {
	struct verifier *v;
	struct package **packages;
	size_t count, step;
	int failures;
};

static void *verify_some(void *arg)
{
	struct job *job = arg;

	for (size_t i = job->step; i < job->count; i += 2) {
		struct error err = ERROR_INIT;

		if (package_verify(job->v, job->packages[i], &err) ||
		    !job->packages[i]->is_signed) {
			print_error("%s: %s\n", job->packages[i]->path, err.what);
			job->failures++;
		}
		error_release(&err);
	}
	return NULL;
}

static void verifies_in_two_threads(void **state)
{
	struct strbuf list = STRBUF_INIT, key = STRBUF_INIT;
	struct package *packages[4096];
	struct job jobs[2];
	pthread_t threads[2];
	struct verifier *v;
	const char *media;
	size_t n = 0;

	if (!demo_packages(&list, &media))
		skip();
	assert_int_equal(strbuf_addf(&key, "%s/gpg-pubkey.asc", media), 0);
	v = verifier_with(key.data);
	for (char *line = list.data, *end; *line && n < 4096; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		packages[n] = package_new();
		packages[n++]->path = strdup(line);
	}
	for (size_t i = 0; i < 2; i++) {
		jobs[i] = (struct job){ v, packages, n, i, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, verify_some, &jobs[i]), 0);
	}
	for (size_t i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(jobs[i].failures, 0);
	}
	for (size_t i = 0; i < n; i++)
		package_free(packages[i]);
	verifier_free(v);
	strbuf_release(&key);
	strbuf_release(&list);
}

/* The first byte of the data of a tag in the signature header; 0 when it has none. */
static size_t find_signature_tag(const struct strbuf *rpm, uint32_t tag)
{
	const unsigned char *intro = (const unsigned char *)rpm->data + 96;
	size_t count = (size_t)intro[10] << 8 | intro[11];

	for (size_t i = 0; i < count; i++) {
		const unsigned char *e = intro + 16 + 16 * i;

		if ((uint32_t)(e[2] << 8 | e[3]) == tag)
			return 96 + 16 + 16 * count + ((size_t)e[10] << 8 | e[11]);
	}
	return 0;
}

static void tells_bad_signatures_from_unknown_keys(void **state)
{
	struct strbuf list = STRBUF_INIT, key = STRBUF_INIT, rpm = STRBUF_INIT;
	struct package *p;
	struct verifier *v = NULL;
	const char *media;
	char *text = NULL;
	size_t at;

	if (!demo_packages(&list, &media))
		skip();
	*strchr(list.data, '\n') = '\0';
	rpmfile_slurp(list.data, &rpm);
	rpmfile_spill(file, rpm.data, rpm.len);

	p = package_new();
	v = verifier_with_text(strange_key);
	verifier_allow_unsigned(v, true); /* makes no difference to a signed one */
	assert_int_equal(verify(v, p, &text), -ERR_SIGNATURE);
	judge_contains(text, "signed with an unknown key (");
	judge_contains(text, "key ID ");
	free(text);
	verifier_free(v);
	/* Without keys, digests only; the signature is named, but not counted. */
	assert_int_equal(verify(NULL, p, NULL), 0);
	assert_non_null(p->signature);
	assert_false(p->is_signed);
	package_free(p);

	at = find_signature_tag(&rpm, RPMTAG_RSAHEADER);
	assert_true(at > 0);
	rpm.data[at + 200] ^= 1;
	rpmfile_spill(file, rpm.data, rpm.len);
	assert_int_equal(strbuf_addf(&key, "%s/gpg-pubkey.asc", media), 0);
	v = verifier_with(key.data);
	verifier_allow_unsigned(v, true);
	p = package_new();
	assert_int_equal(verify(v, p, &text), -ERR_SIGNATURE);
	judge_contains(text, "bad signature: ");
	free(text);
	package_free(p);
	verifier_free(v);
	strbuf_release(&key);
	strbuf_release(&rpm);
	strbuf_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_good_ones),
		cmocka_unit_test(refuses_what_is_no_package),
		cmocka_unit_test(notices_damage),
		cmocka_unit_test(notices_truncation),
		cmocka_unit_test(wants_a_digest_of_the_payload),
		cmocka_unit_test(says_which_digest),
		cmocka_unit_test(refuses_source_packages),
		cmocka_unit_test(keeps_the_medias_promises),
		cmocka_unit_test(wants_signatures_when_there_are_keys),
		cmocka_unit_test(verifies_old_signatures),
		cmocka_unit_test(refuses_bad_keyrings),
		cmocka_unit_test(verifies_in_two_threads),
		cmocka_unit_test(tells_bad_signatures_from_unknown_keys),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
