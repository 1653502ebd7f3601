/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of lab.conf for a lab with one more machine. */
#include "labpack/clone.h"

#include <ctype.h>

#include "common/number.h"

struct cloner {
	const struct lab_machine *m;
	const char *name;
	struct strbuf lines; /* of the clone */
	struct strlist *notes;
	struct error *err;
};

/* One line of the text, without its end. */
struct line {
	const char *text, *end;
	const char *option, *option_end; /* of an assignment of the machine; else NULL */
	const char *value;		 /* behind '=' */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Is it "MACHINE[option] = value"? */
static void look_at(struct line *l, const char *machine)
{
	size_t n = strlen(machine);
	const char *p = l->text;

	l->option = l->option_end = l->value = NULL;
	while (p < l->end && is_blank(*p))
		p++;
	if ((size_t)(l->end - p) <= n || memcmp(p, machine, n) != 0 || p[n] != '[')
		return;
	l->option = p + n + 1;
	l->option_end = memchr(l->option, ']', (size_t)(l->end - l->option));
	if (l->option_end)
		l->value = memchr(l->option_end, '=', (size_t)(l->end - l->option_end));
	if (l->value)
		l->value++;
	else
		l->option = NULL;
}

/* "ubd3": 3. Whether the option is prefix and a number. */
static bool has_number(const struct line *l, const char *prefix, uint64_t *number)
{
	size_t skip = strlen(prefix);
	char digits[8];
	const char *p = l->option, *end = l->option_end;

	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	if ((size_t)(end - p) < skip || memcmp(p, prefix, skip) != 0 ||
	    (size_t)(end - p) - skip >= sizeof(digits))
		return false;
	memcpy(digits, p + skip, (size_t)(end - p) - skip);
	digits[(size_t)(end - p) - skip] = '\0';
	return number_parse(digits, 0, 1000, number) == 0;
}

static bool is_option(const struct line *l, const char *name)
{
	size_t n = strlen(name);

	return (size_t)(l->option_end - l->option) == n && memcmp(l->option, name, n) == 0;
}

const struct lab_machine_disk *clone_private_disk(const struct lab_machine *m, unsigned int index)
{
	for (size_t i = 0; i < m->disk_count; i++)
		if (m->disks[i].index == index && m->disks[i].disk->users == 1)
			return &m->disks[i];
	return NULL;
}

static int note(struct cloner *c, const char *fmt, const struct line *l)
{
	if (strlist_addf(c->notes, "'%s[%.*s]': %s", c->m->name, (int)(l->option_end - l->option),
			 l->option, fmt))
		return error_nomem(c->err);
	return 0;
}

/* "/02:00:00:00:00:01" in the value: where it begins and ends. */
static bool find_mac(const struct line *l, const char **begin, const char **end)
{
	const char *slash = memchr(l->value, '/', (size_t)(l->end - l->value)), *p;

	if (!slash)
		return false;
	for (p = slash + 1; p < l->end && (isxdigit((unsigned char)*p) || *p == ':' || *p == '-');)
		p++;
	*begin = slash;
	*end = p;
	return p - slash > 11;
}

static int add(struct cloner *c, const char *from, const char *to)
{
	return strbuf_add(&c->lines, from, (size_t)(to - from));
}

/* The line with the clone's name. */
static int add_renamed(struct cloner *c, const struct line *l, const char *mac, const char *mac_end)
{
	const char *name = l->option - 1 - strlen(c->m->name);
	int rc = add(c, l->text, name);

	if (!rc)
		rc = strbuf_adds(&c->lines, c->name);
	if (!rc)
		rc = add(c, l->option - 1, mac ? mac : l->end);
	if (!rc && mac)
		rc = add(c, mac_end, l->end);
	return rc || strbuf_adds(&c->lines, "\n") ? error_nomem(c->err) : 0;
}

static int copy_line(struct cloner *c, const struct line *l)
{
	const char *mac = NULL, *mac_end = NULL;
	uint64_t n;
	int rc = 0;

	if (has_number(l, "serial", &n))
		return note(c, "a cable has two ends; the clone has none", l);
	if (is_option(l, "tap"))
		return note(c, "a tap device is for one machine; the clone has none", l);
	if (has_number(l, "ubd", &n) && clone_private_disk(c->m, (unsigned int)n)) {
		const char *cr = l->end > l->value && l->end[-1] == '\r' ? "\r" : "";

		rc = strbuf_addf(&c->lines, "%s[ubd%u]=disks/%s-ubd%u.img%s\n", c->name,
				 (unsigned int)n, c->name, (unsigned int)n, cr);
		return rc ? error_nomem(c->err) : 0;
	}
	if (has_number(l, "", &n) && find_mac(l, &mac, &mac_end))
		rc = note(c, "the clone has another MAC address", l);
	return rc ? rc : add_renamed(c, l, mac, mac_end);
}

/* LAB_MACHINES="r1,r2": the clone stands behind its machine. */
static int add_listed(struct cloner *c, struct strbuf *out, const struct line *l)
{
	static const char key[] = "LAB_MACHINES";
	size_t n = strlen(c->m->name);
	const char *p = l->text;

	while (p < l->end && is_blank(*p))
		p++;
	if ((size_t)(l->end - p) < sizeof(key) || memcmp(p, key, sizeof(key) - 1) != 0)
		return strbuf_add(out, l->text, (size_t)(l->end - l->text));
	for (; (size_t)(l->end - p) >= n; p++) {
		bool starts = p > l->text && strchr("=, \t\"'", p[-1]);
		bool ends = p + n == l->end || strchr(", \t\"'\r#", p[n]);

		if (!starts || !ends || memcmp(p, c->m->name, n) != 0)
			continue;
		return strbuf_add(out, l->text, (size_t)(p + n - l->text)) ||
		       strbuf_addf(out, ",%s", c->name) ||
		       strbuf_add(out, p + n, (size_t)(l->end - p) - n);
	}
	return strbuf_add(out, l->text, (size_t)(l->end - l->text));
}

/* Where the last line of the machine ends. */
static const char *last_line(const char *text, const char *end, const char *machine)
{
	const char *last = NULL;

	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		struct line l = { .text = text, .end = eol ? eol : end };

		look_at(&l, machine);
		if (l.option)
			last = l.end;
		text = eol ? eol + 1 : end;
	}
	return last;
}

int clone_conf(struct strbuf *out, const char *text, size_t n, const struct lab_machine *m,
	       const char *name, bool *changed, struct strlist *notes, struct error *err)
{
	struct cloner c = { .m = m, .name = name, .notes = notes, .err = err };
	const char *end = text + n, *last = last_line(text, end, m->name);
	int rc = 0;

	*changed = last != NULL;
	while (!rc && text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		struct line l = { .text = text, .end = eol ? eol : end };

		look_at(&l, m->name);
		if (l.option)
			rc = copy_line(&c, &l);
		if (!rc && (add_listed(&c, out, &l) ||
			    ((eol || l.end == last) && strbuf_adds(out, "\n")) ||
			    (l.end == last && c.lines.len &&
			     strbuf_add(out, c.lines.data, c.lines.len))))
			rc = error_nomem(err);
		text = eol ? eol + 1 : end;
	}
	strbuf_release(&c.lines);
	return rc;
}
