/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/build.h"
#include "pkg/fetcher.h"

int build_init(struct build *b, const struct options *o, struct error *err)
{
	int rc;

	*b = (struct build){ .options = o, .output = OUTPUT_INIT };
	proof_init(&b->proof);
	b->progress = progress_new(0, o->quiet ? PROGRESS_QUIET : PROGRESS_AUTO);
	rc = profile_init(&b->profile, err);
	if (!rc)
		rc = datadir_find(&b->data, err);
	if (!rc)
		rc = profile_load(&b->profile, o->profile, &b->data, err);
	return rc ? rc : profile_settle(&b->profile, o, err);
}

void build_release(struct build *b)
{
	image_abandon(b->image);
	output_abort(&b->output);
	layout_free(b->layout);
	plan_release(&b->plan);
	overlay_need_release(&b->overlay);
	free(b->queue);
	free(b->policy);
	scripts_release(&b->scripts);
	scriptlet_list_release(&b->scriptlets);
	verifier_free(b->verifier);
	solve_result_release(&b->solved);
	strlist_release(&b->selection_files);
	strlist_release(&b->names);
	strlist_release(&b->dropped);
	strlist_release(&b->required);
	strlist_release(&b->conditional);
	strlist_release(&b->conditions);
	resolver_free(b->resolver);
	fetcher_free(b->sources.fetcher);
	proof_release(&b->proof);
	profile_release(&b->profile);
	datadir_release(&b->data);
	strlist_release(&b->warnings);
	strlist_release(&b->changed);
	strlist_release(&b->skipped);
	progress_free(b->progress);
}
