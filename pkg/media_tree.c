/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SuSE media tree: content, media.1, susetags. Its packages need not be there to solve. */
#include <dirent.h>
#include <errno.h>
#include <solv/chksum.h>
#include <solv/knownid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pkg/media.h"
#include "pkg/media_content.h"
#include "pkg/susetags.h"

struct tree_product {
	char *folder; /* relative to the location, "" for the location itself */
	struct content content;
	Id start, end; /* its packages */
};

struct tree {
	struct tree_product *products;
	size_t count, capacity;
};

static const char *const packages_names[] = {
	"packages", "packages.gz", "packages.bz2", "packages.xz", "packages.zst", "packages.lzma",
};

/* "a/b/c" of those parts that are not empty; NULL without memory. */
static char *join(const char *a, const char *b, const char *c)
{
	char *path;

	if (asprintf(&path, "%s%s%s%s%s", a, b && *b ? "/" : "", b ? b : "", c && *c ? "/" : "",
		     c ? c : "") < 0)
		return NULL;
	return path;
}

static bool exists(const char *a, const char *b, const char *c)
{
	char *path = join(a, b, c);
	bool found = path && !access(path, F_OK);

	free(path);
	return found;
}

/* A folder named "content" is something else. */
static bool has_content(const char *location, const char *folder)
{
	char *path = join(location, folder, "content");
	struct stat st;
	bool found = path && !stat(path, &st) && S_ISREG(st.st_mode);

	free(path);
	return found;
}

/*
 * Folders with a content of their own: of add-on media, and CD1 in a folder
 * that holds CD1, CD2, ... One of the two must have a media.1: any folder of
 * RPMs may have a file of that name somewhere.
 */
