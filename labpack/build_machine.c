/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One machine's disk: a COW file on its base, with what the lab wants written into it. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/output.h"
#include "image/cow.h"
#include "labpack/build.h"
#include "labpack/cow.h"
#include "labpack/guest.h"
#include "labpack/setup.h"

static int check_base(struct build *b, const struct lab_machine *m, const char *base,
		      struct error *err)
{
	int fd, rc = 0;

	if (!base) {
		error_set(err, -ERR_NOT_FOUND, m->name, "has no base image");
		return error_hint(err, "LAB[base]=rootfs.img in lab.conf, or %s[base]", m->name);
	}
	fd = open(base, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, base, "the base of '%s' cannot be opened", m->name);
	if (!b->options->old_kernel)
		rc = cow_check_base(fd, base, err);
	close(fd);
	return rc;
}

int build_check_machine(struct build *b, const struct lab_machine *m, struct error *err)
{
	char *base = lab_machine_base(b->lab, m), *path = lab_machine_cow(b->lab, m);
	bool busy = false;
	int rc = path && (base || !m->base) ? 0 : error_nomem(err), pid;

	if (!rc)
		rc = check_base(b, m, base, err);
	if (!rc && !access(path, F_OK))
		rc = disk_in_use(path, true, &busy, &pid, err);
	if (!rc && busy) {
		error_set(err, -EBUSY, m->name, pid > 0 ? "is running (process %d)" : "is running",
			  pid);
		rc = error_hint(err, "./lab stop %s", m->name);
	}
	free(base);
	free(path);
	return rc;
}

static int collect(struct build *b, const struct lab_machine *m, struct image *image,
		   struct layer *l, struct error *err)
{
	char *folder = lab_path(b->lab, m->name);
	int rc = folder ? layer_add_layer(l, &b->shared, err) : error_nomem(err);

	if (!rc && m->has_folder)
		rc = layer_add_folder(l, folder, err);
	if (!rc)
		rc = setup_add(l, image, m, err);
	if (!rc)
		rc = guest_add(l, b->lab, m, err);
	if (!rc)
		rc = layer_finish(l, err);
	free(folder);
	return rc;
}

static int note_kept(struct build *b, const struct lab_machine *m, const struct strlist *kept,
		     struct error *err)
{
	for (size_t i = 0; i < kept->count; i++)
		if (strlist_addf(&b->warnings,
				 "'%s': '%s' was changed in the lab and by the machine; the machine's "
				 "stays (--fresh begins anew)", m->name, kept->items[i]))
			return error_nomem(err);
	return 0;
}

/* base: NULL for a new disk. */
static int write_into(struct build *b, const struct lab_machine *m, struct cow *cow,
		      struct image *base, struct error *err)
{
	struct layer_result result = { .written = 0 };
	struct layer layer = LAYER_INIT;
	struct image *image = NULL;
	bool hooked = true;
	int rc = image_open_cow(&image, cow, true, b->now, err);

	if (!rc)
		rc = collect(b, m, image, &layer, err);
	if (!rc)
		rc = layer_apply(&layer, image, base, &result, err);
	if (!rc)
		rc = setup_hosts(&layer, image, b->lab, m, err);
	if (!rc)
		rc = guest_hook(image, &hooked, err);
	if (!rc)
		rc = image_close(image, err);
	else
		image_abandon(image);
	if (!rc)
		rc = note_kept(b, m, &result.kept, err);
	if (!rc && !hooked &&
	    strlist_addf(&b->warnings, "'%s': has no init that could run startup scripts and "
			 "answer 'lab exec' (systemd, an inittab, rcS); start it by 'lab start -n'",
			 m->name))
		rc = error_nomem(err);
	b->written += result.written;
	b->removed += result.removed;
	layer_result_release(&result);
	layer_release(&layer);
	return rc;
}

static int make_new(struct build *b, const struct lab_machine *m, const char *path,
		    const char *base, struct error *err)
{
	struct output out = OUTPUT_INIT;
	struct cow *cow = NULL;
	int rc = output_open(&out, path, err);

	if (!rc)
		rc = cow_create_noted(out.fd, path, base, err);
	if (!rc)
		rc = cow_open_fd(&cow, out.fd, path, base, COW_WRITE, err);
	if (!rc)
		rc = write_into(b, m, cow, NULL, err);
	if (rc) {
		cow_abandon(cow);
		output_abort(&out);
		return rc;
	}
	rc = cow_close(cow, err);
	if (!rc)
		rc = output_commit(&out, err);
	if (rc)
		output_abort(&out);
	b->made++;
	return rc;
}

static int open_base(const char *path, int *fd, struct image **base, struct error *err)
{
	*base = NULL;
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return error_errno(err, errno, path, "cannot be opened");
	return image_open(base, *fd, false, 0, err);
}

static int update(struct build *b, const struct lab_machine *m, const char *path, const char *base,
		  struct error *err)
{
	struct image *base_image = NULL;
	struct cow *cow = NULL;
	int base_fd = -1, rc = cow_open(&cow, path, base, COW_WRITE, err);

	if (rc == -ERR_CONFLICT && err)
		return error_hint(err, "'labpack cow rebase' when the base has the same bytes; "
				  "else --fresh makes the disk anew, and what the machine wrote is lost");
	if (!rc)
		rc = open_base(base, &base_fd, &base_image, err);
	if (!rc)
		rc = write_into(b, m, cow, base_image, err);
	image_abandon(base_image);
	if (base_fd >= 0)
		close(base_fd);
	if (rc) {
		cow_abandon(cow);
		return rc;
	}
	b->updated++;
	return cow_close(cow, err);
}

/* What the filesystem says of itself has no name. */
static int of_machine(struct error *err, int rc, const char *name)
{
	if (rc && err && !err->subject)
		err->subject = strdup(name);
	return rc;
}

int build_machine(struct build *b, const struct lab_machine *m, struct error *err)
{
	char *path = lab_machine_cow(b->lab, m), *base = lab_machine_base(b->lab, m);
	int rc = path && base ? 0 : error_nomem(err);

	if (!rc && (b->options->fresh || access(path, F_OK) != 0))
		rc = make_new(b, m, path, base, err);
	else if (!rc)
		rc = update(b, m, path, base, err);
	free(path);
	free(base);
	return of_machine(err, rc, m->name);
}
