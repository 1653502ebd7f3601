/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/iso.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/output.h"

#define SECTOR	       2048u
#define VOLUME_AT      16u /* sectors */
#define END_AT	       17u
#define PATH_LITTLE_AT 18u
#define PATH_BIG_AT    19u
#define FOLDER_AT      20u
#define FOLDER_SECTORS 32u
#define DATA_AT	       (FOLDER_AT + FOLDER_SECTORS)
/* A file longer than an extent can be has several records. */
#define EXTENT_MAX     0xfffff800u
#define PATH_TABLE_SIZE 10u
#define FLAG_FOLDER 2u
#define FLAG_MORE   0x80u

static void put_both32(unsigned char *p, uint32_t n)
{
	for (int i = 0; i < 4; i++) {
		p[i] = (unsigned char)(n >> 8 * i);
		p[7 - i] = (unsigned char)(n >> 8 * i);
	}
}

static void put_both16(unsigned char *p, unsigned int n)
{
	p[0] = p[3] = (unsigned char)n;
	p[1] = p[2] = (unsigned char)(n >> 8);
}

static void put_text(unsigned char *p, size_t n, const char *text)
{
	size_t k = strlen(text);

	memset(p, ' ', n);
	memcpy(p, text, k < n ? k : n);
}

static struct tm utc(int64_t mtime)
{
	time_t t = mtime < 0 ? 0 : (time_t)mtime;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year > 255)
		tm = (struct tm){ .tm_year = 255, .tm_mon = 0, .tm_mday = 1 };
	return tm;
}

static void put_time(unsigned char p[7], int64_t mtime)
{
	struct tm tm = utc(mtime);

	p[0] = (unsigned char)tm.tm_year;
	p[1] = (unsigned char)(tm.tm_mon + 1);
	p[2] = (unsigned char)tm.tm_mday;
	p[3] = (unsigned char)tm.tm_hour;
	p[4] = (unsigned char)tm.tm_min;
	p[5] = (unsigned char)tm.tm_sec;
	p[6] = 0;
}

static void put_long_time(unsigned char p[17], int64_t mtime)
{
	struct tm tm = utc(mtime);
	char text[80];

	snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02d00", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	memcpy(p, text, 16);
}

/* Rock Ridge: mode, time and the name as it is. Returns the end. */
static unsigned char *put_rock(unsigned char *p, const char *name, uint32_t mode, int64_t mtime)
{
	size_t n = name ? strlen(name) : 0;

	memcpy(p, "PX\44\1", 4);
	put_both32(p + 4, mode);
	put_both32(p + 12, name ? 1 : 2);
	put_both32(p + 20, 0);
	put_both32(p + 28, 0);
	p += 36;
	memcpy(p, "TF\14\1\2", 5);
	put_time(p + 5, mtime);
	p += 12;
	if (n) {
		memcpy(p, "NM", 2);
		p[2] = (unsigned char)(5 + n);
		p[3] = 1;
		p[4] = 0;
		memcpy(p + 5, name, n);
		p += 5 + n;
	}
	return p;
}

/* A directory record at p; returns its length, which is even. */
static size_t put_record(unsigned char *p, const char *iso_name, size_t name_size, uint32_t sector,
			 uint32_t size, int64_t mtime, unsigned char flags)
{
	put_both32(p + 2, sector);
	put_both32(p + 10, size);
	put_time(p + 18, mtime);
	p[25] = flags;
	put_both16(p + 28, 1);
	p[32] = (unsigned char)name_size;
	memcpy(p + 33, iso_name, name_size);
	return 33 + name_size + !(name_size % 2);
}

/* The folder's own two records; the first one says that Rock Ridge is used. */
static size_t put_dots(unsigned char *folder, int64_t mtime)
{
	size_t at = 0;

	for (int i = 0; i < 2; i++) {
		unsigned char *p = folder + at, *end;
		size_t n = put_record(p, i ? "\1" : "\0", 1, FOLDER_AT, FOLDER_SECTORS * SECTOR,
				      mtime, FLAG_FOLDER);

		end = p + n;
		if (!i) {
			memcpy(end, "SP\7\1\276\357\0", 7);
			end += 7;
		}
		end = put_rock(end, NULL, S_IFDIR | 0555, mtime);
		if (!i) {
			memcpy(end, "ER\22\1\12\0\0\1RRIP_1991A", 18);
			end += 18;
		}
		p[0] = (unsigned char)((end - p + 1) / 2 * 2);
		at += p[0];
	}
	return at;
}

static int by_iso_name(const void *a, const void *b)
{
	const struct iso_file *x = a, *y = b;

	return strcmp(x->iso_name, y->iso_name);
}

static int put_folder(struct iso *iso, unsigned char *folder, int64_t mtime, struct error *err)
{
	size_t at = put_dots(folder, mtime);

	qsort(iso->files, iso->count, sizeof(*iso->files), by_iso_name);
	for (size_t i = 0; i < iso->count; i++) {
		const struct iso_file *f = &iso->files[i];
		uint64_t left = f->size, start = f->start;

		do {
			uint32_t n = left > EXTENT_MAX ? EXTENT_MAX : (uint32_t)left;
			unsigned char record[256] = { 0 }, *end;

			end = record + put_record(record, f->iso_name, strlen(f->iso_name),
						  (uint32_t)(start / SECTOR), n, f->mtime,
						  left > n ? FLAG_MORE : 0);
			end = put_rock(end, f->name, S_IFREG | f->mode, f->mtime);
			record[0] = (unsigned char)((end - record + 1) / 2 * 2);
			/* No record goes over the end of a sector. */
			if (at / SECTOR != (at + record[0] - 1) / SECTOR)
				at = (at / SECTOR + 1) * SECTOR;
			if (at + record[0] > FOLDER_SECTORS * SECTOR)
				return error_set(err, -ERR_LIMIT, iso->path,
						 "is too large for an ISO image");
			memcpy(folder + at, record, record[0]);
			at += record[0];
			left -= n;
			start += n;
		} while (left);
	}
	return 0;
}

