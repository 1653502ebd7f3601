/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's rpm database: of sqlite, written by librpm into memory.
 *
 * librpm's sqlite backend opens "<_dbpath>/rpmdb.sqlite" through sqlite's
 * default VFS. While it does so, sqlite's own "memdb" VFS is the default: a
 * database under an absolute name is then memory that the whole process
 * shares, and a connection of ours to the same name takes the bytes out. The
 * folder is one that exists and in which nobody can create a file, so a
 * librpm that behaves otherwise fails instead of writing to the host.
 *
 * No transaction is run: rpmtsRun() would compare every file with the host's
 * root. What it adds to a header on installation database_header() adds.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <rpm/rpmdb.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmts.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pkg/database_internal.h"
#include "pkg/init.h"

#define FOLDER "/proc/self"
#define NAME "rpmdb.sqlite"
#define SIZE_MAX_BYTES (64ll << 30)

struct builder {
	const struct database_options *options;
	struct error *err;
	struct strbuf log;
	sqlite3 *memory; /* keeps the database alive, and reads it at the end */
	int lock_fd;
	bool macros;
	rpmts ts;
	rpmtxn txn;
};

static int fail(struct builder *b, const char *subject, const char *what)
{
	return error_set(b->err, -ERR_DATABASE, subject, "%s: %s", what,
			 pkg_log_last(&b->log, "librpm gives no reason"));
}

static int fail_sqlite(struct builder *b, const char *what)
{
	return error_set(b->err, -ERR_DATABASE, NAME, "%s: %s", what,
			 b->memory ? sqlite3_errmsg(b->memory) : "out of memory");
}

/* Our end of the memory that librpm will find under the same name. */
static int open_memory(struct builder *b)
{
	sqlite3_int64 limit = SIZE_MAX_BYTES;
	int rc;

	if (sqlite3_initialize() != SQLITE_OK)
		return error_nomem(b->err);
	if (!sqlite3_vfs_find("memdb"))
		return error_set(b->err, -ERR_UNSUPPORTED, "sqlite",
				 "this build of libsqlite3 cannot keep a database in memory");
	rc = sqlite3_open_v2(FOLDER "/" NAME, &b->memory,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "memdb");
	if (rc != SQLITE_OK)
		return fail_sqlite(b, "cannot be made in memory");
	/* The default is 1 GiB; without the call it stays that. */
	sqlite3_file_control(b->memory, "main", SQLITE_FCNTL_SIZE_LIMIT, &limit);
	return 0;
}

static void set_macros(struct builder *b, const char *lock_path)
{
	rpmPushMacro(NULL, "_dbpath", NULL, FOLDER, RMIL_GLOBAL);
	rpmPushMacro(NULL, "_db_backend", NULL, "sqlite", RMIL_GLOBAL);
	rpmPushMacro(NULL, "_rpmlock_path", NULL, lock_path, RMIL_GLOBAL);
	b->macros = true;
}

/* librpm wants a lock file: one without a name, that no other process sees. */
static int open_database(struct builder *b)
{
	sqlite3_vfs *usual = sqlite3_vfs_find(NULL);
	char lock_path[64];
	int rc;

	b->lock_fd = memfd_create("rpm-lock", MFD_CLOEXEC);
	if (b->lock_fd < 0)
		return error_errno(b->err, errno, NAME, "cannot make a lock");
	snprintf(lock_path, sizeof(lock_path), "/proc/self/fd/%d", b->lock_fd);
	set_macros(b, lock_path);
	b->ts = rpmtsCreate();
	rpmtsSetVSFlags(b->ts, RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES);
	b->txn = rpmtxnBegin(b->ts, RPMTXN_WRITE);
	if (!b->txn)
		return fail(b, NAME, "cannot be locked");
	sqlite3_vfs_register(sqlite3_vfs_find("memdb"), 1);
	rc = rpmtsOpenDB(b->ts, O_RDWR | O_CREAT);
	sqlite3_vfs_register(usual, 1);
	return rc ? fail(b, NAME, "cannot be created") : 0;
}

static int add_entry(struct builder *b, const struct database_entry *e)
{
	Header h;
	int rc = database_header(e, b->options, &h, b->err);

	if (rc)
		return rc;
	strbuf_release(&b->log);
	rc = rpmtsImportHeader(b->txn, h, 0) == RPMRC_OK ?
		     0 : fail(b, e->package->nevra, "cannot be added to the rpm database");
	headerFree(h);
	return rc;
}

