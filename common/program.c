/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "common/output.h"

const char *program_name = "";
static bool line_cut; /* of one on stdout the end is missing */

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/*
 * The caller may have closed some of them: the next file that is opened, the
 * image perhaps, would get their number, and messages would be written into it.
 * Read only, so that writing to a closed stdout still is the error that it was.
 */
static void occupy_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd < 2);
	if (fd > 2)
		close(fd);
}

void program_begin(const char *name)
{
	program_name = name;
	occupy_standard_streams();
	output_cleanup_on_signal();
}

/* Everything on stdout must have arrived: a full disk behind a pipe is an error, too. */
static int finish_stdout(struct error *err)
{
	if (line_cut)
		return error_nomem(err);
	if (fflush(stdout) != 0 || ferror(stdout))
		return error_errno(err, errno ? errno : EIO, "stdout", "cannot write");
	return 0;
}

static int fail(const struct error *err)
{
	char *text = error_text(err);

	report_line(stderr, "%s: %s", program_name, text ? text : error_name(err->code));
	free(text);
	if (err->code != -ERR_USAGE)
		return EXIT_FAILED;
	fprintf(stderr, "try '%s --help'\n", program_name);
	return EXIT_USAGE;
}

int program_end(int rc, bool differs, struct error *err)
{
	int status;

	if (!rc)
		rc = finish_stdout(err);
	status = rc ? fail(err) : differs ? EXIT_FAILED : EXIT_DONE;
	error_release(err);
	return status;
}

void report_line(FILE *f, const char *fmt, ...)
{
	char usual[4096] = "", *longer = NULL, *line = usual;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(usual, sizeof(usual), fmt, ap);
	va_end(ap);
	if (n < 0 || n >= (int)sizeof(usual)) {
		va_start(ap, fmt);
		n = vasprintf(&longer, fmt, ap);
		va_end(ap);
		/* Without memory its beginning, and whoever reads stdout must know that it is no more than that. */
		if (n < 0)
			line_cut = line_cut || f == stdout;
		else
			line = longer;
	}
	for (unsigned char *c = (unsigned char *)line; *c; c++) {
		if ((*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f)
			*c = '?';
		/* U+0080 to U+009F: some terminals take one for ESC and a letter. */
		if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
	fprintf(f, "%s\n", line);
	if (line == longer)
		free(longer);
}
