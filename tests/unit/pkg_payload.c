/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File lists and bytes of packages. */
#include "pkg/payload.h"

#include <pthread.h>

#include "tests/unit/verify_fixture.h"

/* What a sink received. */
struct received {
	const struct package_files *files;
	struct strbuf events; /* "path:size " for each file that came whole */
	struct strbuf bytes;  /* of the files that are taken, one behind the other */
	uint32_t skip;        /* this one is not taken */
	int fail_begin, fail_data, fail_end; /* what to return there */
	uint64_t next;
	bool broken_offsets;
};

static int on_begin(void *arg, uint32_t i, uint64_t size)
{
	struct received *r = arg;

	r->next = 0;
	if (r->fail_begin)
		return r->fail_begin;
	return i == r->skip ? 0 : 1;
}

static int on_data(void *arg, uint32_t i, uint64_t offset, const void *data, size_t n)
{
	struct received *r = arg;

	r->broken_offsets |= offset != r->next || offset % PAYLOAD_CHUNK || n > PAYLOAD_CHUNK ||
			     (n < PAYLOAD_CHUNK && offset + n != r->files->items[i].size);
	r->next = offset + n;
	assert_int_equal(strbuf_add(&r->bytes, data, n), 0);
	return r->fail_data;
}

static int on_end(void *arg, uint32_t i)
{
	struct received *r = arg;

	assert_int_equal(strbuf_addf(&r->events, "%s:%llu ", r->files->items[i].path,
				     (unsigned long long)r->files->items[i].size), 0);
	return r->fail_end;
}

struct opened {
	struct package *p;
	struct package_files files;
};

static void open_file(struct opened *o)
{
	o->p = package_new();
	assert_int_equal(verify(NULL, o->p, NULL), 0);
	assert_ok(package_files_load(&o->files, o->p, &err));
}

static void open_new(struct opened *o, const struct rpmfile *t)
{
	rpmfile_write(file, t);
	open_file(o);
}

static void close_file(struct opened *o)
{
	package_files_release(&o->files);
	package_free(o->p);
}

static int read_payload(const struct opened *o, struct received *r, struct error *err)
{
	struct payload_sink sink = { on_begin, on_data, on_end, r };

	r->files = &o->files;
	return payload_read(o->p, &o->files, &sink, err);
}

static void received_release(struct received *r)
{
	strbuf_release(&r->events);
	strbuf_release(&r->bytes);
}

static void expect_events(const struct rpmfile *t, const char *events, const char *bytes)
{
	struct received r = { .skip = UINT32_MAX };
	struct opened o;

	open_new(&o, t);
	assert_ok(read_payload(&o, &r, &err));
	assert_string_equal(r.events.data, events);
	assert_int_equal(r.bytes.len, strlen(bytes));
	assert_memory_equal(r.bytes.data, bytes, r.bytes.len);
	assert_false(r.broken_offsets);
	received_release(&r);
	close_file(&o);
}

static void expect_refused_payload(const struct rpmfile *t, int code, const char *part)
{
	struct received r = { .skip = UINT32_MAX };
	struct error err = ERROR_INIT;
	struct opened o;

	open_new(&o, t);
	assert_int_equal(read_payload(&o, &r, &err), code);
	assert_string_equal(err.subject, "p-1-1.noarch.rpm");
	judge_contains(err.what, part);
	error_release(&err);
	received_release(&r);
	close_file(&o);
}

#define WHOLE "/etc/motd:6 /usr/bin/b:10 ", "hello\n#!/bin/sh\n"

static void reads_every_layout(void **state)
{
	expect_events(&(struct rpmfile){ .name = "p", ENTRIES }, WHOLE);
	expect_events(&(struct rpmfile){ .name = "p", ENTRIES, .old = true }, WHOLE);
	expect_events(&(struct rpmfile){ .name = "p", ENTRIES, .stripped = true }, WHOLE);
}

