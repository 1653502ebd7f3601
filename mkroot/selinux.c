/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/selinux.h"

#include <ctype.h>
#include <errno.h>
#include <selinux/label.h>
#include <selinux/selinux.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/output.h"

#define CONFIG "/etc/selinux/config"
#define TEXT_MAX_BYTES ((size_t)64 << 20)
#define CONTEXT_MAX 4096 /* bytes; more does not fit into a block */

/* What libselinux complains of, in the one thread that uses it: the last line. */
static char complaint[256];

PRINTF_LIKE(2, 3) static int keep_complaint(int type, const char *fmt, ...)
{
	const char *text = complaint;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(complaint, sizeof(complaint), fmt, ap);
	va_end(ap);
	complaint[strcspn(complaint, "\n")] = '\0';
	/* The name of the file in memory tells nobody anything. */
	if (!strncmp(text, "/proc/self/fd/", 14)) {
		text += strcspn(text, ":");
		text += strspn(text, ": ");
		memmove(complaint, text, strlen(text) + 1);
	}
	return 0;
}

/* A file of the policy behind what there is already; one that is not there is no error. */
static int append_file(struct image *image, struct strbuf *text, struct error *err,
		       const char *type, const char *name)
{
	struct strbuf file = STRBUF_INIT;
	char *path = NULL;
	int rc;

	if (asprintf(&path, "/etc/selinux/%s/contexts/files/%s", type, name) < 0)
		return error_nomem(err);
	rc = image_read_file(image, path, TEXT_MAX_BYTES, &file, err);
	if (rc == -ENOENT) {
		error_release(err);
		rc = 0;
	} else if (!rc && (strbuf_add(text, file.data, file.len) || strbuf_adds(text, "\n"))) {
		rc = error_nomem(err);
	}
	strbuf_release(&file);
	free(path);
	return rc;
}

/* "SELINUXTYPE=targeted" of the configuration; "targeted" when it does not say. */
static int find_type(struct policy *p, struct image *image, struct error *err)
{
	static const char key[] = "SELINUXTYPE=";
	struct strbuf text = STRBUF_INIT;
	const char *value = "targeted";
	size_t n = strlen(value);
	int rc = image_read_file(image, CONFIG, TEXT_MAX_BYTES, &text, err);

	if (rc == -ENOENT) {
		error_release(err);
		rc = 0;
	}
	for (const char *line = text.data; !rc && line && *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		line += strspn(line, " \t");
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		value = line + strlen(key);
		value += strspn(value, " \t");
		for (n = 0; isalnum((unsigned char)value[n]) || value[n] == '_' || value[n] == '-';)
			n++;
	}
	if (!rc && (!n || n > 100))
		rc = error_set(err, -ERR_FORMAT, CONFIG, "names no policy");
	if (!rc) {
		p->type = strndup(value, n);
		rc = p->type ? 0 : error_nomem(err);
	}
	strbuf_release(&text);
	return rc;
}

/* Lines "FROM TO": what is below FROM is labelled as if it were below TO. */
static int read_aliases(struct policy *p, const struct strbuf *text, struct error *err)
{
	const char *line = text->data ? text->data : "", *blank = " \t\r";

	for (size_t len; *line; line += len + (line[len] == '\n')) {
		const char *from, *to;
		size_t from_len, to_len;

		len = strcspn(line, "\n");
		from = line + strspn(line, blank);
		from_len = strcspn(from, " \t\r\n");
		to = from + from_len + strspn(from + from_len, blank);
		to_len = strcspn(to, " \t\r\n");
		if (*from != '/' || *to != '/')
			continue;
		if (strlist_addf(&p->aliases, "%.*s", (int)from_len, from) ||
		    strlist_addf(&p->aliases, "%.*s", (int)to_len, to))
			return error_nomem(err);
	}
	return 0;
}

/* With checking, every context is as good as another one: the kernel here has not this policy. */
static int accept_context(char **context)
{
	return 0;
}

/* libselinux reads files; it gets one that is in memory. *fd is the caller's to close. */
static int open_labels(const char *type, const char *text, size_t size, bool check,
		       struct selabel_handle **labels, int *fd, struct error *err)
{
	struct selinux_opt options[2] = { { .type = SELABEL_OPT_PATH },
					  { .type = SELABEL_OPT_VALIDATE } };
	char path[64];
	int rc, why;

