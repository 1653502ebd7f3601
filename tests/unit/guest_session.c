/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest's init says is believed only as far as it can be true. */
#include "tests/unit/judge.h"

#include "guest/run_internal.h"

struct heard {
	size_t begun, ended;
	struct guest_result last;
	char output[64];
	int answer;
};

static void begun(void *arg, size_t index)
{
	((struct heard *)arg)->begun = index + 1;
}

static int ended(void *arg, size_t index, struct guest_result *r, struct error *err)
{
	struct heard *h = arg;

	h->ended = index + 1;
	h->last = *r;
	snprintf(h->output, sizeof(h->output), "%s", r->output.data ? r->output.data : "");
	return h->answer;
}

/* Feed the text in pieces of `piece` bytes to a new session with two jobs. */
static int feed(struct heard *h, const char *text, size_t piece, struct error *err)
{
	const struct guest_settings settings = { .now = 1, .timeout = 2, .total = 3, .filesystem = "ext2" };
	static const char *const argv[] = { "/bin/true", NULL };
	const struct guest_job job = { .label = "one-1-1: %post", .argv = argv };
	const struct guest_machine machine = { .kernel = "linux", .ended = ended, .begun = begun, .arg = h };
	struct session s = { .machine = &machine, .guest = GUEST_INIT, .channel = -1 };
	size_t n = strlen(text);
	int rc = 0;

	*h = (struct heard){ .answer = h->answer };
	assert_int_equal(guest_plan_new(&s.plan, &settings, err), 0);
	assert_int_equal(guest_plan_run(s.plan, &job, err), 0);
	assert_int_equal(guest_plan_run(s.plan, &job, err), 0);
	for (size_t at = 0; !rc && at < n; at += piece) {
		size_t part = n - at < piece ? n - at : piece;

		assert_int_equal(strbuf_add(&s.heard, text + at, part), 0);
		rc = session_hear(&s, err);
	}
	if (!rc)
		rc = s.state == SESSION_DONE ? 0 : 1;
	strbuf_release(&s.heard);
	strbuf_release(&s.result.output);
	guest_plan_free(s.plan);
	return rc;
}

#define START GUEST_GREETING "\nready\n"

static void test_good(void **state)
{
	static const char text[] = START "begin 0\nout 6\nab\ncd\nend 0 0 3 1500 7 1\n"
					 "begin 1\nend 1 1 9 10 0 0\ndone\n";
	struct heard h = { 0 };

	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		assert_ok(feed(&h, text, piece, &err));
		assert_int_equal(h.begun, 2);
		assert_int_equal(h.ended, 2);
		assert_int_equal(h.last.end, GUEST_SIGNALLED);
		assert_int_equal(h.last.value, 9);
	}
}

static void test_output(void **state)
{
	struct error why = ERROR_INIT;
	struct heard h = { .answer = -ERR_SCRIPTLET };

	/* What the caller makes of an end is the end of all. */
	assert_int_equal(feed(&h, START "begin 0\nout 6\nab\ncd\nend 0 0 3 1500 7 1\nnonsense\n", 4096, &why),
			 -ERR_SCRIPTLET);
	assert_string_equal(h.output, "ab\ncd\n");
	assert_int_equal(h.last.value, 3);
	assert_int_equal(h.last.dropped, 7);
	assert_true(h.last.strays);
	error_release(&why);
}

static void test_lies(void **state)
{
	static const char *const lies[] = {
		"ready\n",
		START "done\n",
		START "begin 1\n",
		START "begin 0\nbegin 1\n",
		START "begin 0\nend 1 0 0 0 0 0\n",
		START "begin 0\nend 0 99 0 0 0 0\n",
		START "begin 0\nend 0 -1 0 0 0 0\n",
		START "begin 0\nend 0 0\n",
		START "out 3\nabc",
		START "begin 0\nout 99999999\n",
		START "begin 0\nend 0 0 0 0 0 0\nbegin 0\n",
		START "begin 0\nend 0 0 0 0 0 0\nbegin 1\nend 1 0 0 0 0 0\nbegin 2\n",
		START GUEST_GREETING "\n",
		START "error it is broken\n",
		"Debian GNU/Linux\n",
	};
	struct heard h = { 0 };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct error why = ERROR_INIT;

		if (feed(&h, lies[i], 7, &why) != -ERR_GUEST)
			fail_msg("believed: %s", lies[i]);
		assert_non_null(why.what);
		error_release(&why);
	}
}

static void test_long_line(void **state)
{
	struct error why = ERROR_INIT;
	struct heard h = { 0 };
	char *text = malloc(100000);

	assert_non_null(text);
	memset(text, 'x', 99999);
	text[99999] = '\0';
	assert_int_equal(feed(&h, text, 4096, &why), -ERR_GUEST);
	error_release(&why);
	free(text);
}

