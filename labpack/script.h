/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `lab`, the script that starts, stops and shakes a lab: a table of the lab's
 * facts as shell functions, and the constant text of labpack/lab/. POSIX sh.
 */
#ifndef LABPACK_SCRIPT_H
#define LABPACK_SCRIPT_H

#include "common/strbuf.h"
#include "labpack/lab.h"

/*
 * The whole text, added to out. -ERR_UNSUPPORTED for the name of a file that
 * cannot stand on the kernel's command line (a blank or a comma is in it).
 */
int script_write(const struct lab *lab, struct strbuf *out, struct error *err) MUST_USE;

#endif
