/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shell that labpack brings: files of their own, so that shellcheck and people can read them. */
#ifndef LABPACK_EMBED_H
#define LABPACK_EMBED_H

#include <stddef.h>

/* labpack/guest/guest.sh */
extern const char guest_text[];
extern const size_t guest_text_size;
/* labpack/lab/head.sh, and all the others in their order. */
extern const char script_head[], script_body[];
extern const size_t script_head_size, script_body_size;

#endif
