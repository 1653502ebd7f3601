/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of the guest's side, and the node of its line. */
#include "labpack/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labpack/embed.h"

#define SCRIPT_MAX ((size_t)1 << 20)

static int read_script(const char *path, struct strbuf *text, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	ssize_t n = 1;

	if (fd < 0)
		return error_errno(err, errno, path, "cannot be opened");
	while (!rc && n > 0) {
		rc = strbuf_reserve(text, 65536) ? error_nomem(err) : 0;
		if (rc)
			break;
		n = read(fd, text->data + text->len, 65536);
		if (n < 0)
			rc = error_errno(err, errno, path, "cannot be read");
		else
			text->len += (size_t)n;
		if (!rc && text->len > SCRIPT_MAX)
			rc = error_set(err, -ERR_LIMIT, path, "a script of more than 1 MiB");
	}
	close(fd);
	return rc;
}

/* The lab's NAME.KIND as LAYER_FOLDER/WHO.KIND. Carriage returns of other systems' editors are taken out. */
static int add_script(struct layer *l, const struct lab *lab, const char *name, const char *who,
		      const char *kind, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	char *file = NULL, *path = NULL, *to = NULL;
	size_t out = 0;
	int rc = 0;

	if (asprintf(&file, "%s.%s", name, kind) < 0 || !(path = lab_path(lab, file)) ||
	    asprintf(&to, LAYER_FOLDER "/%s.%s", who, kind) < 0)
		rc = error_nomem(err);
	if (!rc)
		rc = read_script(path, &text, err);
	for (size_t i = 0; !rc && i < text.len; i++)
		if (text.data[i] != '\r' || i + 1 == text.len || text.data[i + 1] != '\n')
			text.data[out++] = text.data[i];
	if (!rc)
		rc = layer_add_text(l, to, 0755, out ? text.data : "", out, err);
	strbuf_release(&text);
	free(file);
	free(path);
	free(to);
	return rc;
}

int guest_add(struct layer *l, const struct lab *lab, const struct lab_machine *m,
	      struct error *err)
{
	int rc = layer_add_text(l, GUEST_PROGRAM, 0755, guest_text, guest_text_size, err);

	if (!rc && lab->has_shared_startup)
		rc = add_script(l, lab, "shared", "shared", "startup", err);
	if (!rc && lab->has_shared_shutdown)
		rc = add_script(l, lab, "shared", "shared", "shutdown", err);
	if (!rc && m->has_startup)
		rc = add_script(l, lab, m->name, "machine", "startup", err);
	if (!rc && m->has_shutdown)
		rc = add_script(l, lab, m->name, "machine", "shutdown", err);
	return rc;
}
