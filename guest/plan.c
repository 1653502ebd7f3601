/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest is to do, as guest/protocol.h has it. */
#include <inttypes.h>

#include "guest/run_internal.h"

/* A string with its NUL. */
static int add_text(struct guest_plan *p, const char *text)
{
	return strbuf_add(&p->jobs, text, strlen(text) + 1);
}

static int add_number(struct guest_plan *p, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return add_text(p, text);
}

int guest_plan_new(struct guest_plan **plan, const struct guest_settings *s, struct error *err)
{
	struct guest_plan *p = calloc(1, sizeof(*p));
	int rc;

	*plan = NULL;
	if (!p)
		return error_nomem(err);
	p->settings = *s;
	rc = initrd_new(&p->initrd, err);
	if (!rc && (add_text(p, GUEST_GREETING) || add_number(p, s->now) ||
		    add_number(p, s->timeout) || add_text(p, s->filesystem)))
		rc = error_nomem(err);
	if (rc)
		guest_plan_free(p);
	else
		*plan = p;
	return rc;
}

void guest_plan_free(struct guest_plan *plan)
{
	if (!plan)
		return;
	initrd_free(plan->initrd);
	strbuf_release(&plan->jobs);
	strlist_release(&plan->labels);
	free(plan);
}

/* /s/INDEX, with the end that says which part. */
static int add_part(struct guest_plan *p, const char *end, const char *text, struct error *err)
{
	char path[48];

	if (!text)
		return 0;
	snprintf(path, sizeof(path), "s/%zu%s", p->labels.count, end);
	return initrd_add(p->initrd, path, text, strlen(text), err);
}

int guest_plan_run(struct guest_plan *plan, const struct guest_job *job, struct error *err)
{
	size_t argc = 0;
	int rc = add_part(plan, "", job->body, err);

	if (!rc)
		rc = add_part(plan, ".in", job->input, err);
	if (rc)
		return rc;
	while (job->argv[argc])
		argc++;
	rc = add_text(plan, "run") || add_number(plan, plan->labels.count) ||
	     add_text(plan, job->script ? job->script : "") || add_number(plan, job->optional) ||
	     add_number(plan, argc);
	for (size_t i = 0; !rc && i < argc; i++)
		rc = add_text(plan, job->argv[i]);
	return rc || strlist_add(&plan->labels, job->label) ? error_nomem(err) : 0;
}

int guest_plan_own(struct guest_plan *plan, const char *path, const char *user, const char *group,
		   const void *capability, size_t size, struct error *err)
{
	const uint8_t *bytes = capability;
	int rc = add_text(plan, "own") || add_text(plan, path) || add_text(plan, user) ||
		 add_text(plan, group);

	for (size_t i = 0; !rc && i < size; i++)
		rc = strbuf_addf(&plan->jobs, "%02x", bytes[i]);
	return rc || add_text(plan, "") ? error_nomem(err) : 0;
}
