/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the machine's init comes to call the guest's side. */
#include "labpack/guest.h"

#include <errno.h>
#include <sys/stat.h>

#define TEXT_MAX ((size_t)1 << 20)
#define INITTAB "/etc/inittab"
#define UNIT "/etc/systemd/system/labpack.service"
#define WANTS "/etc/systemd/system/multi-user.target.wants"
#define LINE_MAJOR 4
#define LINE_MINOR (64 + LAB_SERIAL_EXEC)

/* Startup scripts are the author's: they may take their time, and start services themselves. */
static const char unit[] = "[Unit]\n"
			   "Description=Startup and shutdown scripts of the lab\n"
			   "After=multi-user.target\n"
			   "\n"
			   "[Service]\n"
			   "Type=oneshot\n"
			   "RemainAfterExit=yes\n"
			   "KillMode=process\n"
			   "ExecStart=" GUEST_PROGRAM " start\n"
			   "ExecStop=" GUEST_PROGRAM " stop\n"
			   "TimeoutStartSec=0\n"
			   "StandardOutput=journal+console\n"
			   "StandardError=journal+console\n";

static int read_text(struct image *image, const char *path, struct strbuf *text, struct error *err)
{
	int rc = image_read_file(image, path, TEXT_MAX, text, err);

	return rc ? rc : strbuf_adds(text, "") ? error_nomem(err) : 0;
}

static int hook_systemd(struct image *image, struct error *err)
{
	struct image_stat st;
	int rc = image_mkdir_p(image, WANTS, err);

	if (!rc)
		rc = image_write_file(image, UNIT, unit, sizeof(unit) - 1, NULL, err);
	if (!rc && image_lstat(image, WANTS "/labpack.service", &st, NULL) == -ENOENT)
		rc = image_symlink(image, UNIT, WANTS "/labpack.service", err);
	return rc;
}

/* The n-th field of an inittab line (they end with colons), for comparing; NULL for a comment. */
static const char *inittab_field(const char *line, unsigned int n, size_t *length)
{
	if (*line == '#')
		return NULL;
	while (n--) {
		line += strcspn(line, ":\n");
		if (*line++ != ':')
			return NULL;
	}
	*length = strcspn(line, ":\n");
	return line;
}

static bool inittab_action_is(const char *line, const char *action)
{
	size_t n;
	const char *at = inittab_field(line, 2, &n);

	return at && n == strlen(action) && !memcmp(at, action, n);
}

/* busybox has no runlevels and mostly no ids. */
static bool is_busybox(const char *text)
{
	return !strncmp(text, "::", 2) || strstr(text, "\n::");
}

/* Does this line stop the system, so that ours must stand before it? */
static bool stops_system(const char *line, bool busybox)
{
	size_t n;
	const char *levels = inittab_field(line, 1, &n);

	if (busybox)
		return inittab_action_is(line, "shutdown");
	return levels && n && inittab_action_is(line, "wait") &&
	       (memchr(levels, '0', n) || memchr(levels, '6', n));
}

/*
 * Entries are processed in the order of the file: ours that stops comes before
 * the one that halts, ours that starts behind everything else.
 */
static int hook_inittab(struct image *image, struct error *err)
{
	struct strbuf old = STRBUF_INIT, text = STRBUF_INIT;
	bool stopped = false, busybox = false;
	int rc = read_text(image, INITTAB, &old, err), nomem = 0;

	if (rc || strstr(old.data, GUEST_PROGRAM)) {
		strbuf_release(&old);
		return rc;
	}
	busybox = is_busybox(old.data);
	for (const char *line = old.data; !nomem && *line;) {
		size_t n = strcspn(line, "\n");

		if (!stopped && stops_system(line, busybox)) {
			stopped = true;
			nomem = strbuf_adds(&text, busybox ? "::shutdown:" GUEST_PROGRAM " stop\n" :
							     "lb0:06:wait:" GUEST_PROGRAM " stop\n");
		}
		if (!nomem)
			nomem = strbuf_add(&text, line, n) || strbuf_adds(&text, "\n");
		line += n + (line[n] == '\n');
	}
	if (!nomem)
		nomem = strbuf_adds(&text, busybox ? "::once:" GUEST_PROGRAM " start\n" :
						     "lb1:2345:once:" GUEST_PROGRAM " start\n");
	if (nomem)
		rc = error_nomem(err);
	else
		rc = image_write_file(image, INITTAB, text.data, text.len, NULL, err);
	strbuf_release(&old);
	strbuf_release(&text);
	return rc;
}

