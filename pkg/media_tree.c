/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SuSE media tree: content, media.1, susetags. Its packages need not be there to solve. */
#include <errno.h>
#include <solv/knownid.h>

#include "pkg/media_tree.h"
#include "pkg/susetags.h"

static const char *const packages_names[] = {
	"packages", "packages.gz", "packages.bz2", "packages.xz", "packages.zst", "packages.lzma",
};

/* Does the folder have a content? A folder named "content" is something else. */
static int has_content(struct source *s, const char *folder, struct error *err)
{
	char *path = media_join(folder, "content");
	int rc = path ? source_has(s, path, err) : error_nomem(err);

	free(path);
	return rc;
}

/*
 * Folders with a content of their own: of add-on media, and CD1 in a folder
 * that holds CD1, CD2, ... One of the two must have a media.1: any folder of
 * RPMs may have a file of that name somewhere.
 */
static int find_subfolders(struct source *s, struct strlist *folders, struct error *err)
{
	struct strlist names = STRLIST_INIT;
	int is_media, rc;

	if (!source_can_list(s)) {
		rc = has_content(s, "CD1", err);
		return rc == 1 ? (strlist_add(folders, "CD1") ? error_nomem(err) : 0) : rc;
	}
	is_media = s->ops->has(s, "media.1", true, NULL) == 1;
	rc = source_list(s, "", &names, err);
	for (size_t i = 0; i < names.count && !rc; i++) {
		char *name = names.items[i], *first;
		size_t n = strlen(name);

		if (!n || name[n - 1] != '/')
			continue;
		name[n - 1] = '\0';
		first = media_join(name, "media.1");
		if (!first)
			rc = error_nomem(err);
		else if (has_content(s, name, NULL) == 1 &&
			 (is_media || s->ops->has(s, first, true, NULL) == 1))
			rc = strlist_add(folders, name) ? error_nomem(err) : 0;
		free(first);
	}
	strlist_release(&names);
	return rc;
}

/*
 * Where content lies below the location: in the folders that media.1/products
 * names; else "", the location itself; else in a folder of which nothing tells.
 */
static int find_products(struct source *s, struct strlist *folders, struct error *err)
{
	struct strlist named = STRLIST_INIT;
	int rc = source_has(s, "media.1/products", err);

	if (rc == 1)
		rc = products_read(s, "media.1/products", &named, err);
	for (size_t i = 0; !rc && i < named.count; i++) {
		rc = has_content(s, named.items[i], err);
		if (rc == 1)
			rc = strlist_find(folders, named.items[i]) < 0 &&
					     strlist_add(folders, named.items[i]) ?
				     error_nomem(err) :
				     0;
	}
	if (!rc && !folders->count) {
		rc = has_content(s, "", err);
		if (rc == 1)
			rc = strlist_add(folders, "") ? error_nomem(err) : 0;
	}
	if (!rc && !folders->count)
		rc = find_subfolders(s, folders, err);
	if (!rc && !folders->count)
		rc = error_set(err, -ERR_FORMAT, s->location,
			       "media.1 without 'content' in any product's folder");
	strlist_release(&named);
	return rc;
}

static int tree_detect(struct source *s, struct strbuf *why, struct error *err)
{
	static const char *const marks[] = { "media.1/media", "media.1/products" };
	struct strlist folders = STRLIST_INIT;
	int rc = has_content(s, "", err), other = 0;

	for (size_t i = 0; i < 2 && !rc; i++)
		rc = source_has(s, marks[i], err);
	/* Later media have the one, and their packages in the other. */
	if (rc == 1 && has_content(s, "", err) == 0)
		other = source_has(s, "repodata/repomd.xml", err);
	if (other)
		return other < 0 ? other : strbuf_adds(why, "media.1, but packages in repodata");
	if (rc)
		return rc;
	rc = find_subfolders(s, &folders, err);
	if (!rc)
		rc = folders.count ? 1 : strbuf_adds(why, "no 'content' and no 'media.1'");
	strlist_release(&folders);
	return rc;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && !strcasecmp(name + n - k, suffix);
}

/* "base-10.3-1.i586.pat.gz" is a pattern, compressed. */
static bool is_selection(const char *name, const char *suffix)
{
	static const char *const compressed[] = { "", ".gz", ".bz2", ".xz", ".zst" };
	char whole[16];

	for (size_t i = 0; i < sizeof(compressed) / sizeof(compressed[0]); i++) {
		snprintf(whole, sizeof(whole), "%s%s", suffix, compressed[i]);
		if (has_suffix(name, whole))
			return true;
	}
	return false;
}

static int add_selection(struct media *m, const struct content *content, const char *descr,
			 const char *name, const char *suffix, struct error *err)
{
	struct source_file promised = { 0 };
	char *path;
	int rc = 1;

	if (strchr(name, '/') || !is_selection(name, suffix))
		return 0;
	path = media_join(descr, name);
	if (!path)
		return error_nomem(err);
	/* Where looking costs a transfer, what is not there is noticed when it is wanted. */
	if (m->source->ops->has)
		rc = m->source->ops->has(m->source, path, false, err);
	if (rc == 1) {
		content_promise(content, name, &promised);
		return media_add_selection(m, path, &promised, err);
	}
	free(path);
	return rc;
}

