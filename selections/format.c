/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which format a file has, told by its contents; and the life of a selection. */
#include "selections/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first that detects its file reads it; the plain list takes what is left. */
static const struct selection_format formats[] = {
	{ "selection 3.0 and 4.0, pattern 5.0", sel_detect, sel_read },
	{ "selection 2.1", sel2_detect, sel2_read },
	{ "patterns.xml, comps.xml", xml_detect, xml_read },
	{ "plain list", list_detect, list_read },
};

static int read_text(struct reader *r, struct selection *s, struct error *err)
{
	struct reader probe = *r;
	struct span line = { "", 0 };

	/* A file of comments alone is a plain list, which says that it is empty. */
	while (reader_next(&probe, &line)) {
		if (span_trim(line).len && line.data[0] != '#')
			break;
		line.len = 0;
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].detect(line))
			return formats[i].read(r, s, err);
	return -ERR_UNSUPPORTED; /* not reached: the last one takes everything */
}

/* Refuse what no text has, by its line. */
static int check_text(struct reader *r, struct error *err)
{
	const char *nul = memchr(r->data, '\0', r->size);

	if (r->size > 2 && (!memcmp(r->data, "\x1f\x8b", 2) || !memcmp(r->data, "BZh", 3) ||
			    !memcmp(r->data, "\xfd" "7z", 3) || !memcmp(r->data, "\x28\xb5\x2f", 3)))
		return error_set(err, -ERR_FORMAT, r->path, "is compressed; unpack it first");
	if (!nul)
		return 0;
	r->line = 1;
	for (const char *p = r->data; p < nul; p++)
		r->line += *p == '\n';
	return reader_error(r, err, -ERR_FORMAT, "NUL byte (this is no text file)");
}

/* A file with one selection is that selection. */
static struct selection *unwrap(struct selection *s)
{
	struct selection *part;

	if (s->part_count != 1)
		return s;
	part = s->parts[0];
	part->whole = NULL;
	part->path = s->path;
	s->path = NULL;
	s->part_count = 0;
	selection_free(s);
	return part;
}

int selection_parse(const char *data, size_t size, const char *path, struct selection **out,
		    struct error *err)
{
	struct reader r = { .path = path, .data = data, .size = size };
	struct selection *s;
	int rc;

	*out = NULL;
	if (size > SELECTION_MAX_BYTES)
		return error_set(err, -ERR_LIMIT, path, "larger than 16 MiB");
	if (size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {
		r.data += 3;
		r.size -= 3;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_nomem(err);
	s->visible = true;
	s->path = path ? strdup(path) : NULL;
	rc = path && !s->path ? error_nomem(err) : check_text(&r, err);
	if (!rc)
		rc = read_text(&r, s, err);
	if (rc) {
		selection_free(s);
		return rc;
	}
	*out = unwrap(s);
	return 0;
}

/* At most one byte more than is accepted, so that too large a file is noticed. */
static int read_fd(int fd, const char *path, struct strbuf *text, struct error *err)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return error_errno(err, errno, path, "cannot be read");
	if (S_ISDIR(st.st_mode))
		return error_set(err, -EISDIR, path, "is a folder, not a selection");
	while (text->len <= SELECTION_MAX_BYTES) {
		if (strbuf_reserve(text, 65536))
			return error_nomem(err);
		n = read(fd, text->data + text->len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, errno, path, "cannot be read");
		if (!n)
			break;
		text->len += (size_t)n;
	}
	return 0;
}

int selection_read(const char *path, struct selection **out, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	int fd, rc;

	*out = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, path, "cannot be opened");
	rc = read_fd(fd, path, &text, err);
	close(fd);
	if (!rc)
		rc = selection_parse(text.data ? text.data : "", text.len, path, out, err);
	strbuf_release(&text);
	return rc;
}
