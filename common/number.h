/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and sizes from text, every one with its range. */
#ifndef COMMON_NUMBER_H
#define COMMON_NUMBER_H

#include <stdint.h>

#include "common/error.h"

/*
 * A whole decimal number in [min, max]. Returns 0, -ERR_FORMAT or -ERR_LIMIT;
 * *out is 0 on failure. The whole text must be the number.
 */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out) MUST_USE;

/*
 * A size in bytes: a number and an optional K, M, G or T, in either case, for
 * powers of 1024; "KiB" and the like are taken, too. Same results.
 */
int size_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out) MUST_USE;

/* "5.0 MiB" and the like, for people; buf holds at least 32 bytes. Returns buf. */
char *size_format(uint64_t bytes, char *buf, size_t buf_size);

#endif