static void reads_every_compression(void **state)
{
	static const char *const kinds[][2] = {
		{ "gzip", "w6.gzdio" }, { "bzip2", "w6.bzdio" }, { "xz", "w2.xzdio" },
		{ "lzma", "w2.lzdio" }, { "zstd", "w3.zstdio" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		expect_events(&(struct rpmfile){ .name = "p", ENTRIES, .compressor = kinds[i][0],
						 .io = kinds[i][1] }, WHOLE);
	expect_refused_payload(&(struct rpmfile){ .name = "p", ENTRIES, .compressor = "lz77" },
			       -ERR_UNSUPPORTED, "compressed with 'lz77'");
}

static void knows_its_files(void **state)
{
	static const struct rpmfile_entry list[] = {
		{ .path = "/", .mode = 040755 },
		{ .path = "/dev/sda", .mode = 060660, .rdev = 8 << 8 | 3 },
		{ .path = "/dev/p", .mode = 010600 },
		{ .path = "/usr/bin/ping",
		  .mode = 0104755,
		  .content = "x",
		  .colour = 2,
		  .caps = "cap_net_raw=ep" },
		{ .path = "/usr/share/doc/a",
		  .mode = 0100644,
		  .content = "",
		  .flags = 2 | 1 | 16 | 8 },
		{ .path = "/usr/lib/l", .mode = 0120777, .target = "../bin/ping" },
		{ .path = "/var/g", .mode = 0600, .flags = 64 }, /* a ghost without a type */
		{ .path = "/x1", .mode = 0100644, .content = "same", .inode = 5 },
		{ .path = "/x2", .mode = 0100644, .content = "same", .inode = 5 },
	};
	const struct package_file *f;
	struct opened o;

	open_new(&o, &(struct rpmfile){ .name = "p", .entries = list, .count = 9 });
	assert_int_equal(o.files.count, 9);
	f = o.files.items;
	assert_string_equal(f[0].path, "/");
	assert_int_equal(f[1].rdev_major, 8);
	assert_int_equal(f[1].rdev_minor, 3);
	assert_int_equal(f[1].mode, 060660);
	assert_int_equal(f[2].rdev_major, 0);
	assert_string_equal(f[3].caps, "cap_net_raw=ep");
	assert_int_equal(f[3].colour, 2);
	assert_int_equal(f[3].mode, 0104755);
	assert_int_equal(f[3].digest_size, 32);
	assert_int_equal(f[3].digest_algo, RPM_HASH_SHA256);
	assert_non_null(f[3].digest);
	assert_int_equal(f[3].mtime, 1000000003);
	assert_string_equal(f[3].user, "root");
	assert_string_equal(f[3].group, "wheel");
	assert_null(f[3].target);
	assert_int_equal(f[4].flags, PACKAGE_FILE_DOC | PACKAGE_FILE_CONFIG |
					     PACKAGE_FILE_NOREPLACE | PACKAGE_FILE_MISSING_OK);
	assert_null(f[4].caps);
	assert_string_equal(f[5].target, "../bin/ping");
	assert_int_equal(f[5].size, 0);
	assert_null(f[5].digest);
	assert_int_equal(f[6].flags, PACKAGE_FILE_GHOST);
	assert_int_equal(f[6].mode, 0100600);
	assert_null(f[6].digest);
	assert_int_equal(f[6].link_set, 0);
	assert_true(f[7].link_set);
	assert_int_equal(f[7].link_set, f[8].link_set);
	close_file(&o);
}

static void takes_zeros_for_the_digest_of_nothing(void **state)
{
	static const struct rpmfile_entry list[] = {
		{ .path = "/etc/empty", .mode = 0100644,
		  .digest = "00000000000000000000000000000000" },
		{ .path = "/etc/full", .mode = 0100644, .content = "x" },
	};

	expect_events(&(struct rpmfile){ .name = "p", .entries = list, .count = 2, .old = true },
		      "/etc/empty:0 /etc/full:1 ", "x");
}

static void gives_large_files_in_chunks(void **state)
{
	size_t size = 2 * PAYLOAD_CHUNK + 12345;
	char *content = malloc(size + 1);
	struct rpmfile_entry list[] = {
		{ .path = "/a", .mode = 0100644, .content = content, .size = size },
		{ .path = "/b", .mode = 0100644, .content = content, .size = PAYLOAD_CHUNK },
		{ .path = "/c", .mode = 0100644, .content = "" },
	};
	struct received r = { .skip = UINT32_MAX };
	struct opened o;

	for (size_t i = 0; i < size; i++)
		content[i] = (char)(i * 2654435761u >> 13);
	content[size] = '\0';
	open_new(&o, &(struct rpmfile){ .name = "p", .entries = list, .count = 3,
					.compressor = "zstd", .io = "w3.zstdio" });
	assert_int_equal(o.p->payload_bytes, size + PAYLOAD_CHUNK);
	assert_ok(read_payload(&o, &r, &err));
	assert_false(r.broken_offsets);
	assert_int_equal(r.bytes.len, size + PAYLOAD_CHUNK);
	assert_memory_equal(r.bytes.data, content, size);
	assert_memory_equal(r.bytes.data + size, content, PAYLOAD_CHUNK);
	received_release(&r);

	/* A file that is not wanted is passed over, also in the middle. */
	r = (struct received){ .skip = 0 };
	assert_ok(read_payload(&o, &r, &err));
	assert_int_equal(r.bytes.len, PAYLOAD_CHUNK);
	judge_lacks(r.events.data, "/a:");
	received_release(&r);
	close_file(&o);
	free(content);
}

static void refuses_wrong_payloads(void **state)
{
	static const char other[] =
		"b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c";
	struct rpmfile_entry list[] = {
		{ .path = "/etc/a", .mode = 0100644, .content = "hello\n" },
		{ .path = "/etc/b", .mode = 0100644, .content = "world\n" },
	};
	struct rpmfile t = { .name = "p", .entries = list, .count = 2 };

	list[0].digest = other;
	expect_refused_payload(&t, -ERR_DIGEST, "'/etc/a': the digest does not match");
	list[0].digest = NULL;
	list[1].payload_name = "";
	expect_refused_payload(&t, -ERR_FORMAT, "'/etc/b': is missing from the payload");
	list[1].payload_name = "./etc/passwd";
	expect_refused_payload(&t, -ERR_FORMAT, "a file that the header does not name");
	list[1].payload_name = "../../etc/b";
	expect_refused_payload(&t, -ERR_FORMAT, "a file that the header does not name");
	list[1].payload_name = NULL;
	list[0].twice = true;
	expect_refused_payload(&t, -ERR_FORMAT, "'/etc/a': is in the payload twice");
	list[0].twice = false;
	/* Cut the trailer, then into the second file. */
	t.payload_cut = 124;
	expect_refused_payload(&t, -ERR_FORMAT, "damaged or ends early");
	t.payload_cut = 124 + 4;
	expect_refused_payload(&t, -ERR_FORMAT, "'/etc/b': the payload ends within this file");
}

static void stops_when_the_sink_says_so(void **state)
{
	struct opened o;

	open_new(&o, &(struct rpmfile){ .name = "p", ENTRIES });
	for (int k = 0; k < 3; k++) {
		struct received r = { .skip = UINT32_MAX };
		struct error err = ERROR_INIT;

		*(k == 0 ? &r.fail_begin : k == 1 ? &r.fail_data : &r.fail_end) = -ENOSPC;
		assert_int_equal(read_payload(&o, &r, &err), -ENOSPC);
		assert_int_equal(err.code, 0); /* the sink's to fill */
		received_release(&r);
	}
	close_file(&o);
}

static void extracts_single_files(void **state)
{
	/* A config file, the first of two links (the second carries the bytes), a link, a ghost. */
	const uint32_t wanted[] = { 0, 1, 3, 4 }, wild[] = { 99 };
	struct strbuf out[4] = { STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT };
	struct opened o;

	open_new(&o, &(struct rpmfile){ .name = "p", ENTRIES });
	assert_int_equal(strbuf_adds(&out[3], "left from before"), 0);
	assert_ok(payload_extract(o.p, &o.files, wanted, 4, out, 8, &err));
	assert_string_equal(out[0].data, "hello\n");
	assert_int_equal(out[1].len, 8);
	assert_memory_equal(out[1].data, "#!/bin/s", 8);
	assert_int_equal(out[2].len, 0);
	assert_int_equal(out[3].len, 0);
	assert_fails(payload_extract(o.p, &o.files, wild, 1, out, 8, &err), -EINVAL);
	for (int i = 0; i < 4; i++)
		strbuf_release(&out[i]);
	close_file(&o);
}

static void reads_a_package_without_files(void **state)
{
	struct received r = { .skip = UINT32_MAX };
	struct opened o;

	open_new(&o, &(struct rpmfile){ .name = "p" });
	assert_int_equal(o.files.count, 0);
	assert_ok(read_payload(&o, &r, &err));
	assert_int_equal(r.events.len, 0);
	close_file(&o);
}

struct job {
	char **paths;
	size_t count, step;
	uint64_t bytes;
	int failures;
};

static int count_data(void *arg, uint32_t i, uint64_t offset, const void *data, size_t n)
{
	*(uint64_t *)arg += n;
	return 0;
}

static int take_all(void *arg, uint32_t i, uint64_t size)
{
	return 1;
}

static int end_fine(void *arg, uint32_t i)
{
	return 0;
}

/* Every second package; what is read must be what the header promised. */
static void *read_some(void *arg)
{
	struct job *job = arg;
	struct verifier *v = NULL;

	/* What is old is judged elsewhere. */
	if (verifier_new(&v, NULL) || verifier_allow_digest(v, "md5", NULL) ||
	    verifier_allow_digest(v, "sha1", NULL))
		job->failures++;
	for (size_t i = job->step; v && i < job->count; i += 2) {
		struct package *p = package_new();
		struct package_files files = { NULL, 0, NULL };
		struct error err = ERROR_INIT;
		uint64_t bytes = 0;
		struct payload_sink sink = { take_all, count_data, end_fine, &bytes };

		p->path = strdup(job->paths[i]);
		if (package_verify(v, p, &err) || package_files_load(&files, p, &err) ||
		    payload_read(p, &files, &sink, &err) || bytes != p->payload_bytes) {
			print_error("%s: %s\n", p->path, err.what ? err.what : "bytes differ");
			job->failures++;
		}
		job->bytes += bytes;
		error_release(&err);
		package_files_release(&files);
		package_free(p);
	}
	verifier_free(v);
	return NULL;
}

static void read_in_two_threads(struct strbuf *list)
{
	char *paths[4096];
	struct job jobs[2];
	pthread_t threads[2];
	size_t n = 0;

	for (char *line = list->data, *end; *line && n < 4096; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		paths[n++] = line;
	}
	for (size_t i = 0; i < 2; i++) {
		jobs[i] = (struct job){ paths, n, i, 0, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, read_some, &jobs[i]), 0);
	}
	for (size_t i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(jobs[i].failures, 0);
	}
	assert_true(jobs[0].bytes + jobs[1].bytes > 0);
}

static void reads_the_demo_media_in_two_threads(void **state)
{
	struct strbuf list = STRBUF_INIT;
	const char *media;

	if (!demo_packages(&list, &media))
		skip();
	read_in_two_threads(&list);
	strbuf_release(&list);
}

/* Real packages of 1998 to 2021: all but those that are known to be broken or sources. */
static void reads_real_packages(void **state)
{
	struct strbuf list = STRBUF_INIT;
	const char *data = getenv("MKROOT_REAL_DATA");

	if (!data) {
		print_message("skipped: MKROOT_REAL_DATA is not set\n");
		skip();
	}
	judge_run(&list,
		  "find '%s/rpms' -name '*.rpm' ! -path '*/broken/*' ! -name '*.src.rpm' "
		  "! -name 'no.rpm' ! -name '*_broken*' | sort", data);
	assert_true(list.len > 0);
	read_in_two_threads(&list);
	strbuf_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_layout),
		cmocka_unit_test(reads_every_compression),
		cmocka_unit_test(knows_its_files),
		cmocka_unit_test(takes_zeros_for_the_digest_of_nothing),
		cmocka_unit_test(gives_large_files_in_chunks),
		cmocka_unit_test(refuses_wrong_payloads),
		cmocka_unit_test(stops_when_the_sink_says_so),
		cmocka_unit_test(extracts_single_files),
		cmocka_unit_test(reads_a_package_without_files),
		cmocka_unit_test(reads_the_demo_media_in_two_threads),
		cmocka_unit_test(reads_real_packages),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
