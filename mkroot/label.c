/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels of SELinux for every file, when nothing changes the image any more. */
#include "image/label.h"

#include "mkroot/build.h"
#include "mkroot/selinux.h"
#include "image/walk.h"

static int label_all(struct build *b, const struct policy *policy, struct labeller *l,
		     const struct listing *files, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < files->count && !rc; i++) {
		const struct listing_item *f = &files->items[i];
		bool fresh = false;
		char *context;

		rc = policy_label(policy, f->path, f->st.mode, &context, err);
		if (!rc && context)
			rc = labeller_put(l, f->path, context, strlen(context) + 1, &fresh, err);
		b->labelled += fresh;
		free(context);
	}
	return rc ? rc : labeller_finish(l, err);
}

static bool is_policy(const char *path)
{
	static const char folder[] = "/etc/selinux/", file[] = "/contexts/files/file_contexts";
	size_t n = strlen(path);

	return !strncmp(path, folder, strlen(folder)) && n > strlen(folder) + strlen(file) &&
	       !strcmp(path + n - strlen(file), file);
}

bool build_has_labels(const struct build *b)
{
	if (b->profile.selinux != SELINUX_AUTO)
		return b->profile.selinux == SELINUX_YES;
	for (size_t i = 0; i < b->plan.count; i++)
		for (uint32_t f = 0; f < b->plan.packages[i].files.count; f++)
			if (is_policy(b->plan.packages[i].files.items[f].path))
				return true;
	return false;
}

int build_label(struct build *b, struct error *err)
{
	struct policy policy = POLICY_INIT;
	struct listing files = LISTING_INIT;
	struct labeller labeller = { 0 };
	int rc;

	if (!build_has_labels(b))
		return 0;
	rc = policy_open(&policy, b->image, err);
	if (!rc)
		rc = listing_read(&files, b->image, err);
	if (!rc)
		rc = labeller_init(&labeller, b->image, "security.selinux", err);
	if (!rc)
		rc = label_all(b, &policy, &labeller, &files, err);
	if (!rc) {
		b->policy = strdup(policy.type);
		rc = b->policy ? 0 : error_nomem(err);
	}
	labeller_release(&labeller);
	listing_release(&files);
	policy_close(&policy);
	return rc;
}
