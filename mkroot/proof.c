/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/proof.h"

#include <errno.h>
#include <fcntl.h>
#include <rpm/rpmcrypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "mkroot/build.h"
#include "mkroot/parallel.h"

static const char *path_of(const struct options *o, enum proof_kind kind)
{
	const char *const paths[PROOF_KINDS] = {
		[PROOF_REPORT] = o->report,
		[PROOF_SBOM] = o->sbom,
		[PROOF_MANIFEST] = o->manifest,
		[PROOF_LOCK] = o->lock,
	};

	return paths[kind];
}

void proof_init(struct proof *p)
{
	*p = (struct proof){ .locked = NULL };
	for (int k = 0; k < PROOF_KINDS; k++)
		p->outputs[k] = (struct output)OUTPUT_INIT;
}

void proof_release(struct proof *p)
{
	for (int k = 0; k < PROOF_KINDS; k++)
		output_abort(&p->outputs[k]);
	json_decref(p->locked);
	p->locked = NULL;
	strlist_release(&p->overlays);
	strlist_release(&p->run_files);
}

json_t *proof_text(const char *text)
{
	json_t *s = json_string(text);
	struct strbuf utf8 = STRBUF_INIT;

	if (s)
		return s;
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		char two[2] = { (char)(0xc0 | *c >> 6), (char)(0x80 | (*c & 0x3f)) };
		int rc = *c < 0x80 ? strbuf_add(&utf8, c, 1) : strbuf_add(&utf8, two, 2);

		if (rc) {
			strbuf_release(&utf8);
			return json_lost();
		}
	}
	s = json_string(utf8.data ? utf8.data : "");
	strbuf_release(&utf8);
	return s;
}

int proof_check(const struct build *b, struct error *err)
{
	for (int k = 0; k < PROOF_KINDS; k++) {
		const char *path = path_of(b->options, k);
		int rc = path ? output_check(path, err) : 0;

		if (rc)
			return rc;
	}
	return 0;
}

/* SHA-256 of a file as hex, a new string in *hex; name is for messages. */
static int digest_file(const char *path, const char *name, char **hex, struct error *err)
{
	static const size_t chunk = 1 << 20;
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	char *buf = malloc(chunk);
	DIGEST_CTX ctx = rpmDigestInit(RPM_HASH_SHA256, RPMDIGEST_NONE);
	ssize_t n = -1;

	*hex = NULL;
	if (fd < 0)
		rc = error_errno(err, errno, name, "cannot be read");
	else if (!buf || !ctx)
		rc = error_nomem(err);
	while (!rc && (n = read(fd, buf, chunk)) > 0)
		rpmDigestUpdate(ctx, buf, (size_t)n);
	if (!rc && n < 0)
		rc = error_errno(err, errno, name, "cannot be read");
	if (ctx)
		rpmDigestFinal(ctx, (void **)hex, NULL, 1);
	if (!rc && !*hex)
		rc = error_nomem(err);
	free(buf);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int digest_one(void *arg, size_t index, struct error *err)
{
	struct build *b = arg;
	struct package *p = b->solved.packages.items[index];

	free(p->sha256);
	return digest_file(p->path, package_file_name(p), &p->sha256, err);
}

/* What else decides about the image: overlays and scripts. A folder has no digest. */
static int digest_extra(const char *path, struct strlist *to, struct error *err)
{
	struct stat st;
	char *hex = NULL;
	int rc = 0;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		rc = digest_file(path, path, &hex, err);
	else if (!(hex = strdup(S_ISDIR(st.st_mode) ? "folder" : "no file")))
		rc = error_nomem(err);
	if (!rc && strlist_take(to, hex))
		return error_nomem(err);
	if (rc)
		free(hex);
	return rc;
}

static int digest_extras(struct build *b, struct error *err)
{
	const struct options *o = b->options;
	int rc = 0;

	for (size_t i = 0; !rc && i < o->overlays.count; i++)
		rc = digest_extra(o->overlays.items[i], &b->proof.overlays, err);
	for (size_t i = 0; !rc && i < o->runs.count; i++)
		if (o->runs.items[i][0] == RUN_FILE)
			rc = digest_extra(o->runs.items[i] + 1, &b->proof.run_files, err);
	return rc;
}

int proof_digest_packages(struct build *b, struct error *err)
{
	struct parallel work = { .jobs = b->options->jobs, .work = digest_one, .arg = b };
	bool lock = b->options->lock || b->options->locked;
	int rc = lock ? digest_extras(b, err) : 0;

	if (rc || (!b->options->report && !b->options->sbom && !lock))
		return rc;
	return parallel_run(&work, b->solved.packages.count, err);
}

/* Takes ownership of doc. */
static int write_json(json_t *doc, int fd, const char *path, struct error *err)
{
	int rc = json_complete(doc, err);

	if (!rc && (json_dumpfd(doc, fd, JSON_INDENT(2)) != 0 || write(fd, "\n", 1) != 1))
		rc = error_errno(err, errno ? errno : EIO, path, "cannot be written");
	if (!rc)
		rc = json_complete(doc, err);
	json_decref(doc);
	return rc;
}

int proof_write(struct build *b, struct error *err)
{
	for (int k = 0; k < PROOF_KINDS; k++) {
		const char *path = path_of(b->options, k);
		struct output *out = &b->proof.outputs[k];
		int rc;

		if (!path)
			continue;
		rc = output_open(out, path, err);
		if (rc)
			return rc;
		json_begin();
		if (k == PROOF_MANIFEST)
			rc = manifest_write(b, out->fd, err);
		else
			rc = write_json(k == PROOF_REPORT ? report_document(b) :
					k == PROOF_SBOM	  ? sbom_document(b) :
							    lock_document(b),
					out->fd, path, err);
		if (rc)
			return rc;
	}
	return 0;
}

int proof_report_failure(struct build *b, const struct error *why, struct error *err)
{
	struct output *out = &b->proof.outputs[PROOF_REPORT];
	char *text = error_text(why);
	json_t *doc;
	int rc;

	if (!b->options->report) {
		free(text);
		return 0;
	}
	json_begin();
	doc = report_document(b);
	if (doc && text)
		json_object_set_new(doc, "error", json_string(text));
	free(text);
	rc = output_open(out, b->options->report, err);
	if (rc) {
		json_decref(doc);
		return rc;
	}
	rc = write_json(doc, out->fd, b->options->report, err);
	return rc ? rc : output_commit(out, err);
}

int proof_commit(struct build *b, struct error *err)
{
	for (int k = 0; k < PROOF_KINDS; k++) {
		int rc = b->proof.outputs[k].fd >= 0 ? output_commit(&b->proof.outputs[k], err) : 0;

		if (rc)
			return rc;
	}
	return 0;
}
