/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labpack plot: a picture of the lab, drawn by graphviz or in letters. */
#include "labpack/plot.h"

#include <arpa/inet.h>
#include <errno.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/number.h"
#include "common/output.h"
#include "common/program.h"
#include "labpack/command.h"

extern char **environ;

struct plot_options {
	bool dot, ascii, strict;
	const char *format, *output;
};

/* The network that an IPv4 address with a prefix is in; false for others. */
static bool network_of(const char *address, uint32_t *network, unsigned int *bits)
{
	char host[INET_ADDRSTRLEN];
	const char *slash = strchr(address, '/');
	struct in_addr in;
	uint64_t prefix;

	if (!slash || (size_t)(slash - address) >= sizeof(host) ||
	    number_parse(slash + 1, 1, 32, &prefix))
		return false;
	memcpy(host, address, (size_t)(slash - address));
	host[slash - address] = '\0';
	if (inet_pton(AF_INET, host, &in) != 1)
		return false;
	*bits = (unsigned int)prefix;
	*network = ntohl(in.s_addr) & ~(uint32_t)0 << (32 - prefix);
	return true;
}

const char *plot_network(const struct lab *lab, const struct lab_domain *d, char buf[PLOT_NETWORK])
{
	uint32_t network = 0, other;
	unsigned int bits = 0, other_bits;
	struct in_addr in;

	*buf = '\0';
	for (size_t i = 0; i < lab->machine_count; i++)
		for (size_t n = 0; n < lab->machines[i]->interface_count; n++) {
			const struct lab_interface *f = lab->machines[i]->interfaces + n;
			const char *address;

			for (size_t k = 0; f->domain == d && (address = lab_address(f, k)); k++) {
				if (!network_of(address, &other, &other_bits))
					continue;
				if (bits && (bits != other_bits || network != other))
					return buf;
				bits = other_bits;
				network = other;
			}
		}
	if (!bits)
		return buf;
	in.s_addr = htonl(network);
	inet_ntop(AF_INET, &in, buf, PLOT_NETWORK);
	snprintf(buf + strlen(buf), PLOT_NETWORK - strlen(buf), "/%u", bits);
	return buf;
}

/* A file without a name: no pipe can fill up while nobody reads. */
static int scratch(const char *name, int *fd, struct error *err)
{
	*fd = memfd_create(name, MFD_CLOEXEC);
	return *fd < 0 ? error_errno(err, errno, name, "no memory for a file") : 0;
}

static int spawn_dot(const char *format, int in, int out, int messages, pid_t *pid,
		     struct error *err)
{
	char type[16], *argv[] = { (char *)"dot", type, NULL };
	posix_spawn_file_actions_t actions;
	int rc;

	snprintf(type, sizeof(type), "-T%s", format);
	if (posix_spawn_file_actions_init(&actions))
		return error_nomem(err);
	rc = posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, messages, 2);
	if (!rc)
		rc = posix_spawnp(pid, "dot", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (!rc)
		return 0;
	error_errno(err, rc, "dot", "cannot be started");
	return err ? error_hint(err, "install graphviz, or ask for --ascii or --dot") : -rc;
}

/* What dot complained of, its first line. */
static int dot_failed(int messages, int status, struct error *err)
{
	char text[256] = "";
	ssize_t n = pread(messages, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (WIFSIGNALED(status))
		return error_set(err, -ERR_UNSUPPORTED, "dot", "was ended by signal %d",
				 WTERMSIG(status));
	return error_set(err, -ERR_UNSUPPORTED, "dot", "%s", *text ? text : "failed without a word");
}

static int run_dot(const char *format, const struct strbuf *graph, int out, struct error *err)
{
	int in = -1, messages = -1, status = 0, rc = scratch("graph", &in, err);
	pid_t pid = -1;

	if (!rc)
		rc = scratch("messages", &messages, err);
	if (!rc) {
		rc = write_fully(in, graph->data, graph->len, 0);
		if (rc)
			error_errno(err, -rc, "graph", "cannot be written");
	}
	if (!rc)
		rc = spawn_dot(format, in, out, messages, &pid, err);
	while (!rc && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			rc = error_errno(err, errno, "dot", "cannot be waited for");
	if (!rc && status)
		rc = dot_failed(messages, status, err);
	if (in >= 0)
		close(in);
	if (messages >= 0)
		close(messages);
	return rc;
}

static int copy_out(int from, int to, const char *name, struct error *err)
{
	char chunk[65536];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(from, chunk, sizeof(chunk), at)) > 0) {
		for (ssize_t done = 0; done < n;) {
			ssize_t wrote = write(to, chunk + done, (size_t)(n - done));

			if (wrote < 0 && errno != EINTR)
				return error_errno(err, errno, name, "cannot write");
			done += wrote > 0 ? wrote : 0;
		}
		at += n;
	}
	return n < 0 ? error_errno(err, errno, name, "cannot write") : 0;
}

