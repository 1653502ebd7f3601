/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * librpm's global state.
 *
 * rpmReadConfigFiles() would read ~/.rpmrc, ~/.rpmmacros and /etc/rpm, so that
 * the same packages could give another image for another user. It gets the
 * two files of rpm itself and nothing else.
 */
#include "pkg/init.h"

#include <pthread.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>

#include "pkg/verify.h"

/* A place where no database can be made: who forgets to set one gets an error, not the host's. */
#define NO_DATABASE "/proc/self/mkroot-has-no-rpm-database"

static __thread struct strbuf *caught;

static int catch_message(rpmlogRec rec, rpmlogCallbackData data)
{
	const char *text = rpmlogRecMessage(rec);

	/* Without memory the reason is shortened; the failure itself is not lost. */
	if (caught && text && strbuf_adds(caught, text) == 0 && caught->len &&
	    caught->data[caught->len - 1] != '\n' && strbuf_adds(caught, "\n") < 0)
		caught = NULL;
	return 0;
}

void pkg_log_begin(struct strbuf *s)
{
	caught = s;
}

void pkg_log_end(void)
{
	caught = NULL;
}

const char *pkg_log_last(struct strbuf *s, const char *fallback)
{
	char *line;

	while (s->len && (s->data[s->len - 1] == '\n' || s->data[s->len - 1] == ' '))
		s->data[--s->len] = '\0';
	if (!s->len)
		return fallback;
	line = strrchr(s->data, '\n');
	line = line ? line + 1 : s->data;
	return line + strspn(line, " ");
}

/* Does what rpmReadConfigFiles() does, with these files only. */
static int read_configuration(struct error *err)
{
	const char *folder = rpmConfigDir();
	struct strbuf rc_file = STRBUF_INIT, macros = STRBUF_INIT, log = STRBUF_INIT;
	int rc = strbuf_addf(&rc_file, "%s/rpmrc", folder);

	if (!rc)
		rc = strbuf_addf(&macros, "%s/macros:%s/platform/%%{_target}/macros", folder,
				 folder);
	if (rc) {
		error_nomem(err);
		goto out;
	}
	/* librpm keeps the pointer: handed over for the life of the process. */
	macrofiles = strbuf_take(&macros);
	if (!macrofiles) {
		rc = error_nomem(err);
		goto out;
	}
	pkg_log_begin(&log);
	if (rpmReadConfigFiles(rc_file.data, NULL) != 0)
		rc = error_set(err, -ERR_RPM, rc_file.data, "librpm cannot be set up: %s",
			       pkg_log_last(&log, "no reason given"));
	pkg_log_end();
out:
	strbuf_release(&log);
	strbuf_release(&macros);
	strbuf_release(&rc_file);
	return rc;
}

int pkg_init(struct error *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool done;
	int rc = 0;

	pthread_mutex_lock(&lock);
	if (!done) {
		/* Verbose: then each digest and signature has its own line in the log. */
		rpmSetVerbosity(RPMLOG_INFO);
		/* librpm takes a package's translations by it, into the guest's database, too. */
		setenv("LANGUAGE", "C", 1);
		rpmlogSetCallback(catch_message, NULL);
		rc = read_configuration(err);
		if (!rc) {
			rpmPushMacro(NULL, "_dbpath", NULL, NO_DATABASE, RMIL_GLOBAL);
			rpmPushMacro(NULL, "_rpmlock_path", NULL, NO_DATABASE "/lock", RMIL_GLOBAL);
			done = true;
		}
	}
	pthread_mutex_unlock(&lock);
	return rc;
}
