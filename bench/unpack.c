/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack [--sync] THREADS FOLDER RPM...: the least that anybody must do. Every
 * payload is decompressed and its files' bytes are written, one output file a
 * package; nothing is verified, planned or named. What mkroot is measured
 * against (make bench).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmts.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/number.h"
#include "common/output.h"

#define CHUNK 262144

struct package {
	const char *path;
	off_t size;
};

struct job {
	struct package *packages;
	size_t count;
	atomic_size_t next;
	atomic_int failed;
	atomic_llong bytes;
	const char *folder;
	bool sync;
};

static int copy_files(struct job *job, Header h, FD_t payload, int out)
{
	rpmfiles files = rpmfilesNew(NULL, h, 0, RPMFI_KEEPHEADER);
	rpmfi fi = rpmfiNewArchiveReader(payload, files, RPMFI_ITER_READ_ARCHIVE_CONTENT_FIRST);
	char *buf = malloc(CHUNK);
	long long at = 0;
	int rc = fi && buf ? 0 : -EIO;

	while (!rc && rpmfiNext(fi) >= 0) {
		ssize_t n;

		while (!rc && rpmfiArchiveHasContent(fi) &&
		       (n = rpmfiArchiveRead(fi, buf, CHUNK)) > 0) {
			rc = write_fully(out, buf, (size_t)n, at);
			at += n;
		}
	}
	atomic_fetch_add(&job->bytes, at);
	free(buf);
	if (fi) {
		rpmfiArchiveClose(fi);
		rpmfiFree(fi);
	}
	rpmfilesFree(files);
	return rc;
}

static int unpack_one(struct job *job, rpmts ts, size_t index)
{
	FD_t fd = Fopen(job->packages[index].path, "r.ufdio"), payload = NULL;
	char *mode = NULL, *name = NULL;
	const char *compressor;
	Header h = NULL;
	int out = -1, rc = -EIO;

	if (!fd || Ferror(fd) || rpmReadPackageFile(ts, fd, NULL, &h) != RPMRC_OK)
		goto out;
	compressor = headerGetString(h, RPMTAG_PAYLOADCOMPRESSOR);
	if (asprintf(&mode, "r.%sdio",
		     !compressor || !strcmp(compressor, "gzip") ? "gz"
		     : !strcmp(compressor, "bzip2")		? "bz"
								: compressor) < 0 ||
	    asprintf(&name, "%s/%zu", job->folder, index) < 0)
		goto out;
	out = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	payload = out >= 0 ? Fdopen(fdDup(Fileno(fd)), mode) : NULL;
	if (payload)
		rc = copy_files(job, h, payload, out);
	if (!rc && job->sync && fsync(out) != 0)
		rc = -errno;
out:
	if (rc)
		fprintf(stderr, "unpack: '%s': cannot be unpacked\n", job->packages[index].path);
	if (payload)
		Fclose(payload);
	if (fd)
		Fclose(fd);
	if (out >= 0)
		close(out);
	headerFree(h);
	free(mode);
	free(name);
	return rc;
}

static void *work(void *arg)
{
	struct job *job = arg;
	rpmts ts = rpmtsCreate();

	rpmtsSetVSFlags(ts, RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES);
	for (;;) {
		size_t index = atomic_fetch_add(&job->next, 1);

		if (index >= job->count)
			break;
		if (unpack_one(job, ts, index))
			atomic_store(&job->failed, 1);
	}
	rpmtsFree(ts);
	return NULL;
}

/* The largest first, so that no thread is left alone with it at the end. */
static int by_size(const void *a, const void *b)
{
	const struct package *pa = a, *pb = b;

	return pa->size < pb->size ? 1 : pa->size > pb->size ? -1 : 0;
}

static int look(struct job *job, char **paths, size_t count)
{
	struct stat st;

	job->packages = calloc(count, sizeof(*job->packages));
	if (!job->packages)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (stat(paths[i], &st) != 0) {
			fprintf(stderr, "unpack: '%s': %s\n", paths[i], strerror(errno));
			return -ENOENT;
		}
		job->packages[i] = (struct package){ paths[i], st.st_size };
	}
	job->count = count;
	qsort(job->packages, count, sizeof(*job->packages), by_size);
	return 0;
}

int main(int argc, char **argv)
{
	struct job job = { .packages = NULL };
	pthread_t threads[64];
	uint64_t count, started = 0;

	if (argc > 1 && strcmp(argv[1], "--sync") == 0) {
		job.sync = true;
		argv++;
		argc--;
	}
	if (argc < 4 || number_parse(argv[1], 1, 64, &count)) {
		fprintf(stderr, "usage: unpack [--sync] THREADS FOLDER RPM...\n");
		return 2;
	}
	job.folder = argv[2];
	rpmSetVerbosity(RPMLOG_ERR);
	if (rpmReadConfigFiles(NULL, NULL) != 0 || look(&job, argv + 3, (size_t)argc - 3))
		job.failed = 1;
	for (; !job.failed && started < count; started++)
		if (pthread_create(&threads[started], NULL, work, &job) != 0)
			job.failed = 1;
	for (uint64_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	printf("%zu packages, %lld bytes\n", job.count, (long long)job.bytes);
	free(job.packages);
	return job.failed;
}