static void put_volume(const struct iso *iso, unsigned char *p, const char *volume, int64_t mtime)
{
	memcpy(p, "\1CD001\1", 7);
	put_text(p + 8, 32, "LINUX");
	put_text(p + 40, 32, volume);
	put_both32(p + 80, (uint32_t)(iso->end / SECTOR));
	put_both16(p + 120, 1);
	put_both16(p + 124, 1);
	put_both16(p + 128, SECTOR);
	put_both32(p + 132, PATH_TABLE_SIZE);
	p[140] = PATH_LITTLE_AT;
	p[151] = PATH_BIG_AT;
	put_record(p + 156, "\0", 1, FOLDER_AT, FOLDER_SECTORS * SECTOR, mtime, FLAG_FOLDER);
	p[156] = 34;
	put_text(p + 190, 623, "");
	put_text(p + 446, 128, "LABPACK");
	put_long_time(p + 813, mtime);
	put_long_time(p + 830, mtime);
	memset(p + 847, '0', 16);
	put_long_time(p + 864, mtime);
	p[881] = 1;
}

int iso_begin(struct iso *iso, int fd, const char *path, struct error *err)
{
	*iso = (struct iso){ .fd = fd, .path = path, .end = (uint64_t)DATA_AT * SECTOR };
	if (lseek(fd, (off_t)iso->end, SEEK_SET) < 0)
		return error_errno(err, errno, path, "cannot write");
	return 0;
}

int iso_note(struct iso *iso, const struct iso_file *file, uint64_t bytes, struct error *err)
{
	struct iso_file *f = &iso->files[iso->count];

	if (iso->count == ISO_FILES_MAX)
		return error_set(err, -ERR_LIMIT, iso->path, "has too many files");
	*f = *file;
	f->start = iso->end;
	f->size = bytes;
	iso->count++;
	iso->end = (iso->end + bytes + SECTOR - 1) / SECTOR * SECTOR;
	if (iso->end / SECTOR > UINT32_MAX)
		return error_set(err, -ERR_LIMIT, iso->path, "is too large for an ISO image");
	return 0;
}

static int copy_file(struct iso *iso, const char *source, uint64_t *bytes, struct error *err)
{
	char *buf = malloc(1 << 20);
	int fd = open(source, O_RDONLY | O_CLOEXEC), rc = 0;
	ssize_t n = 1;

	*bytes = 0;
	if (!buf || fd < 0)
		rc = buf ? error_errno(err, errno, source, "cannot be read") : error_nomem(err);
	while (!rc && n > 0) {
		n = read(fd, buf, 1 << 20);
		if (n < 0)
			rc = error_errno(err, errno, source, "cannot be read");
		if (n <= 0)
			break;
		rc = write_fully(iso->fd, buf, (size_t)n, (long long)iso->end + (long long)*bytes);
		if (rc)
			rc = error_errno(err, -rc, iso->path, "cannot write");
		*bytes += (uint64_t)n;
	}
	if (fd >= 0)
		close(fd);
	free(buf);
	return rc;
}

int iso_add(struct iso *iso, const struct iso_file *file, const char *data, size_t n,
	    const char *source, struct error *err)
{
	uint64_t bytes = n;
	int rc = 0;

	if (data) {
		rc = write_fully(iso->fd, data, n, (long long)iso->end);
		if (rc)
			rc = error_errno(err, -rc, iso->path, "cannot write");
	} else {
		rc = copy_file(iso, source, &bytes, err);
	}
	return rc ? rc : iso_note(iso, file, bytes, err);
}

int iso_finish(struct iso *iso, const char *volume, int64_t mtime, struct error *err)
{
	unsigned char *head = calloc(DATA_AT, SECTOR);
	int rc = head ? 0 : error_nomem(err);

	if (!rc)
		rc = put_folder(iso, head + FOLDER_AT * SECTOR, mtime, err);
	if (!rc) {
		unsigned char *little = head + PATH_LITTLE_AT * SECTOR;
		unsigned char *big = head + PATH_BIG_AT * SECTOR;

		put_volume(iso, head + VOLUME_AT * SECTOR, volume, mtime);
		memcpy(head + END_AT * SECTOR, "\377CD001\1", 7);
		/* The root alone: a name of one zero byte, its sector, itself as the parent. */
		little[0] = big[0] = 1;
		little[2] = big[5] = FOLDER_AT;
		little[6] = big[7] = 1;
		rc = write_fully(iso->fd, head, (size_t)DATA_AT * SECTOR, 0);
		if (rc)
			rc = error_errno(err, -rc, iso->path, "cannot write");
	}
	if (!rc && ftruncate(iso->fd, (off_t)iso->end) != 0)
		rc = error_errno(err, errno, iso->path, "cannot write");
	free(head);
	return rc;
}
