/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * umlrun: start a User Mode Linux guest as the calling user and drive its
 * console by a script. `umlrun --help` tells the script's words. Exit: 0 the
 * script was fulfilled, 1 it was not, 2 usage. No process of the guest is
 * left behind, whatever happens.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <unistd.h>

#include "common/number.h"
#include "tests/boot/console.h"

#define LINE_MAX_BYTES 4096

static const char help[] =
	"usage: umlrun [options] SCRIPT -- linux ubd0=IMAGE con0=fd:0,fd:1 ...\n"
	"  --timeout S  for the whole run (default 300)\n"
	"  --log FILE   everything that the guest writes\n"
	"  --show       the same on standard output, readable\n"
	"  --home DIR   where UML puts its control socket (default: a private folder)\n"
	"script: one step a line, '#' begins a comment\n"
	"  timeout S         for each step from here on (default 60)\n"
	"  expect TEXT       wait until the guest writes TEXT\n"
	"  refuse TEXT       fail if the guest ever writes TEXT from now on\n"
	"  send TEXT         type TEXT and return; \\n, \\t, \\\\ and \\xHH are known\n"
	"  type TEXT         the same without return\n"
	"  run COMMAND       type it to a shell, wait for its end, demand exit code 0\n"
	"  expect-exit CODE  wait until the guest ends, demand its exit code (128+N: signal N)\n"
	"  cut               power cut: SIGKILL to everything\n";

struct step {
	char *verb, *text;
	unsigned int line;
};

struct script {
	const char *path;
	struct step steps[512];
	size_t count;
};

static volatile int stop;

static void on_signal(int sig)
{
	stop = sig;
}

static const char *const verbs[] = { "timeout", "expect", "refuse",	 "send",
				     "type",	"run",	  "expect-exit", "cut" };

/* \n, \t, \\ and \xHH in place; returns the length. */
static size_t unescape(char *text)
{
	char *out = text;

	for (char *in = text; *in; in++) {
		unsigned int byte;

		if (*in != '\\') {
			*out++ = *in;
			continue;
		}
		switch (*++in) {
		case 'n':
			*out++ = '\n';
			break;
		case 't':
			*out++ = '\t';
			break;
		case 'x':
			if (sscanf(in + 1, "%2x", &byte) == 1) {
				*out++ = (char)byte;
				in += 2;
			}
			break;
		case '\0':
			in--;
			break;
		default:
			*out++ = *in;
		}
	}
	*out = '\0';
	return (size_t)(out - text);
}

static int add_step(struct script *s, char *line, unsigned int number, struct error *err)
{
	char *verb = line + strspn(line, " \t"), *text;
	struct step *step = &s->steps[s->count];

	verb[strcspn(verb, "\n")] = '\0';
	if (!*verb || *verb == '#')
		return 0;
	text = verb + strcspn(verb, " \t");
	if (*text)
		*text++ = '\0';
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verb, verbs[i]) != 0)
			continue;
		if (s->count == sizeof(s->steps) / sizeof(s->steps[0]))
			return error_set(err, -ERR_LIMIT, s->path, "line %u: too many steps",
					 number);
		*step = (struct step){ strdup(verb), strdup(text), number };
		if (!step->verb || !step->text)
			return error_nomem(err);
		s->count++;
		return 0;
	}
	return error_set(err, -ERR_FORMAT, s->path, "line %u: unknown step '%s'", number, verb);
}

static int script_read(struct script *s, const char *path, struct error *err)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char line[LINE_MAX_BYTES];
	unsigned int number = 0;
	int rc = 0;

	s->path = path;
	if (!f)
		return error_errno(err, errno, path, "cannot read the script");
	while (!rc && fgets(line, sizeof(line), f))
		rc = add_step(s, line, ++number, err);
	if (f != stdin)
		fclose(f);
	return rc;
}

static void script_release(struct script *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->steps[i].verb);
		free(s->steps[i].text);
	}
}

/* A terminal echoes the typed line with "$?" in it: only the answer has a number there. */
static int step_run(struct console *c, const char *command, long long timeout, struct error *err)
{
	char *typed = NULL;
	int rc, n = asprintf(&typed, "%s; echo \"[exit $?]\"\n", command);
	bool answered = false;
	uint64_t code = 0;

	if (n < 0)
		return error_nomem(err);
	rc = console_send(c, typed, (size_t)n, err);
	free(typed);
	while (!rc && !answered) {
		char digits[4] = "";
		size_t start;

		rc = console_wait(c, "[exit ", timeout, err);
		start = c->seen;
		rc = rc ? rc : console_wait(c, "]", timeout, err);
		if (!rc && c->seen - start <= sizeof(digits))
			memcpy(digits, c->text.data + start, c->seen - start - 1);
		answered = !rc && number_parse(digits, 0, 255, &code) == 0;
	}
	if (rc)
		return rc;
	return code ? error_set(err, -ERR_CONFLICT, command, "exit code %d in the guest", (int)code)
		    : 0;
}

