/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a lab's folder holds, digested as its manifest has it. */
#ifndef LABPACK_VERIFY_H
#define LABPACK_VERIFY_H

#include "common/progress.h"
#include "labpack/manifest.h"
#include "labpack/pipeline.h"

struct verify {
	struct pipeline *pipeline;
	struct progress *progress; /* counts bytes of the disk that files take; may be NULL */
	int (*pending)(struct error *err);
	struct manifest found; /* sorted; without MANIFEST itself and what runs (run/) */
	struct file_digest *digest;
	/* Of the file that is being read: */
	struct source *source;
	uint64_t data;
};

#define VERIFY_INIT { .found = MANIFEST_INIT }

/* Links are not followed. v->pipeline must be there. */
int verify_folder(struct verify *v, const char *folder, struct error *err) MUST_USE;
void verify_release(struct verify *v);

#endif
