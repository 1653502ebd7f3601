/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/fill.h"

#include <errno.h>

#include "mkroot/parallel.h"

struct fill {
	const struct fill_options *options;
	const struct plan_package **queue; /* largest first */
	size_t count;
};

/* What the sink of one package works on. */
struct filler {
	const struct fill_options *options;
	const struct plan_package *pp;
	struct error *err;
};

static int begin_file(void *arg, uint32_t file, uint64_t size)
{
	const struct filler *f = arg;
	const struct tree_node *node = f->pp->nodes[file];

	if (!node)
		return 0;
	/* A header and an archive that disagree must not write over the next file. */
	if (node->size != size)
		return error_set(f->err, -ERR_FORMAT, package_file_name(f->pp->package),
				 "'%s' has %llu bytes in the payload, %llu in the header",
				 f->pp->files.items[file].path, (unsigned long long)size,
				 (unsigned long long)node->size);
	return 1;
}

static int put_data(void *arg, uint32_t file, uint64_t offset, const void *data, size_t n)
{
	const struct filler *f = arg;
	int rc = node_write(f->options->layout, f->options->fd, f->pp->nodes[file], offset, data, n);

	if (rc)
		return error_errno(f->err, -rc, f->pp->files.items[file].path,
				   "cannot write into the image");
	progress_add(f->options->progress, n);
	return 0;
}

static int end_file(void *arg, uint32_t file)
{
	return 0;
}

static int fill_package(void *arg, size_t index, struct error *err)
{
	const struct fill *fill = arg;
	struct filler filler = {
		.options = fill->options,
		.pp = fill->queue[index],
		.err = err,
	};
	const struct payload_sink sink = {
		.begin = begin_file,
		.data = put_data,
		.end = end_file,
		.arg = &filler,
	};

	progress_package(fill->options->progress, filler.pp->package->nevra);
	return payload_read(filler.pp->package, &filler.pp->files, &sink, err);
}

static int larger_first(const void *a, const void *b)
{
	const struct plan_package *const *x = a, *const *y = b;

	if ((*x)->bytes != (*y)->bytes)
		return (*x)->bytes < (*y)->bytes ? 1 : -1;
	return *x < *y ? -1 : *x > *y;
}

int fill_image(const struct plan *plan, const struct fill_options *options, struct error *err)
{
	struct fill fill = { .options = options };
	struct parallel work = { .jobs = options->jobs, .work = fill_package, .arg = &fill };
	int rc;

	fill.queue = calloc(plan->count + 1, sizeof(*fill.queue));
	if (!fill.queue)
		return error_nomem(err);
	for (size_t i = 0; i < plan->count; i++)
		if (plan->packages[i].bytes)
			fill.queue[fill.count++] = &plan->packages[i];
	qsort(fill.queue, fill.count, sizeof(*fill.queue), larger_first);
	rc = parallel_run(&work, fill.count, err);
	free(fill.queue);
	return rc;
}