/* Closing writes what librpm still holds. */
static int close_database(struct builder *b)
{
	int rc = 0;

	if (b->txn)
		rpmtxnEnd(b->txn);
	if (b->ts) {
		rc = rpmtsCloseDB(b->ts);
		rpmtsFree(b->ts);
	}
	b->txn = NULL;
	b->ts = NULL;
	if (b->macros) {
		rpmPopMacro(NULL, "_rpmlock_path");
		rpmPopMacro(NULL, "_db_backend");
		rpmPopMacro(NULL, "_dbpath");
		b->macros = false;
	}
	return rc ? fail(b, NAME, "cannot be closed") : 0;
}

static int take_bytes(struct builder *b, struct database_files *out)
{
	sqlite3_int64 size = 0;
	unsigned char *data = sqlite3_serialize(b->memory, "main", &size, 0);

	if (!data || size <= 0) {
		sqlite3_free(data);
		return fail_sqlite(b, "cannot be read back");
	}
	return database_one_file(out, NAME, data, (size_t)size, sqlite3_free, b->err);
}

static int build(struct builder *b, const struct database_entry *entries, size_t count,
		 struct database_files *out)
{
	int rc = open_memory(b), closed;

	pkg_log_begin(&b->log);
	if (!rc)
		rc = open_database(b);
	for (size_t i = 0; i < count && !rc; i++)
		rc = add_entry(b, &entries[i]);
	strbuf_release(&b->log);
	closed = close_database(b);
	pkg_log_end();
	if (!rc)
		rc = closed;
	return rc ? rc : take_bytes(b, out);
}

static int build_sqlite(const struct database_entry *entries, size_t count,
			const struct database_options *options, struct database_files *out,
			struct error *err)
{
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	struct builder b = { .options = options, .err = err, .log = STRBUF_INIT, .lock_fd = -1 };
	int rc;

	pthread_mutex_lock(&one_at_a_time);
	rc = build(&b, entries, count, out);
	sqlite3_close(b.memory);
	if (b.lock_fd >= 0)
		close(b.lock_fd);
	strbuf_release(&b.log);
	pthread_mutex_unlock(&one_at_a_time);
	return rc;
}

int database_build(const struct database_entry *entries, size_t count,
		   const struct database_options *options, struct database_files *out,
		   struct error *err)
{
	const char *format = options->format ? options->format : "";
	int rc;

	*out = (struct database_files){ NULL, 0 };
	if (!strcmp(format, "sqlite"))
		rc = build_sqlite(entries, count, options, out, err);
	else if (!strcmp(format, "bdb"))
		rc = database_build_bdb(entries, count, options, out, err);
	else
		rc = error_set(err, -ERR_UNSUPPORTED, options->format,
			       "nothing here can write an rpm database of this format");
	if (rc)
		database_files_release(out);
	return rc;
}

/* Bytes and number of the strings that one tag puts into its table. */
static void add_index(Header h, rpmTagVal tag, uint64_t *bytes, uint64_t *rows)
{
	struct rpmtd_s td;
	const char *text;

	if (!headerGet(h, tag, &td, HEADERGET_MINMEM))
		return;
	while ((text = rpmtdNextString(&td)) != NULL)
		*bytes += strlen(text);
	*rows += rpmtdCount(&td);
	rpmtdFreeData(&td);
}

static uint64_t estimate_sqlite(const struct package_list *l)
{
	static const rpmTagVal tags[] = {
		RPMTAG_NAME, RPMTAG_BASENAMES, RPMTAG_GROUP, RPMTAG_REQUIRENAME, RPMTAG_PROVIDENAME,
		RPMTAG_CONFLICTNAME, RPMTAG_OBSOLETENAME, RPMTAG_TRIGGERNAME, RPMTAG_DIRNAMES,
		RPMTAG_SHA1HEADER, RPMTAG_FILETRIGGERNAME, RPMTAG_TRANSFILETRIGGERNAME,
		RPMTAG_RECOMMENDNAME, RPMTAG_SUGGESTNAME, RPMTAG_SUPPLEMENTNAME, RPMTAG_ENHANCENAME,
	};
	/* 21 tables and 31 indexes begin with a page each; the schema takes the rest. */
	uint64_t total = 64 * 4096;

	for (size_t i = 0; i < l->count; i++) {
		Header h = l->items[i]->header;
		uint64_t bytes = 64, rows = 3, header;

		for (size_t t = 0; t < sizeof(tags) / sizeof(tags[0]); t++)
			add_index(h, tags[t], &bytes, &rows);
		/* The blob itself, with a state for each file, in chained pages. */
		header = headerSizeof(h, HEADER_MAGIC_NO) + rows + 256;
		total += header + header / 512 + 4096;
		/* Each row lies in its table and two indexes; pages are at least half full. */
		total += 2 * (2 * bytes + 32 * rows);
	}
	return total;
}

uint64_t database_estimate(const struct package_list *l, const char *format)
{
	return strcmp(format, "bdb") ? estimate_sqlite(l) : database_estimate_bdb(l);
}
