/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkg/source.h"

#include <errno.h>
#include <fcntl.h>
#include <solv/chksum.h>
#include <solv/solv_xfopen.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>


/* Asked in this order. */
static const struct source_ops *const kinds[] = {
	&source_url,
	&source_iso,
	&source_folder,
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static int find_kind(const char *location, const struct source_ops **kind, struct error *err)
{
	struct strbuf why = STRBUF_INIT;
	struct stat st;
	int rc = 0;

	*kind = NULL;
	for (size_t i = 0; i < KIND_COUNT && !rc; i++) {
		rc = strbuf_addf(&why, "%sno %s: ", i ? "; " : "", kinds[i]->name);
		if (!rc)
			rc = kinds[i]->detect(location, &why);
		if (rc == 1)
			*kind = kinds[i];
	}
	if (rc < 0)
		rc = error_nomem(err);
	else if (*kind)
		rc = 0;
	else if (stat(location, &st))
		rc = errno == ENOENT ? error_set(err, -ERR_NOT_FOUND, location, "no such folder") :
				       error_errno(err, errno, location, "media");
	else
		rc = error_set(err, -ERR_NOT_FOUND, location, "not recognised as media: %s",
			       why.data);
	strbuf_release(&why);
	return rc;
}

int source_open(const char *location, const struct source_settings *settings, struct source **out,
		struct error *err)
{
	const struct source_ops *kind;
	struct source *s;
	int rc;

	*out = NULL;
	rc = find_kind(location, &kind, err);
	if (rc)
		return rc;
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_nomem(err);
	s->ops = kind;
	s->settings = settings;
	s->location = strdup(location);
	rc = s->location ? kind->open(s, err) : error_nomem(err);
	if (rc) {
		source_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	s->ops->close(s);
	free(s->location);
	free(s);
}

int source_fetch(struct source *s, struct source_file *files, size_t count,
		 const struct source_progress *progress, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		files[i].local = NULL;
	if (count)
		rc = s->ops->fetch(s, files, count, progress, err);
	for (size_t i = 0; rc && i < count; i++) {
		free(files[i].local);
		files[i].local = NULL;
	}
	return rc;
}

int source_has(struct source *s, const char *path, struct error *err)
{
	struct source_file file = { .path = path, .optional = true, .max = 1 << 20 };
	int rc;

	if (s->ops->has)
		return s->ops->has(s, path, false, err);
	rc = source_fetch(s, &file, 1, NULL, err);
	if (!rc)
		rc = file.local != NULL;
	free(file.local);
	return rc;
}

bool source_can_list(const struct source *s)
{
	return s->ops->list != NULL;
}

int source_list(struct source *s, const char *folder, struct strlist *names, struct error *err)
{
	if (!s->ops->list)
		return error_set(err, -ERR_UNSUPPORTED, s->location, "does not tell its files");
	return s->ops->list(s, folder, names, err);
}

static int read_stream(FILE *f, const char *label, size_t max, struct strbuf *out,
		       struct error *err)
{
	size_t n;

	do {
		if (strbuf_reserve(out, 65536))
			return error_nomem(err);
		n = fread(out->data + out->len, 1, 65536, f);
		out->len += n;
		out->data[out->len] = '\0';
		if (out->len > max)
			return error_set(err, -ERR_LIMIT, label, "longer than %zu bytes", max);
	} while (n);
	/* Decompressors tell of damage and of a missing end this way alone. */
	if (ferror(f))
		return error_set(err, -ERR_FORMAT, label,
				 "cannot be read to its end (is it damaged?)");
	return 0;
}

/* The suffix of file->path says how it is compressed. */
static int open_local(const char *local, const struct source_file *file, const char *label,
		      size_t max, FILE **f, struct error *err)
{
	struct stat st;
	int fd = open(local, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = 0;

	if (fd < 0)
		return error_errno(err, errno, label, "cannot open");
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		rc = error_set(err, -ERR_FORMAT, label, "not a regular file");
	else if ((uint64_t)st.st_size > max)
		rc = error_set(err, -ERR_LIMIT, label, "longer than %zu bytes", max);
	else
		rc = source_check(file, fd, label, err);
	if (!rc) {
		*f = solv_xfopen_fd(file->path, fd, "r");
		if (!*f)
			rc = error_set(err, -ERR_UNSUPPORTED, label, "unknown compression");
	}
	if (rc)
		close(fd);
	return rc;
}

int source_stream(struct source *s, const struct source_file *wanted, size_t max, FILE **f,
		  struct error *err)
{
	struct source_file file = *wanted;
	char *label;
	int rc;

	*f = NULL;
	if (!file.max || file.max > max)
		file.max = max;
	rc = source_fetch(s, &file, 1, NULL, err);
	if (rc || !file.local)
		return rc;
	label = source_label(s, file.path);
	rc = label ? open_local(file.local, &file, label, max, f, err) : error_nomem(err);
	free(label);
	free(file.local);
	return rc;
}

int source_read(struct source *s, const struct source_file *file, size_t max, struct strbuf *out,
		struct error *err)
{
	char *label;
	FILE *f;
	int rc;

	strbuf_release(out);
	rc = source_stream(s, file, max, &f, err);
	if (rc || !f)
		return rc;
	label = source_label(s, file->path);
	rc = label ? read_stream(f, label, max, out, err) : error_nomem(err);
	free(label);
	fclose(f);
	return rc;
}

char *source_label(const struct source *s, const char *path)
{
	size_t n = strlen(s->location);
	char *label;

	if (asprintf(&label, "%s%s%s", s->location,
		     !*path || (n && s->location[n - 1] == '/') ? "" : "/", path) < 0)
		return NULL;
	return label;
}

static int check_sum(const struct source_file *file, int fd, const char *label, struct error *err)
{
	Id type = solv_chksum_str2type(file->checksum_algo);
	Chksum *sums = type ? solv_chksum_create(type) : NULL;
	char buf[65536], hex[2 * 64 + 1] = "";
	const unsigned char *sum;
	off_t at = 0;
	ssize_t n;
	int len = 0;

	if (!sums)
		return error_set(err, -ERR_UNSUPPORTED, label, "cannot compute %s checksums",
				 file->checksum_algo);
	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		solv_chksum_add(sums, buf, (int)n);
		at += n;
	}
	if (n < 0) {
		int saved = errno;

		solv_chksum_free(sums, NULL);
		return error_errno(err, saved, label, "cannot read");
	}
	sum = solv_chksum_get(sums, &len);
	for (int k = 0; k < len && k < 64; k++)
		snprintf(hex + 2 * (size_t)k, 3, "%02x", sum[k]);
	solv_chksum_free(sums, NULL);
	if (!strcasecmp(hex, file->checksum))
		return 0;
	return error_set(err, -ERR_DIGEST, label,
			 "%s checksum does not match: expected %s, got %s (is it damaged?)",
			 file->checksum_algo, file->checksum, hex);
}

int source_check(const struct source_file *file, int fd, const char *label, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_errno(err, errno, label, "cannot read");
	if (file->max && (uint64_t)st.st_size > file->max)
		return error_set(err, -ERR_LIMIT, label, "longer than %llu bytes",
				 (unsigned long long)file->max);
	if (file->size && (uint64_t)st.st_size != file->size)
		return error_set(err, -ERR_DIGEST, label,
				 "has %llu bytes where %llu are expected (is it damaged?)",
				 (unsigned long long)st.st_size, (unsigned long long)file->size);
	return file->checksum ? check_sum(file, fd, label, err) : 0;
}

static int open_temp(void)
{
	const char *folders[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	int fd = -1;

	for (size_t i = 0; i < 3 && fd < 0; i++) {
		if (!folders[i] || !*folders[i])
			continue;
		fd = open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EMFILE)
			return -1;
	}
	return fd >= 0 ? fd : memfd_create("mkroot", MFD_CLOEXEC);
}

int source_temp(void)
{
	struct rlimit limit;
	int fd = open_temp();

	if (fd >= 0 || errno != EMFILE)
		return fd;
	/* One for each package: more than the cautious limit that shells give may be needed. */
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= limit.rlim_max) {
		errno = EMFILE;
		return -1;
	}
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit)) {
		errno = EMFILE;
		return -1;
	}
	return open_temp();
}

char *source_fd_path(int fd)
{
	char *path;

	return asprintf(&path, "/proc/self/fd/%d", fd) < 0 ? NULL : path;
}