static void test_unfinished(void **state)
{
	struct error why = ERROR_INIT;
	struct heard h = { 0 };

	assert_int_equal(feed(&h, START "begin 0\nout 10\nabc", 5, &why), 1);
	assert_int_equal(h.ended, 0);
	error_release(&why);
}

/* Only when the time for all is over, that is what is said. */
static void test_late(void **state)
{
	const struct guest_settings settings = { .now = 1, .timeout = 2, .total = 3000, .filesystem = "ext2" };
	static const char *const argv[] = { "/bin/true", NULL };
	const struct guest_job job = { .label = "one-1-1: %post", .argv = argv };
	const struct guest_machine machine = { .kernel = "linux" };
	struct session s = { .machine = &machine, .guest = GUEST_INIT, .channel = -1,
			     .state = SESSION_READY, .running = true, .next = 1 };
	struct error why = ERROR_INIT;

	assert_ok(guest_plan_new(&s.plan, &settings, &err));
	assert_ok(guest_plan_run(s.plan, &job, &err));
	assert_int_equal(session_late(&s, &why), -ERR_GUEST);
	judge_contains(why.what, "the time for all scriptlets, 3000 seconds");
	s.end = INT64_MAX;
	assert_int_equal(session_late(&s, &why), -ERR_GUEST);
	assert_string_equal(why.subject, "one-1-1: %post");
	judge_contains(why.what, "the guest hangs");
	error_release(&why);
	guest_plan_free(s.plan);
}

static char *folder;

/* A kernel of shell commands; the guest's job is one that need not end. */
static int run_fake(const char *commands, struct guest_machine *machine, struct error *why)
{
	const struct guest_settings settings = { .now = 1, .timeout = 1, .total = 2, .filesystem = "ext2" };
	static const char *const argv[] = { "/bin/true", NULL };
	const struct guest_job job = { .label = "one-1-1: %post", .argv = argv };
	struct guest_plan *plan;
	char *kernel = NULL;
	FILE *f;
	int rc;

	assert_true(asprintf(&kernel, "%s/linux", folder) >= 0);
	f = fopen(kernel, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", commands);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(kernel, 0755), 0);
	machine->kernel = kernel;
	machine->disk = "none";
	assert_ok(guest_plan_new(&plan, &settings, &err));
	assert_ok(guest_plan_run(plan, &job, &err));
	rc = guest_run(plan, machine, why);
	guest_plan_free(plan);
	free(kernel);
	return rc;
}

/* A guest that never stops talking has no more time than others. */
static void test_talks_on(void **state)
{
	struct heard h = { 0 };
	struct guest_machine machine = { .ended = ended, .begun = begun, .arg = &h };
	struct error why = ERROR_INIT;

	folder = judge_make_dir();
	assert_int_equal(run_fake("echo " GUEST_GREETING " >&3; echo ready >&3; echo begin 0 >&3; "
				  "exec yes out 0 >&3", &machine, &why), -ERR_GUEST);
	error_release(&why);
	judge_remove_dir(folder);
}

/* What the kernel's command line would take apart is no place for its socket. */
static void test_odd_folder(void **state)
{
	static const char *const names[] = { "a b", "a\"b", "plain" };
	const char *before = getenv("TMPDIR");
	char *saved = before ? strdup(before) : NULL, *out = NULL, *commands = NULL;

	folder = judge_make_dir();
	assert_true(asprintf(&out, "%s/words", folder) >= 0);
	assert_true(asprintf(&commands, "printf '%%s\\n' \"$@\" >'%s'", out) >= 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct guest_machine machine = { .ended = ended };
		struct error why = ERROR_INIT;
		struct strbuf text = STRBUF_INIT;
		char *tmp = NULL, *want = NULL;

		assert_true(asprintf(&tmp, "%s/%s", folder, names[i]) >= 0);
		assert_true(asprintf(&want, "uml_dir=%s/\n", i == 2 ? tmp : "/tmp") >= 0);
		assert_int_equal(mkdir(tmp, 0700), 0);
		setenv("TMPDIR", tmp, 1);
		assert_int_equal(run_fake(commands, &machine, &why), -ERR_GUEST);
		assert_int_equal(judge_run(&text, "cat '%s'", out), 0);
		if (strlen(tmp) <= 60)
			judge_contains(text.data, want);
		error_release(&why);
		strbuf_release(&text);
		free(tmp);
		free(want);
	}
	if (saved)
		setenv("TMPDIR", saved, 1);
	else
		unsetenv("TMPDIR");
	free(saved);
	free(out);
	free(commands);
	judge_remove_dir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	  cmocka_unit_test(test_output),
		cmocka_unit_test(test_lies),	  cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_unfinished), cmocka_unit_test(test_late),
		cmocka_unit_test(test_talks_on),  cmocka_unit_test(test_odd_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
