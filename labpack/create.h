/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of `labpack create` share: kinds of files that it makes. */
#ifndef LABPACK_CREATE_H
#define LABPACK_CREATE_H

#include "labpack/collect.h"
#include "labpack/pipeline.h"

/* By the name; -ERR_USAGE for what is no archive's. */
int create_kind(const char *file, enum archive_compression *compression,
		struct error *err) MUST_USE;
bool create_is_iso(const char *file);

/* As pack_write(): an image with the archive, `lab`, the kernel, the manifest and a README. */
int create_iso(struct collection *c, int fd, const char *name, const struct pack_options *o,
	       struct manifest *manifest, uint64_t *bytes, struct error *err) MUST_USE;

#endif