/* "exec 2>&1" does not end a script. */
static bool ends_script(const char *line)
{
	size_t n = strcspn(line, " \t;#\n");
	const char *more = line + n + strspn(line + n, " \t");

	return n == 4 && (!strncmp(line, "exit", n) ||
			  (!strncmp(line, "exec", n) && !strchr("<>0123456789\n", *more)));
}

/* Where the last line of a script begins that ends it ("exit", "exec"), or its end. */
static size_t end_of_script(const char *text)
{
	size_t at = strlen(text), from = 0;

	while (text[from]) {
		size_t n = strcspn(text + from, "\n");

		if (ends_script(text + from))
			at = from;
		from += n + (text[from + n] == '\n');
	}
	return at;
}

static int hook_script(struct image *image, const char *path, struct error *err)
{
	struct strbuf old = STRBUF_INIT, text = STRBUF_INIT;
	int rc = read_text(image, path, &old, err);
	size_t at;

	if (rc || strstr(old.data, GUEST_PROGRAM)) {
		strbuf_release(&old);
		return rc;
	}
	at = end_of_script(old.data);
	if (strbuf_add(&text, old.data, at) ||
	    (at && old.data[at - 1] != '\n' && strbuf_adds(&text, "\n")) ||
	    strbuf_addf(&text, GUEST_PROGRAM " start &\n%s", old.data + at))
		rc = error_nomem(err);
	if (!rc)
		rc = image_write_file(image, path, text.data, text.len, NULL, err);
	strbuf_release(&old);
	strbuf_release(&text);
	return rc;
}

/* A /dev that is no devtmpfs needs the node of the line. */
static int make_node(struct image *image, struct error *err)
{
	static const struct image_attr attr = { .mode = 0600 };
	char path[32];
	struct image_stat st;

	snprintf(path, sizeof(path), "/dev/ttyS%d", LAB_SERIAL_EXEC);
	if (!image_exists(image, "/dev") || image_lstat(image, path, &st, NULL) != -ENOENT)
		return 0;
	return image_mknod(image, path, S_IFCHR | 0600, LINE_MAJOR, LINE_MINOR, &attr, err);
}

static bool has_systemd(struct image *image)
{
	return (image_exists(image, "/usr/lib/systemd/systemd") ||
		image_exists(image, "/lib/systemd/systemd")) &&
	       (!image_exists(image, INITTAB) || !image_exists(image, "/sbin/init") ||
		image_exists(image, "/sbin/systemctl") || image_exists(image, "/bin/systemctl"));
}

int guest_hook(struct image *image, bool *hooked, struct error *err)
{
	static const char *const scripts[] = { "/etc/init.d/rcS", "/etc/rc.d/rcS", "/etc/rcS",
					       "/etc/rc.local", "/etc/rc" };
	int rc = make_node(image, err);

	*hooked = true;
	if (rc)
		return rc;
	if (has_systemd(image))
		return hook_systemd(image, err);
	if (image_exists(image, INITTAB))
		return hook_inittab(image, err);
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct image_stat st;

		if (!image_stat(image, scripts[i], &st, NULL) && S_ISREG(st.mode))
			return hook_script(image, scripts[i], err);
	}
	*hooked = false;
	return 0;
}
