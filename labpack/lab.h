/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab as lab.conf, lab.dep and the files beside them describe it.
 *
 * Life: lab_read() -> look, never change -> lab_free(). Everything in it is
 * checked: numbers are in their ranges, names fit file names, the shell and
 * (machines) host names, files lie in the lab or are absolute, both ends of a
 * cable exist, dependencies have no circle. Machines and domains are in the
 * order of lab.conf, machines that only have a folder behind them by name.
 * Interfaces, disks and serial lines of a machine are sorted by index.
 * Errors: -ERR_FORMAT and the like, subject "lab.conf" (with the folder), the text names the
 * line; -ENOENT without lab.conf.
 */
#ifndef LABPACK_LAB_H
#define LABPACK_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/strbuf.h"

#define LAB_NAME_MAX 63        /* bytes of the name of a machine */
#define LAB_MACHINES_MAX 4096
#define LAB_INTERFACE_MAX 63   /* ethN: greatest N */
#define LAB_DISK_MAX 15        /* ubdN; ubd0 is the root filesystem's COW */
#define LAB_SERIAL_MAX 30      /* ssN; above it, ttyS31 is the line of `lab exec` */
#define LAB_SERIAL_EXEC 31
#define LAB_MEM_DEFAULT ((uint64_t)64 << 20)

enum lab_domain_type { LAB_HUB, LAB_SWITCH };

/* A collision domain: one uml_switch. */
struct lab_domain {
	char *name; /* letters, digits, "_.+@:-" and UTF-8; at most 64 bytes; not first: . - + @ : */
	enum lab_domain_type type; /* LAB_HUB when the lab does not say: as in Netkit */
	char *tap;                 /* tap device of the host that it is bridged to, or NULL */
};

struct lab_interface {
	unsigned int index;              /* ethN */
	const struct lab_domain *domain; /* NULL: straight to the tap device */
	uint8_t mac[6]; /* given, or 02: and a digest of lab's name, machine and index: always the same */
	bool mac_given;
	struct strlist addresses; /* "10.0.0.1/24", "fd00::1/64": those that lab.conf gives */
	struct strlist seen;      /* those that startup scripts set, as far as they can be read */
	char *tap;                /* tap device of the host; NULL unless domain is NULL */
	char *tap_address;        /* of the host on that device, or NULL */
};

enum lab_filesystem {
	LAB_FS_NONE,
	LAB_FS_EXT2,
	LAB_FS_EXT3,
	LAB_FS_EXT4,
	LAB_FS_UNSAID /* only while it is read */
};

/* What lab.conf calls each of them, LAB_FS_UNSAID excepted. */
extern const char *const lab_filesystem_names[LAB_FS_UNSAID];

/* A disk file beyond the root filesystem's; machines that name the same file share one. */
struct lab_disk {
	char *file;    /* relative to the lab's folder, or absolute */
	uint64_t size; /* bytes to make it of; 0: it must exist */
	enum lab_filesystem filesystem; /* that a new one gets */
	unsigned int users;             /* machines */
};

struct lab_machine_disk {
	unsigned int index; /* ubdN, from 1 */
	const struct lab_disk *disk;
};

/* A null-modem cable. */
struct lab_cable {
	struct {
		const struct lab_machine *machine;
		unsigned int serial; /* ssN, ttySN */
	} ends[2];
};

struct lab_serial {
	unsigned int index; /* ssN, ttySN */
	const struct lab_cable *cable;
	unsigned int end; /* which of the cable's ends this is: 0 or 1 */
};

enum lab_console {
	LAB_CONSOLE_LAB,   /* where `lab console` finds it */
	LAB_CONSOLE_XTERM, /* a window */
	LAB_CONSOLE_NONE,
};

struct lab_machine {
	char *name;
	size_t order;       /* its index in lab->machines */
	unsigned int line;  /* of lab.conf that names it first; 0: only a folder does */
	char *base;         /* base image: relative to the lab's folder, or absolute; NULL: none known */
	char *image;        /* Kathará's image=, or NULL */
	char *kernel;       /* UML kernel, absolute or relative to the lab's folder; NULL: `linux` in PATH */
	uint64_t mem;       /* bytes */
	unsigned int cpus;  /* 1 unless given */
	char *append;       /* for the kernel's command line; NULL: nothing */
	enum lab_console console;
	bool watchdog;      /* the kernel's watchdog (UML's mconsole one) is asked for */
	bool has_folder, has_startup, has_shutdown; /* MACHINE/, MACHINE.startup, MACHINE.shutdown */
	struct strlist sysctls; /* "net.ipv4.ip_forward=1" */
	int ipv6;           /* -1: not said, 0: off, 1: on */
	struct lab_interface *interfaces;
	size_t interface_count;
	struct lab_machine_disk *disks;
	size_t disk_count;
	struct lab_serial *serials;
	size_t serial_count;
	const struct lab_machine **depends; /* start before this one (lab.dep) */
	size_t depend_count;
};

struct lab {
	char *folder; /* as given */
	char *name;   /* LAB_NAME, or the folder's own */
	char *description, *version, *author, *email, *web; /* or NULL */
	bool has_shared, has_shared_startup, has_shared_shutdown;
	struct lab_machine **machines; /* machine_count of them; each keeps its address */
	size_t machine_count;
	struct lab_domain **domains;
	size_t domain_count;
	struct lab_disk **disks;
	size_t disk_count;
	struct lab_cable **cables;
	size_t cable_count;
	struct strlist warnings; /* for the user, in the form of error_text() */
};

enum { LAB_STRICT = 1 }; /* what would be a warning about lab.conf is an error */

/* *lab is NULL on failure. */
int lab_read(struct lab **lab, const char *folder, unsigned int flags, struct error *err) MUST_USE;
/* The same of text alone, as if it were lab.conf of a folder without other files; name is the lab's. */
int lab_parse(struct lab **lab, const char *text, size_t n, const char *name, unsigned int flags,
	      struct error *err) MUST_USE;
void lab_free(struct lab *lab);

/* NULL when there is none of that name. */
const struct lab_machine *lab_machine_find(const struct lab *lab, const char *name);
/* The same, with -ERR_NOT_FOUND and a suggestion. */
int lab_machine_get(const struct lab *lab, const char *name, const struct lab_machine **m,
		    struct error *err) MUST_USE;

/* The k-th address that is known, of lab.conf and then of the startup script; NULL behind the last. */
const char *lab_address(const struct lab_interface *i, size_t k);

/* Paths below the lab's folder (or "." as given), new strings; NULL without memory. */
char *lab_path(const struct lab *lab, const char *file); /* an absolute file stays what it is */
char *lab_machine_cow(const struct lab *lab, const struct lab_machine *m); /* disks/MACHINE.cow */
char *lab_machine_base(const struct lab *lab, const struct lab_machine *m); /* NULL also without a base */
char *lab_disk_path(const struct lab *lab, const struct lab_disk *d);

/* All of it, for other programs. */
int lab_print_json(const struct lab *lab, FILE *f, struct error *err) MUST_USE;

/* A name that a machine may have: letters, digits, '-', '_'; '-' and '_' not first; not reserved. */
bool lab_machine_name_is_valid(const char *name);

#endif