	*fd = memfd_create("file_contexts", MFD_CLOEXEC);
	if (*fd < 0)
		return error_errno(err, errno, NULL, "no room for the policy's text");
	rc = write_fully(*fd, text, size, 0);
	if (rc)
		return error_errno(err, -rc, NULL, "no room for the policy's text");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	options[0].value = path;
	options[1].value = check ? (char *)1 : NULL;
	complaint[0] = '\0';
	*labels = selabel_open(SELABEL_CTX_FILE, options, 2);
	why = errno;
	if (*labels)
		return 0;
	return error_set(err, why == ENOMEM ? -ENOMEM : -ERR_FORMAT, type,
			 "the policy's file_contexts cannot be read: %s",
			 complaint[0] ? complaint : strerror(why));
}

/*
 * A pattern that cannot be is passed over in silence when labels are looked up, so each file's
 * are tried before.
 */
static int check_patterns(const char *type, const char *text, size_t size, struct error *err)
{
	struct selabel_handle *labels = NULL;
	int fd = -1, rc = open_labels(type, text, size, true, &labels, &fd, err);

	if (labels)
		selabel_close(labels);
	if (fd >= 0)
		close(fd);
	/* Said when every pattern was good already; the last one of a kind counts then. */
	if (rc == -ERR_FORMAT && !strncmp(complaint, "Multiple ", 9)) {
		error_release(err);
		rc = 0;
	}
	return rc;
}

/* All files of contexts, in the order in which libselinux itself would read them. */
static int read_contexts(struct policy *p, struct image *image, struct strbuf *text,
			 struct error *err)
{
	static const char *const names[] = { "file_contexts", "file_contexts.homedirs",
					     "file_contexts.local" };
	int rc = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !rc; i++) {
		size_t before = text->len;

		rc = append_file(image, text, err, p->type, names[i]);
		if (!rc && !text->len) {
			rc = error_set(err, -ERR_NOT_FOUND, p->type,
				       "the image has no SELinux policy of this name");
			error_hint(err, "add selinux-policy-%s, or leave --selinux out", p->type);
		}
		if (!rc && text->len > before)
			rc = check_patterns(p->type, text->data + before, text->len - before, err);
	}
	return rc;
}

int policy_open(struct policy *p, struct image *image, struct error *err)
{
	/* A local alias wins over a distribution's. */
	static const char *const aliases[] = { "file_contexts.subs", "file_contexts.subs_dist" };
	struct strbuf text = STRBUF_INIT, alias_text = STRBUF_INIT;
	int rc;

	*p = (struct policy)POLICY_INIT;
	rc = find_type(p, image, err);
	selinux_set_callback(SELINUX_CB_LOG, (union selinux_callback){ .func_log = keep_complaint });
	selinux_set_callback(SELINUX_CB_VALIDATE,
			     (union selinux_callback){ .func_validate = accept_context });
	if (!rc)
		rc = read_contexts(p, image, &text, err);
	for (size_t i = 0; i < 2 && !rc; i++)
		rc = append_file(image, &alias_text, err, p->type, aliases[i]);
	if (!rc)
		rc = read_aliases(p, &alias_text, err);
	if (!rc)
		rc = open_labels(p->type, text.data, text.len, false, &p->labels, &p->fd, err);
	strbuf_release(&text);
	strbuf_release(&alias_text);
	return rc;
}

void policy_close(struct policy *p)
{
	if (p->labels)
		selabel_close(p->labels);
	if (p->fd >= 0)
		close(p->fd);
	free(p->type);
	strlist_release(&p->aliases);
	*p = (struct policy)POLICY_INIT;
}

/* The first alias that is the path or above it, replaced. New string. */
static char *resolve_alias(const struct policy *p, const char *path)
{
	char *out = NULL;

	for (size_t i = 0; i + 1 < p->aliases.count; i += 2) {
		size_t n = strlen(p->aliases.items[i]);

		if (!strncmp(path, p->aliases.items[i], n) && (path[n] == '/' || !path[n]))
			return asprintf(&out, "%s%s", p->aliases.items[i + 1], path + n) < 0 ? NULL :
											      out;
	}
	return strdup(path);
}

int policy_label(const struct policy *p, const char *path, uint32_t mode, char **context,
		 struct error *err)
{
	char *key = resolve_alias(p, path), *found = NULL;
	int rc = 0;

	*context = NULL;
	if (!key)
		return error_nomem(err);
	if (selabel_lookup_raw(p->labels, &found, key, (int)mode) && errno != ENOENT)
		rc = error_errno(err, errno, path, "no label can be found");
	free(key);
	if (!rc && found && strlen(found) >= CONTEXT_MAX)
		rc = error_set(err, -ERR_LIMIT, path, "its label is too long");
	if (!rc && found && strcmp(found, "<<none>>") != 0) {
		*context = strdup(found);
		rc = *context ? 0 : error_nomem(err);
	}
	freecon(found);
	return rc;
}