static int find_subfolders(const char *location, struct strlist *folders)
{
	bool is_media = exists(location, "media.1", NULL);
	struct dirent **names;
	int n = scandir(location, &names, NULL, alphasort), rc = 0;

	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;

		if (!rc && strcmp(name, ".") && strcmp(name, "..") &&
		    has_content(location, name) &&
		    (is_media || exists(location, name, "media.1")))
			rc = strlist_add(folders, name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return rc;
}

/*
 * Where content lies below the location: in the folders that media.1/products
 * names; else "", the location itself; else in a folder of which nothing tells.
 */
static int find_products(const char *location, struct strlist *folders, struct error *err)
{
	struct strlist named = STRLIST_INIT;
	char *products = join(location, "media.1/products", NULL);
	int rc = products ? 0 : error_nomem(err);

	if (!rc && !access(products, F_OK))
		rc = products_read(products, &named, err);
	for (size_t i = 0; !rc && i < named.count; i++)
		if (has_content(location, named.items[i]) &&
		    strlist_find(folders, named.items[i]) < 0)
			rc = strlist_add(folders, named.items[i]) ? error_nomem(err) : 0;
	if (!rc && !folders->count && has_content(location, ""))
		rc = strlist_add(folders, "") ? error_nomem(err) : 0;
	if (!rc && !folders->count)
		rc = find_subfolders(location, folders) ? error_nomem(err) : 0;
	if (!rc && !folders->count)
		rc = error_set(err, -ERR_FORMAT, location,
			       "media.1 without 'content' in any product's folder");
	strlist_release(&named);
	free(products);
	return rc;
}

static int tree_detect(const char *location, struct strbuf *why)
{
	struct strlist folders = STRLIST_INIT;
	int rc;

	if (has_content(location, "") || exists(location, "media.1", "media") ||
	    exists(location, "media.1", "products"))
		return 1;
	rc = find_subfolders(location, &folders);
	if (!rc)
		rc = folders.count ? 1 : strbuf_adds(why, "no 'content' and no 'media.1'");
	strlist_release(&folders);
	return rc;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && !strcmp(name + n - k, suffix);
}

static int add_selection(struct media *m, const char *descr, const char *name)
{
	char *path = join(descr, name, NULL);

	if (!path)
		return -ENOMEM;
	if (!access(path, R_OK))
		return strlist_take(&m->selections, path);
	free(path);
	return 0;
}

/* <DESCRDIR>/selections lists them, one name a line; without it every *.sel counts. */
static int find_selections(struct media *m, const char *descr, struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	struct dirent **names;
	char *index = join(descr, "selections", NULL), *save = NULL;
	int n, rc = index ? 0 : error_nomem(err);

	if (!rc && !access(index, F_OK)) {
		rc = media_read_file(index, MEDIA_TEXT_MAX, &text, err);
		for (char *name = rc ? NULL : strtok_r(text.data, " \t\r\n", &save); name && !rc;
		     name = strtok_r(NULL, " \t\r\n", &save))
			if (!strchr(name, '/') && has_suffix(name, ".sel"))
				rc = add_selection(m, descr, name) ? error_nomem(err) : 0;
	} else if (!rc && (n = scandir(descr, &names, NULL, alphasort)) >= 0) {
		for (int i = 0; i < n; i++) {
			if (!rc && has_suffix(names[i]->d_name, ".sel"))
				rc = add_selection(m, descr, names[i]->d_name) ?
					     error_nomem(err) : 0;
			free(names[i]);
		}
		free(names);
	}
	strbuf_release(&text);
	free(index);
	return rc;
}

static int load_packages(struct media *m, struct tree_product *product, const char *descr,
			 struct error *err)
{
	const char *name = packages_names[0];
	struct strbuf text = STRBUF_INIT;
	char *path;
	int rc;

	for (size_t i = 0; i < sizeof(packages_names) / sizeof(packages_names[0]); i++) {
		if (exists(descr, packages_names[i], NULL)) {
			name = packages_names[i];
			break;
		}
	}
	path = join(descr, name, NULL);
	if (!path)
		return error_nomem(err);
	rc = media_read_file(path, MEDIA_PACKAGES_MAX, &text, err);
	/* The sum of a compressed file is that of its compressed bytes; its own check must do. */
	if (!rc && name == packages_names[0])
		rc = content_check(&product->content, name, &text, path, err);
	product->start = m->repo->pool->nsolvables;
	if (!rc)
		rc = susetags_load(m->repo, &text, path, err);
	product->end = m->repo->pool->nsolvables;
	strbuf_release(&text);
	free(path);
	return rc;
}

static int load_product(struct media *m, const char *folder, struct error *err)
{
	struct tree *t = m->data;
	struct tree_product *product;
	char *content = NULL, *root, *descr = NULL;
	int rc;

	if (array_grow((void **)&t->products, t->count, &t->capacity, sizeof(*t->products)))
		return error_nomem(err);
	product = &t->products[t->count];
	*product = (struct tree_product){ .folder = strdup(folder), .content = CONTENT_INIT };
	if (!product->folder)
		return error_nomem(err);
	t->count++;
	root = join(m->location, folder, NULL);
	content = root ? join(root, "content", NULL) : NULL;
	rc = content ? content_read(&product->content, content, err) : error_nomem(err);
	if (!rc) {
		descr = join(root, product->content.descrdir, NULL);
		rc = descr ? load_packages(m, product, descr, err) : error_nomem(err);
	}
	if (!rc)
		rc = find_selections(m, descr, err);
	free(descr);
	free(content);
	free(root);
	return rc;
}

static int tree_load(struct media *m, struct error *err)
{
	struct strlist folders = STRLIST_INIT;
	int rc;

	m->data = calloc(1, sizeof(struct tree));
	if (!m->data)
		return error_nomem(err);
	rc = find_products(m->location, &folders, err);
	for (size_t i = 0; i < folders.count && !rc; i++)
		rc = load_product(m, folders.items[i], err);
	strlist_release(&folders);
	return rc;
}

/*
 * The folder of another medium beside this one: "CD2" for "CD1", "DVD2" for
 * "SuSE-DVD1"; NULL when the name does not end in this medium's number.
 */
static char *sibling(const char *location, unsigned int medium)
{
	size_t n = strlen(location), digits;
	char *path;

	while (n > 1 && location[n - 1] == '/')
		n--;
	for (digits = 0; digits < n && strchr("0123456789", location[n - digits - 1]);)
		digits++;
	if (digits != 1 || location[n - 1] != '1' ||
	    asprintf(&path, "%.*s%u", (int)(n - 1), location, medium) < 0)
		return NULL;
	return path;
}

/* Everything merged into one folder, or a folder for each medium. NULL without memory. */
static char *find_file(const char *location, const char *folder, unsigned int medium,
		       const char *file)
{
	char *merged = join(location, folder, file), *base, *path = NULL, *inner;

	if (!merged || medium <= 1 || !access(merged, F_OK))
		return merged;
	base = sibling(location, medium);
	if (base)
		path = join(base, folder, file);
	if (!path || access(path, F_OK)) {
		/* The location may hold CD1, CD2, ... itself: the folder has the number. */
		free(path);
		path = NULL;
		inner = sibling(folder, medium);
		if (inner)
			path = join(location, inner, file);
		free(inner);
	}
	if (path && access(path, F_OK)) {
		free(path);
		path = NULL;
	}
	/* Found nowhere: the name in the CD's own folder tells which medium is missing. */
	if (!path && base)
		path = join(base, folder, file);
	free(base);
	if (!path)
		return merged;
	free(merged);
	return path;
}

static int set_checksum(Solvable *s, struct package *p, struct error *err)
{
	Id type = 0;
	const char *sum = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);

	if (!sum || !type)
		return 0;
	p->checksum_algo = solv_chksum_type2str(type);
	p->checksum = strdup(sum);
	return p->checksum ? 0 : error_nomem(err);
}

static int tree_describe(const struct media *m, Id package, struct package *p, struct error *err)
{
	const struct tree *t = m->data;
	const struct tree_product *product = t->products;
	Solvable *s = pool_id2solvable(m->repo->pool, package);
	unsigned int medium = 1;
	const char *place = solvable_lookup_location(s, &medium);
	char *file;

	while (product < t->products + t->count - 1 && package >= product->end)
		product++;
	if (!place)
		return error_set(err, -ERR_FORMAT, m->location, "no '=Loc:' for package %s",
				 pool_solvable2str(m->repo->pool, s));
	p->size = solvable_lookup_num(s, SOLVABLE_DOWNLOADSIZE, 0);
	file = join(product->content.datadir, place, NULL);
	if (file)
		p->path = find_file(m->location, product->folder, medium, file);
	free(file);
	return p->path ? set_checksum(s, p, err) : error_nomem(err);
}

static void tree_release(struct media *m)
{
	struct tree *t = m->data;

	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++) {
		free(t->products[i].folder);
		content_release(&t->products[i].content);
	}
	free(t->products);
	free(t);
}

const struct media_kind media_tree = {
	.name = "SuSE media tree",
	.detect = tree_detect,
	.load = tree_load,
	.describe = tree_describe,
	.release = tree_release,
};
