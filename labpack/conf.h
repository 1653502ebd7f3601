/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the text of lab.conf to a struct lab, inside this room only.
 *
 * Life: conf_lex() cuts the text into assignments; conf_names() finds which machines
 * there are, conf_folder() those that only have a folder; conf_values() gives every line its
 * meaning; conf_settle() joins what stands on several lines (disks, cables,
 * interfaces); conf_depends() reads lab.dep. Functions that fail have filled conf.err.
 */
#ifndef LABPACK_CONF_H
#define LABPACK_CONF_H

#include "labpack/lab.h"

#define CONF_MAX_BYTES (1 << 20) /* of lab.conf and of lab.dep */
#define CONF_MAX_VALUE 4096

/* machine[option]=value, or NAME=value without an option. */
struct assignment {
	unsigned int line;
	char *name, *option, *value; /* option is NULL without brackets */
	bool again; /* an earlier line says the same */
};

/* A disk or one end of a cable as far as the lines so far tell. */
struct conf_disk {
	struct lab_machine *machine;
	unsigned int index, line;
	const char *file; /* borrowed from the assignment */
	uint64_t size;
	int filesystem; /* enum lab_filesystem, -1: not said */
};

struct conf_serial {
	struct lab_machine *machine;
	unsigned int index, line;
	const char *other; /* "pc2:serial1" */
};

struct conf {
	struct lab *lab;
	const char *subject; /* of messages: the path of lab.conf */
	unsigned int flags;
	struct error *err;
	struct assignment *items;
	size_t count, capacity;
	struct conf_disk *disks;
	size_t disk_count, disk_capacity;
	struct conf_serial *serials;
	size_t serial_count, serial_capacity;
	size_t machine_capacity, domain_capacity;
	struct strlist listed;   /* LAB_MACHINES */
	unsigned int listed_line; /* 0: not there */
};

int conf_lex(struct conf *c, const char *text, size_t n) MUST_USE;
/* Metadata, and the machines that lines name. */
int conf_names(struct conf *c) MUST_USE;
/* Machines that only have a folder; which files there are. */
int conf_folder(struct conf *c) MUST_USE;
/* Everything else that lines say. */
int conf_values(struct conf *c) MUST_USE;
/* lab.dep */
int conf_depends(struct conf *c, const char *text, size_t n, const char *subject) MUST_USE;
/* Bases of machines that name none, or only Kathará's image=. */
int conf_images(struct conf *c) MUST_USE;
/* What startup scripts say of addresses. */
int conf_startups(struct conf *c) MUST_USE;
/* Of the text of one, which is taken to pieces. */
int conf_startup(struct conf *c, struct lab_machine *m, char *text) MUST_USE;
int conf_settle(struct conf *c) MUST_USE;
void conf_release(struct conf *c);

/* -ERR_FORMAT (or another code) with "line N: ..." in front; line 0: without it. */
int conf_fail(struct conf *c, int code, unsigned int line, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The same text as a warning; an error with LAB_STRICT. */
int conf_warn(struct conf *c, unsigned int line, const char *fmt, ...) MUST_USE PRINTF_LIKE(3, 4);
int conf_nomem(struct conf *c);

/* Finds or makes. */
int conf_machine(struct conf *c, const char *name, unsigned int line,
		 struct lab_machine **m) MUST_USE;
int conf_domain(struct conf *c, const char *name, unsigned int line,
		struct lab_domain **d) MUST_USE;

/* conf_option.c: one option of a machine, or of LAB for all (m is then each of them in turn). */
struct conf_option;
const struct conf_option *conf_option_find(const char *text, unsigned int *number);
/* The i-th name of all that are known, '#' for a number; NULL behind the last. */
const char *conf_option_name(size_t i);
/* The nearest known name, or NULL. */
const char *conf_option_suggest(const char *text);
bool conf_option_for_all(const struct conf_option *o);
int conf_option_set(struct conf *c, const struct conf_option *o, struct lab_machine *m,
		    const struct assignment *a, unsigned int number) MUST_USE;
/* What UML cannot do: NULL, or why. */
const char *conf_option_impossible(const char *text);
/* May it stand on several lines with different values? */
bool conf_option_repeats(const char *text);

/* conf_value.c */
int conf_set_text(struct conf *c, char **field, const char *value) MUST_USE;
bool conf_is_utf8(const char *text);
bool conf_domain_name_is_valid(const char *name);
bool conf_tap_name_is_valid(const char *name);
/* "02:00:00:00:00:01" or with '-'. */
bool conf_mac_parse(const char *text, uint8_t mac[6]);
/* "10.0.0.1/24", "fd00::1/64"; prefix is optional when bare is true. */
bool conf_address_is_valid(const char *text, bool bare);
/* A file of the lab: relative and without "..", or absolute; no control characters. */
int conf_file_check(struct conf *c, const struct assignment *a, const char *file) MUST_USE;
int conf_bool(struct conf *c, const struct assignment *a, bool *out) MUST_USE;
int conf_size(struct conf *c, const struct assignment *a, uint64_t unit, uint64_t min, uint64_t max,
	      uint64_t *out) MUST_USE;

/* conf_interface.c */
int conf_interface(struct conf *c, struct lab_machine *m, const struct assignment *a,
		   unsigned int index) MUST_USE;
int conf_interface_address(struct conf *c, struct lab_machine *m, const struct assignment *a,
			   unsigned int index) MUST_USE;
/* machine[tap]: one more interface, behind all others. */
int conf_interface_tap(struct conf *c, struct lab_machine *m, const struct assignment *a) MUST_USE;
int conf_interfaces_settle(struct conf *c, struct lab_machine *m) MUST_USE;

#endif
