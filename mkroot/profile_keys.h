/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys that a profile may have. Private to the readers of profiles. */
#ifndef MKROOT_PROFILE_KEYS_H
#define MKROOT_PROFILE_KEYS_H

#include "mkroot/profile.h"

/* Until profile_settle(): nobody said. */
#define PROFILE_UNSET UINT32_MAX

/* A value on its way into the profile. */
struct profile_value {
	const char *text;   /* trimmed, may be empty: back to the default, an empty list */
	const char *folder; /* of the file, for relative locations */
};

struct profile_key {
	const char *section, *name;
	/* Store the value in field. On -ERR_FORMAT *why says what it should have been (static). */
	int (*store)(const struct profile_key *k, void *field, const struct profile_value *v,
		     const char **why);
	size_t field; /* offset in struct profile */
	bool is_list; /* a repeated key appends */
	const char *words; /* what is accepted, blank separated; or NULL */
};

/* Ends with a NULL section. */
extern const struct profile_key profile_keys[];

/*
 * Architectures that a machine of `arch` runs, best first, itself included:
 * appended to out. An unknown one gives itself alone. 0 or -ENOMEM.
 */
int arch_compatible(const char *arch, struct strlist *out) MUST_USE;
/* The machine that mkroot runs on, in rpm's words; static. */
const char *arch_of_host(void);
/* rpm's transaction colour: 3 for a 64 bit architecture that runs 32 bit programs, else 0. */
uint32_t arch_colour(const char *arch);
/* The order of bytes in which its programs write numbers to files. */
bool arch_is_big_endian(const char *arch);

#endif
