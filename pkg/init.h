/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of pkg/ only: what librpm logs, per thread. */
#ifndef PKG_INIT_H
#define PKG_INIT_H

#include "common/strbuf.h"

/*
 * librpm explains itself only through its log. Between begin and end, what it
 * logs in this thread is appended to s, one message a line; at all other
 * times its messages are dropped. Not to be nested.
 */
void pkg_log_begin(struct strbuf *s);
void pkg_log_end(void);

/*
 * The last error message in what was caught, without line end and level, or
 * fallback. May point into s.
 */
const char *pkg_log_last(struct strbuf *s, const char *fallback);

#endif
