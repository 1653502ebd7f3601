/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lab.conf says of a machine, in the files of its system: host name,
 * hosts, network. Which files these are depends on what the base has.
 */
#ifndef LABPACK_SETUP_H
#define LABPACK_SETUP_H

#include "image/edit.h"
#include "labpack/lab.h"
#include "labpack/layer.h"

/* Shell that the guest runs before the lab's own startup scripts, if it is there. */
#define SETUP_STARTUP LAYER_FOLDER "/lab.startup"

/*
 * Add generated files to the layer, but none that the lab brings itself. image
 * is the machine's: what it has decides. Before layer_finish().
 */
int setup_add(struct layer *l, struct image *image, const struct lab_machine *m,
	      struct error *err) MUST_USE;

/*
 * Lines between two marks in /etc/hosts: every machine of the lab that has an
 * address. What the machine wrote around them stays. Not when the lab brings /etc/hosts itself.
 */
int setup_hosts(const struct layer *l, struct image *image, const struct lab *lab,
		const struct lab_machine *m, struct error *err) MUST_USE;

/*
 * text without the lines from begin to end (both whole lines), and block in
 * their place, or at the end when they were not there. block may be "".
 */
int setup_replace_block(struct strbuf *out, const char *text, const char *begin, const char *end,
			const char *block) MUST_USE;

#endif
