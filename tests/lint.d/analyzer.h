/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the analyzer cannot see from another file: an error is never 0. Only
 * tests/lint includes this.
 */
#ifndef TESTS_LINT_D_ANALYZER_H
#define TESTS_LINT_D_ANALYZER_H

#include "common/error.h"

#define NEVER_ZERO(call)                             \
	({                                           \
		int code_ = (call);                  \
		if (code_ >= 0)                      \
			__builtin_unreachable();     \
		code_;                               \
	})

#ifndef COMMON_ERROR_C
#define error_set(...) NEVER_ZERO((error_set)(__VA_ARGS__))
#define error_errno(...) NEVER_ZERO((error_errno)(__VA_ARGS__))
#define error_hint(...) NEVER_ZERO((error_hint)(__VA_ARGS__))
#define error_nomem(...) NEVER_ZERO((error_nomem)(__VA_ARGS__))
#endif

#endif
