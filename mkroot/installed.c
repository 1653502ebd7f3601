/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkroot/installed.h"

#include <errno.h>
#include <rpm/header.h>
#include <sqlite3.h>

#include "pkg/bdb.h"

#define DATABASE_MAX ((size_t)2 << 30) /* bytes */
#define HEADER_MAX (256 << 20)         /* bytes, as in librpm */

/* Where distributions keep it. */
static const char *const places[] = {
	"/var/lib/rpm/rpmdb.sqlite",
	"/usr/lib/sysimage/rpm/rpmdb.sqlite",
	"/var/lib/rpm/Packages",
	"/usr/lib/sysimage/rpm/Packages",
};
static const char *const others[] = {
	"/var/lib/rpm/Packages.db",
	"/usr/lib/sysimage/rpm/Packages.db",
};

static int sqlite_failed(sqlite3 *db, const char *path, struct error *err)
{
	return error_set(err, -ERR_DATABASE, path, "cannot be read as an rpm database: %s",
			 db ? sqlite3_errmsg(db) : "out of memory");
}

static int add_header(struct package_list *packages, const void *blob, size_t size, const char *path,
		      struct error *err)
{
	void *copy = size > 0 && size <= HEADER_MAX ? malloc(size) : NULL;
	struct package *p = package_new();
	int rc = 0;

	if (copy && p) {
		memcpy(copy, blob, size);
		p->header = headerImport(copy, (unsigned int)size, 0);
	}
	if (!p || !p->header) {
		free(copy);
		package_free(p);
		return error_set(err, -ERR_DATABASE, path, "holds a damaged header");
	}
	p->nevra = headerGetAsString(p->header, RPMTAG_NEVRA);
	p->name = headerGetAsString(p->header, RPMTAG_NAME);
	if (!p->nevra || !p->name)
		rc = error_nomem(err);
	if (rc)
		package_free(p);
	else if (package_list_take(packages, p))
		rc = error_nomem(err);
	return rc;
}

static int read_rows(sqlite3 *db, const char *path, struct package_list *packages,
		     struct error *err)
{
	sqlite3_stmt *rows = NULL;
	int rc = 0, step;

	if (sqlite3_prepare_v2(db, "SELECT blob FROM Packages ORDER BY hnum", -1, &rows, NULL) !=
	    SQLITE_OK)
		return sqlite_failed(db, path, err);
	while (!rc && (step = sqlite3_step(rows)) != SQLITE_DONE) {
		if (step != SQLITE_ROW)
			rc = sqlite_failed(db, path, err);
		else
			rc = add_header(packages, sqlite3_column_blob(rows, 0),
					(size_t)sqlite3_column_bytes(rows, 0), path, err);
	}
	sqlite3_finalize(rows);
	return rc;
}

static int read_sqlite(struct strbuf *bytes, const char *path, struct package_list *packages,
		       struct error *err)
{
	sqlite3 *db = NULL;
	int rc;

	if (bytes->len < 100)
		return error_set(err, -ERR_DATABASE, path, "is no sqlite database");
	/*
	 * A guest that wrote to it left it in write-ahead mode (2), which a database in memory
	 * does not have; rpm empties the log when it closes, so the plain mode (1) reads the same.
	 */
	bytes->data[18] = bytes->data[19] = 1;
	if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_deserialize(db, "main", (unsigned char *)bytes->data, (sqlite3_int64)bytes->len,
				(sqlite3_int64)bytes->len, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
		rc = sqlite_failed(db, path, err);
	else
		rc = read_rows(db, path, packages, err);
	sqlite3_close(db);
	return rc;
}

struct bdb_rows {
	struct package_list *packages;
	uint32_t *keys; /* of the packages */
	size_t capacity;
	const char *path;
};

/* Record 0 is the last number that was given; the others come in no order. */
static int take_record(void *arg, uint32_t key, const void *value, size_t size, struct error *err)
{
	struct bdb_rows *rows = arg;
	struct package_list *l = rows->packages;
	struct package *p;
	size_t i;
	int rc;

	if (!key)
		return 0;
	if (array_grow((void **)&rows->keys, l->count, &rows->capacity, sizeof(*rows->keys)))
		return error_nomem(err);
	rc = add_header(l, value, size, rows->path, err);
	if (rc)
		return rc;
	p = l->items[l->count - 1];
	for (i = l->count - 1; i > 0 && rows->keys[i - 1] > key; i--) {
		l->items[i] = l->items[i - 1];
		rows->keys[i] = rows->keys[i - 1];
	}
	l->items[i] = p;
	rows->keys[i] = key;
	return 0;
}

static int read_bdb(const struct strbuf *bytes, const char *path, struct package_list *packages,
		    struct error *err)
{
	struct bdb_rows rows = { packages, NULL, 0, path };
	int rc = bdb_each(bytes->data, bytes->len, path, take_record, &rows, err);

	free(rows.keys);
	return rc;
}

static bool is_bdb(const char *path)
{
	size_t n = strlen(path), tail = strlen("/Packages");

	return n > tail && !strcmp(path + n - tail, "/Packages");
}

int installed_read(struct image *image, struct package_list *packages, const char **database,
		   struct error *err)
{
	struct strbuf bytes = STRBUF_INIT;
	int rc;

	*database = NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !*database; i++)
		if (image_exists(image, places[i]))
			*database = places[i];
	if (!*database) {
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			if (image_exists(image, others[i]))
				return error_set(err, -ERR_UNSUPPORTED, others[i],
						 "an rpm database of this format cannot be read here");
		return 0;
	}
	rc = image_read_file(image, *database, DATABASE_MAX, &bytes, err);
	if (!rc && is_bdb(*database))
		rc = read_bdb(&bytes, *database, packages, err);
	else if (!rc)
		rc = read_sqlite(&bytes, *database, packages, err);
	strbuf_release(&bytes);
	if (rc)
		package_list_release(packages);
	return rc;
}