static size_t terminal_columns(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return 80;
}

/* The picture, in a file without a name. */
static int draw(const struct lab *lab, const struct plot_options *o, int fd, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	if (o->ascii)
		rc = plot_ascii(lab, o->output ? 80 : terminal_columns(), &text, err);
	else
		rc = plot_dot(lab, &text, err);
	if (!rc && !o->ascii && !o->dot) {
		rc = run_dot(o->format, &text, fd, err);
	} else if (!rc) {
		rc = write_fully(fd, text.data, text.len, 0);
		if (rc)
			error_errno(err, -rc, "picture", "cannot be written");
	}
	strbuf_release(&text);
	return rc;
}

static int write_picture(int fd, const char *path, struct error *err)
{
	struct output out = OUTPUT_INIT;
	int rc;

	if (!path)
		return copy_out(fd, STDOUT_FILENO, "stdout", err);
	rc = output_open(&out, path, err);
	if (!rc)
		rc = copy_out(fd, out.fd, path, err);
	if (!rc)
		rc = output_commit(&out, err);
	if (rc)
		output_abort(&out);
	return rc;
}

static int plot(const struct plot_options *o, struct error *err)
{
	struct lab *lab;
	int fd = -1, rc = lab_read(&lab, ".", o->strict ? LAB_STRICT : 0, err);

	for (size_t i = 0; !rc && i < lab->warnings.count; i++)
		report_line(stderr, "labpack: %s", lab->warnings.items[i]);
	if (!rc)
		rc = scratch("picture", &fd, err);
	if (!rc)
		rc = draw(lab, o, fd, err);
	if (!rc)
		rc = write_picture(fd, o->output, err);
	if (fd >= 0)
		close(fd);
	lab_free(lab);
	return rc;
}

static const struct option_entry options[] = {
	{ "format", 'T', "FORMAT", "svg (default), png or pdf, drawn by graphviz",
	  OPTION(struct plot_options, format, option_store_word), .words = "svg png pdf",
	  .complete = COMPLETE_WORDS },
	{ "dot", 0, NULL, "the graph in graphviz' own language",
	  OPTION(struct plot_options, dot, option_store_flag) },
	{ "ascii", 0, NULL, "in letters; what a terminal gets when nothing else is asked for",
	  OPTION(struct plot_options, ascii, option_store_flag) },
	{ "output", 'o', "FILE", "write to this file; it appears whole or not at all",
	  OPTION(struct plot_options, output, option_store_text), .complete = COMPLETE_FILE },
	{ "strict", 0, NULL, "what is doubtful in lab.conf is an error",
	  OPTION(struct plot_options, strict, option_store_flag) },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ "Options", options },
	{ NULL, NULL },
};

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct plot_options o = { .dot = false };
	int rc = option_read(groups, &o, argc, argv, NULL, err);

	if (rc)
		return rc;
	if (o.dot + o.ascii + (o.format != NULL) > 1)
		return error_set(err, -ERR_USAGE, NULL,
				 "--format, --dot and --ascii contradict each other");
	if (!o.dot && !o.format && !o.output && isatty(STDOUT_FILENO))
		o.ascii = true;
	if (!o.format)
		o.format = "svg";
	return plot(&o, err);
}

const struct command command_plot = {
	.name = "plot",
	.synopsis = "",
	.summary = "a picture of the lab: machines, addresses, collision domains, cables, shared disks",
	.options = groups,
	.operands = OPERANDS_NONE,
	.run = run,
};
