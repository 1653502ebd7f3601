/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order in which rpm would install the packages. */
#ifndef PKG_ORDER_H
#define PKG_ORDER_H

#include "common/error.h"
#include "pkg/package.h"

/*
 * Sort a list of verified packages by rpmtsOrder(). The input's order does
 * not matter: the list is sorted by NEVRA first, so that the result is a
 * function of the set. Two packages with the same name and arch: -ERR_CONFLICT.
 */
int package_list_order(struct package_list *l, struct error *err) MUST_USE;

#endif