static int step_exit(struct console *c, const char *code, long long timeout, struct error *err)
{
	uint64_t wanted;
	int rc = number_parse(code, 0, 255, &wanted);

	if (rc)
		return error_set(err, rc, code, "not an exit code");
	rc = console_wait(c, NULL, timeout, err);
	for (int tries = 0; !rc && !guest_poll(c->guest) && tries < 100; tries++)
		usleep(50000);
	if (!rc && !c->guest->ended)
		rc = error_set(err, -ETIMEDOUT, NULL,
			       "the guest closed its console but did not end");
	if (!rc && c->guest->status != (int)wanted)
		rc = error_set(err, -ERR_CONFLICT, NULL, "the guest ended with %d instead of %s",
			       c->guest->status, code);
	return rc;
}

static int step_do(struct console *c, struct step *s, long long *timeout, struct error *err)
{
	uint64_t seconds;
	size_t n;

	if (strcmp(s->verb, "timeout") == 0) {
		if (number_parse(s->text, 1, 86400, &seconds))
			return error_set(err, -ERR_FORMAT, s->text, "not a number of seconds");
		*timeout = (long long)seconds * 1000;
		return 0;
	}
	if (strcmp(s->verb, "expect") == 0)
		return console_wait(c, s->text, *timeout, err);
	if (strcmp(s->verb, "refuse") == 0) {
		c->checked = c->text.len;
		return strlist_add(&c->refused, s->text) ? error_nomem(err) : 0;
	}
	if (strcmp(s->verb, "run") == 0)
		return step_run(c, s->text, *timeout, err);
	if (strcmp(s->verb, "expect-exit") == 0)
		return step_exit(c, s->text, *timeout, err);
	if (strcmp(s->verb, "cut") == 0) {
		guest_kill(c->guest);
		return 0;
	}
	n = unescape(s->text);
	if (strcmp(s->verb, "send") == 0)
		s->text[n++] = '\n'; /* in the place of the NUL: only n bytes are sent */
	return console_send(c, s->text, n, err);
}

static int run_script(struct script *script, struct console *c, struct error *err)
{
	long long timeout = 60000;
	char *text;
	int rc;

	for (size_t i = 0; i < script->count; i++) {
		struct step *s = &script->steps[i];

		rc = step_do(c, s, &timeout, err);
		if (!rc)
			continue;
		if (c->show)
			putc('\n', c->show);
		text = error_text(err);
		fprintf(stderr, "umlrun: %s:%u: %s: %s\n", script->path, s->line, s->verb,
			text ? text : "out of memory");
		free(text);
		if (!c->show) {
			fprintf(stderr, "--- the console's last lines:\n");
			console_print_tail(c, stderr, 25);
		}
		return rc;
	}
	return 0;
}

struct settings {
	uint64_t seconds;
	const char *log, *home;
	bool show;
};

static int parse(struct settings *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ "log", required_argument, NULL, 'l' },
		{ "home", required_argument, NULL, 'H' },
		{ "show", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*s = (struct settings){ .seconds = 300 };
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (c == 't' && number_parse(optarg, 1, 86400, &s->seconds) == 0)
			continue;
		if (c == 'l')
			s->log = optarg;
		else if (c == 'H')
			s->home = optarg;
		else if (c == 's')
			s->show = true;
		else
			return c == 'h' ? 0 : -ERR_USAGE;
	}
	return argc - optind >= 3 && strcmp(argv[optind + 1], "--") == 0 ? 1 : -ERR_USAGE;
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

int main(int argc, char **argv)
{
	static struct script script;
	struct settings s;
	struct guest guest = GUEST_INIT;
	struct console console;
	struct error err = ERROR_INIT;
	int rc = parse(&s, argc, argv);

	if (rc <= 0) {
		fputs(help, rc ? stderr : stdout);
		return rc ? 2 : 0;
	}
	console_init(&console, &guest);
	console.stop = &stop;
	console.deadline = console_now() + (long long)s.seconds * 1000;
	console.show = s.show ? stdout : NULL;
	catch_signals();
	rc = script_read(&script, argv[optind], &err);
	if (!rc && s.log) {
		console.log = fopen(s.log, "we");
		if (!console.log)
			rc = error_errno(&err, errno, s.log, "cannot write the log");
	}
	if (!rc)
		rc = guest_start(&guest, argv + optind + 2, s.home, -1, &err);
	if (rc) {
		char *text = error_text(&err);

		fprintf(stderr, "umlrun: %s\n", text ? text : "out of memory");
		free(text);
	} else {
		rc = run_script(&script, &console, &err);
	}
	guest_release(&guest);
	console_release(&console);
	script_release(&script);
	error_release(&err);
	if (console.log && fclose(console.log) != 0 && !rc)
		rc = -EIO;
	return rc ? 1 : 0;
}