/* <DESCRDIR>/selections lists them, one name a line; without it every *.sel counts. */
static int find_kind(struct media *m, const struct content *content, const char *descr,
		     const char *list, const char *suffix, struct error *err)
{
	struct strlist names = STRLIST_INIT;
	struct strbuf text = STRBUF_INIT;
	char *index = media_join(descr, list), *save = NULL;
	struct source_file file = { .path = index, .optional = true };
	int rc;

	if (!index)
		return error_nomem(err);
	content_promise(content, list, &file);
	rc = source_read(m->source, &file, MEDIA_TEXT_MAX, &text, err);
	if (!rc && text.data) {
		for (char *name = strtok_r(text.data, " \t\r\n", &save); name && !rc;
		     name = strtok_r(NULL, " \t\r\n", &save))
			rc = add_selection(m, content, descr, name, suffix, err);
	} else if (!rc) {
		if (source_can_list(m->source))
			rc = source_list(m->source, descr, &names, err);
		for (size_t i = 0; i < names.count && !rc; i++)
			rc = add_selection(m, content, descr, names.items[i], suffix, err);
		for (size_t i = 0; i < content->sum_names.count && !rc; i++)
			rc = add_selection(m, content, descr, content->sum_names.items[i], suffix, err);
	}
	strlist_release(&names);
	strbuf_release(&text);
	free(index);
	return rc;
}

/* And patterns likewise. */
static int find_selections(struct media *m, const struct content *content, const char *descr,
			   struct error *err)
{
	int rc = find_kind(m, content, descr, "selections", ".sel", err);

	return rc ? rc : find_kind(m, content, descr, "patterns", ".pat", err);
}

/* The text of packages or packages.gz, ...; *path is where it was found. */
static int read_packages(struct media *m, const struct content *content, const char *descr,
			 char **path, struct strbuf *text, struct error *err)
{
	const size_t count = sizeof(packages_names) / sizeof(packages_names[0]);
	int rc = 0;

	/* In the end again the first, as one that must be there: for its message. */
	for (size_t i = 0; i <= count && !rc; i++) {
		const char *name = packages_names[i % count];
		struct source_file file = { .optional = i < count };

		free(*path);
		*path = media_join(descr, name);
		if (!*path)
			return error_nomem(err);
		file.path = *path;
		content_promise(content, name, &file);
		rc = source_read(m->source, &file, MEDIA_PACKAGES_MAX, text, err);
		if (rc || text->data)
			break;
	}
	return rc;
}

static int load_packages(struct media *m, struct tree_product *product, const char *descr,
			 struct error *err)
{
	struct strbuf text = STRBUF_INIT;
	char *path = NULL, *label = NULL;
	int rc = read_packages(m, &product->content, descr, &path, &text, err);

	if (!rc) {
		label = source_label(m->source, path);
		rc = label ? 0 : error_nomem(err);
	}
	product->start = m->repo->pool->nsolvables;
	if (!rc)
		rc = susetags_load(m->repo, &text, label, err);
	product->end = m->repo->pool->nsolvables;
	if (!rc) {
		struct source_file promised = { .path = NULL };
		const char *slash = strrchr(path, '/');

		content_promise(&product->content, slash ? slash + 1 : path, &promised);
		rc = vouch_link(&product->content.vouch, m->source, promised.checksum_algo, err);
	}
	strbuf_release(&text);
	free(label);
	free(path);
	return rc;
}

static int load_product(struct media *m, const char *folder, struct error *err)
{
	struct tree *t = m->data;
	struct tree_product *product;
	char *content = NULL, *descr = NULL;
	int rc;

	if (array_grow((void **)&t->products, t->count, &t->capacity, sizeof(*t->products)))
		return error_nomem(err);
	product = &t->products[t->count];
	*product = (struct tree_product){ .folder = strdup(folder), .content = CONTENT_INIT };
	if (!product->folder)
		return error_nomem(err);
	t->count++;
	content = media_join(folder, "content");
	rc = content ? content_read(&product->content, m->source, content, err) : error_nomem(err);
	if (!rc) {
		descr = media_join(folder, product->content.descrdir);
		rc = descr ? load_packages(m, product, descr, err) : error_nomem(err);
	}
	if (!rc)
		rc = find_selections(m, &product->content, descr, err);
	free(descr);
	free(content);
	return rc;
}

static int tree_load(struct media *m, struct error *err)
{
	struct strlist folders = STRLIST_INIT;
	int rc;

	m->data = calloc(1, sizeof(struct tree));
	if (!m->data)
		return error_nomem(err);
	rc = find_products(m->source, &folders, err);
	for (size_t i = 0; i < folders.count && !rc; i++)
		rc = load_product(m, folders.items[i], err);
	strlist_release(&folders);
	return rc;
}

static int tree_describe(const struct media *m, Id package, struct package *p, struct error *err)
{
	const struct tree *t = m->data;
	const struct tree_product *product = t->products;
	Solvable *s = pool_id2solvable(m->repo->pool, package);
	unsigned int medium = 1;
	const char *place = solvable_lookup_location(s, &medium);
	char *file;
	int rc;

	while (product < t->products + t->count - 1 && package >= product->end)
		product++;
	if (!place)
		return error_set(err, -ERR_FORMAT, m->location, "no '=Loc:' for package %s",
				 pool_solvable2str(m->repo->pool, s));
	p->medium = medium;
	p->vouch = &product->content.vouch;
	file = media_join(product->content.datadir, place);
	rc = file ? tree_place(m, product->folder, medium, file, p, err) : error_nomem(err);
	free(file);
	return rc ? rc : media_set_checksum(s, p, err);
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
	for (size_t i = 0; i < t->medium_count; i++)
		source_close(t->media[i].beside);
	free(t->media);
	free(t);
}

const struct media_kind media_tree = {
	.name = "SuSE media tree",
	.detect = tree_detect,
	.load = tree_load,
	.describe = tree_describe,
	.release = tree_release,
};
