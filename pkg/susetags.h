/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The "packages" file of a SuSE media tree, read by libsolv.
 *
 * libsolv's reader passes over what it does not understand, and over an end
 * that is missing. susetags_check() refuses such files first, with the line.
 */
#ifndef PKG_SUSETAGS_H
#define PKG_SUSETAGS_H

#include <solv/repo.h>

#include "common/error.h"
#include "common/strbuf.h"

/*
 * -ERR_FORMAT with the line number; path is for messages. Tags without a value
 * become comments.
 */
int susetags_check(struct strbuf *text, const char *path, struct error *err) MUST_USE;

/* Check, and add the packages to repo. */
int susetags_load(Repo *repo, struct strbuf *text, const char *path, struct error *err) MUST_USE;

#endif
