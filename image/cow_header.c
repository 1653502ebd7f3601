/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a COW file, in all versions. Facts as in Linux's
 * arch/um/drivers/cow_user.c:
 *
 *     v1  native endian: magic, version, name[256] at 8, mtime32 264, size64 268, sector32 276
 *     v2  big endian: name[4096] at 8, mtime32 4104, size64 4108, sector32 4116
 *     v3  big endian: mtime32 8, size64 12, sector32 20, align32 24, format32 28, name at 32
 *     v3 shifted (64-bit kernels until Dec 2005): mtime 8 (four bytes, and four of
 *         padding), size64 16, sector32 24, align32 28, format32 32, name at 36
 *
 * A header of ours may have a note of the base's contents at 4608, in a sector of
 * its own that nobody else looks at: NOTE_MAGIC, the digest, and the header's
 * size of the disk, so that it does not survive another disk's header.
 *
 * The bitmap follows the header: at once in v1 and v2, at the next multiple of
 * the alignment in v3; the data at the next multiple after the bitmap.
 */
#include "image/cow_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x4f4f4f4du
#define ALIGNMENT 4096u
#define ALIGNMENT_MAX (16u << 20)
#define V1_HEADER 280u
#define V1_NAME 256u
#define V2_HEADER 4120u
#define V3_HEADER 4128u
#define V3_NAME 32u
#define V3_SHIFTED_HEADER 4136u
#define NAME_SIZE 4096u
#define NOTE_OFFSET 4608u
#define NOTE_MAGIC "labpack base 1\n" /* 16 bytes with its NUL */
#define NOTE_SIZE 56u

static uint32_t get32(const unsigned char *p, bool little)
{
	if (little)
		return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	return p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}

static uint64_t get64(const unsigned char *p, bool little)
{
	uint64_t a = get32(p, little), b = get32(p + 4, little);

	return little ? b << 32 | a : a << 32 | b;
}

static void put32(unsigned char *p, uint32_t n)
{
	p[0] = (unsigned char)(n >> 24);
	p[1] = (unsigned char)(n >> 16);
	p[2] = (unsigned char)(n >> 8);
	p[3] = (unsigned char)n;
}

long long cow_read_fully(int fd, void *buf, size_t n, uint64_t offset)
{
	char *to = buf;
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(fd, to + done, n - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (long long)done;
}

bool cow_is_cow(int fd)
{
	unsigned char head[8];
	uint32_t version;
	bool little;

	if (cow_read_fully(fd, head, sizeof(head), 0) != (long long)sizeof(head))
		return false;
	little = get32(head, true) == MAGIC;
	if (!little && get32(head, false) != MAGIC)
		return false;
	version = get32(head + 4, little);
	return version >= 1 && version <= 3;
}

void cow_info_release(struct cow_info *info)
{
	free(info->backing);
	*info = (struct cow_info){ 0 };
}

/* Where a version has its fields. */
struct fields {
	uint32_t header; /* length */
	uint32_t name, name_size, mtime, size, sector, alignment, format;
};

static const struct fields *find_fields(const unsigned char *head, uint32_t version,
					struct cow_info *info)
{
	static const struct fields v1 = { V1_HEADER, 8, V1_NAME, 264, 268, 276, 0, 0 };
	static const struct fields v2 = { V2_HEADER, 8, NAME_SIZE, 4104, 4108, 4116, 0, 0 };
	static const struct fields v3 = { V3_HEADER, 32, NAME_SIZE, 8, 12, 20, 24, 28 };
	static const struct fields shifted = { V3_SHIFTED_HEADER, 36, NAME_SIZE, 8, 16, 24, 28, 32 };

	info->version = version;
	if (version < 3)
		return version == 1 ? &v1 : &v2;
	/* The shifted header has its format, 0, where a name would begin. */
	info->shifted = get32(head + 32, false) == 0;
	return info->shifted ? &shifted : &v3;
}

static int check_numbers(const struct cow_info *info, const char *path, struct error *err)
{
	if (info->sector_size != COW_SECTOR)
		return error_set(err, -ERR_UNSUPPORTED, path, "its sectors have %u bytes, not %u",
				 info->sector_size, COW_SECTOR);
	if (info->alignment < 1 || info->alignment > ALIGNMENT_MAX)
		return error_set(err, -ERR_LIMIT, path,
				 "its header has an alignment of %u bytes (from 1 to %u)",
				 info->alignment, ALIGNMENT_MAX);
	if (info->size < 1 || info->size > INT64_MAX / 2)
		return error_set(err, -ERR_LIMIT, path, "its header has a disk of %llu bytes",
				 (unsigned long long)info->size);
	return 0;
}

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* Where bitmap and data are; the numbers are checked, so nothing overflows. */
static void place(struct cow_info *info, uint32_t header)
{
	uint64_t sectors = (info->size + COW_SECTOR - 1) / COW_SECTOR;

	if (info->version < 3) {
		/* These versions forget the bits of the last one to seven sectors. */
		info->bitmap_offset = header;
		info->bitmap_size = (info->size + COW_SECTOR - 1) / (8 * COW_SECTOR);
		info->data_offset = round_up(header + info->bitmap_size, COW_SECTOR);
	} else {
		info->bitmap_offset = round_up(header, info->alignment);
		info->bitmap_size = (sectors + 7) / 8;
		info->data_offset =
			round_up(info->bitmap_offset + info->bitmap_size, info->alignment);
	}
}

static int not_a_cow(const char *path, struct error *err)
{
	return error_set(err, -ERR_FORMAT, path, "is not a COW disk");
}

static int read_name(const unsigned char *name, uint32_t size, const char *path,
		     struct cow_info *info, struct error *err)
{
	size_t n = strnlen((const char *)name, size);

	if (n == size)
		return error_set(err, -ERR_FORMAT, path,
				 "the backing file's name in its header has no end");
	if (n == 0)
		return error_set(err, -ERR_FORMAT, path, "its header names no backing file");
	info->backing = strndup((const char *)name, n);
	return info->backing ? 0 : error_nomem(err);
}

static int parse(const unsigned char *head, size_t n, const char *path, struct cow_info *info,
		 struct error *err)
{
	bool little = n >= 8 && get32(head, true) == MAGIC;
	const struct fields *f;
	uint32_t version;
	int rc;

	if (n < 8 || (!little && get32(head, false) != MAGIC))
		return not_a_cow(path, err);
	version = get32(head + 4, little);
	/* Only the first version was ever written in the host's order. */
	if (version < 1 || version > 3 || (little && version != 1))
		return error_set(err, -ERR_UNSUPPORTED, path, "is a COW disk of version %u",
				 version);
	if (n < (version == 1 ? V1_HEADER : version == 2 ? V2_HEADER : V3_HEADER))
		return error_set(err, -ERR_FORMAT, path, "its header is cut short");
	f = find_fields(head, version, info);
	if (n < f->header)
		return error_set(err, -ERR_FORMAT, path, "its header is cut short");
	info->mtime = get32(head + f->mtime, little);
	/* A big-endian host wrote its four bytes into the other half. */
	if (info->shifted && info->mtime == 0)
		info->mtime = get32(head + f->mtime + 4, false);
	info->size = get64(head + f->size, little);
	info->sector_size = get32(head + f->sector, little);
	info->alignment = f->alignment ? get32(head + f->alignment, false) : info->sector_size;
	if (f->format && get32(head + f->format, false) != 0)
		return error_set(err, -ERR_UNSUPPORTED, path, "its format %u is not known",
				 get32(head + f->format, false));
	rc = check_numbers(info, path, err);
	if (rc)
		return rc;
	place(info, f->header);
	return read_name(head + f->name, f->name_size, path, info, err);
}

static void read_note(int fd, struct cow_info *info)
{
	unsigned char note[NOTE_SIZE];

	if (info->bitmap_offset < NOTE_OFFSET + COW_SECTOR ||
	    cow_read_fully(fd, note, sizeof(note), NOTE_OFFSET) != (long long)sizeof(note) ||
	    memcmp(note, NOTE_MAGIC, sizeof(NOTE_MAGIC)) != 0 ||
	    get64(note + 48, false) != info->size)
		return;
	info->has_digest = true;
	memcpy(info->digest, note + 16, sizeof(info->digest));
}

int cow_header_read(int fd, const char *path, struct cow_info *info, struct error *err)
{
	unsigned char head[COW_HEADER_MAX];
	struct stat st;
	long long n;
	int rc;

	*info = (struct cow_info){ 0 };
	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, path, "cannot look at it");
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, path, "is not a regular file");
	n = cow_read_fully(fd, head, sizeof(head), 0);
	if (n < 0)
		return error_errno(err, (int)-n, path, "cannot be read");
	rc = parse(head, (size_t)n, path, info, err);
	if (!rc && info->bitmap_offset + info->bitmap_size > (uint64_t)st.st_size) {
		rc = error_set(err, -ERR_FORMAT, path,
			       "its bitmap goes beyond the end of the file");
		error_hint(err, "the header asks for %llu bytes of bitmap at %llu, the file has "
				"%lld bytes",
			   (unsigned long long)info->bitmap_size,
			   (unsigned long long)info->bitmap_offset, (long long)st.st_size);
	}
	if (!rc)
		read_note(fd, info);
	return rc;
}

int cow_set_digest(int fd, const char *path, const unsigned char digest[32], struct error *err)
{
	unsigned char note[COW_SECTOR] = NOTE_MAGIC;
	struct cow_info info;
	int rc = cow_header_read(fd, path, &info, err);

	if (rc)
		return rc;
	if (info.bitmap_offset < NOTE_OFFSET + COW_SECTOR)
		rc = error_set(err, -ERR_UNSUPPORTED, path,
			       "its header has no room for a digest of the backing file");
	memcpy(note + 16, digest, 32);
	put32(note + 48, (uint32_t)(info.size >> 32));
	put32(note + 52, (uint32_t)info.size);
	cow_info_release(&info);
	if (!rc)
		rc = write_fully(fd, note, sizeof(note), NOTE_OFFSET);
	return rc < 0 && rc > -ERR_FORMAT ? error_errno(err, -rc, path, "cannot be written") : rc;
}

/* A header of version 3 with the alignment that info has. */
static int make_head(unsigned char head[V3_HEADER], const char *path, struct cow_info *info,
		     struct error *err)
{
	size_t n = strlen(info->backing);
	int rc;

	if (n > COW_PATH_MAX)
		return error_set(err, -ENAMETOOLONG, path,
				 "its backing file's name has more than %d bytes", COW_PATH_MAX);
	if (n == 0)
		return error_set(err, -EINVAL, path, "its backing file's name is empty");
	if (info->mtime < 0 || info->mtime > UINT32_MAX)
		return error_set(err, -ERR_LIMIT, info->backing,
				 "its modification time does not fit a COW header");
	info->version = 3;
	info->shifted = false;
	info->sector_size = COW_SECTOR;
	rc = check_numbers(info, path, err);
	if (rc)
		return rc;
	place(info, V3_HEADER);
	memset(head, 0, V3_HEADER);
	put32(head, MAGIC);
	put32(head + 4, 3);
	put32(head + 8, (uint32_t)info->mtime);
	put32(head + 12, (uint32_t)(info->size >> 32));
	put32(head + 16, (uint32_t)info->size);
	put32(head + 20, COW_SECTOR);
	put32(head + 24, info->alignment);
	memcpy(head + V3_NAME, info->backing, n);
	return 0;
}

int cow_header_write(int fd, const char *path, struct cow_info *info, struct error *err)
{
	unsigned char head[V3_HEADER];
	int rc;

	info->alignment = ALIGNMENT;
	rc = make_head(head, path, info, err);
	if (rc)
		return rc;
	rc = write_fully(fd, head, sizeof(head), 0);
	if (!rc && ftruncate(fd, (off_t)(info->data_offset + info->size)) != 0)
		rc = -errno;
	return rc ? error_errno(err, -rc, path, "cannot be written") : 0;
}

bool cow_header_patches(const struct cow_info *info, const char *backing)
{
	return info->version == 3 && !info->shifted &&
	       strlen(info->backing) < COW_SECTOR - V3_NAME &&
	       strlen(backing) < COW_SECTOR - V3_NAME;
}

int cow_header_patch(int fd, const char *path, struct cow_info *info, struct error *err)
{
	unsigned char head[V3_HEADER];
	int rc = make_head(head, path, info, err);

	if (rc)
		return rc;
	rc = write_fully(fd, head, COW_SECTOR, 0);
	if (!rc && fsync(fd) != 0)
		rc = -errno;
	return rc ? error_errno(err, -rc, path, "its header cannot be written") : 0;
}

int cow_base_open(const char *base, int *fd, uint64_t *size, int64_t *mtime, struct error *err)
{
	struct stat st;
	int rc = 0;

	*fd = open(base, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return error_errno(err, errno, base, "the backing file cannot be opened");
	if (fstat(*fd, &st) < 0)
		rc = error_errno(err, errno, base, "cannot look at it");
	else if (!S_ISREG(st.st_mode))
		rc = error_set(err, -EINVAL, base, "the backing file is not a regular file");
	if (rc) {
		close(*fd);
		*fd = -1;
		return rc;
	}
	*size = (uint64_t)st.st_size;
	*mtime = st.st_mtime;
	return 0;
}

int cow_create(int fd, const char *base, const char *recorded, struct error *err)
{
	struct cow_info info = { 0 };
	int rc, base_fd;

	rc = cow_base_open(base, &base_fd, &info.size, &info.mtime, err);
	if (rc)
		return rc;
	info.backing = recorded ? strdup(recorded) : realpath(base, NULL);
	if (!info.backing)
		rc = error_errno(err, errno, base, "its real path cannot be found");
	else if (cow_is_cow(base_fd))
		rc = error_set(err, -ERR_UNSUPPORTED, base,
			       "is a COW disk itself and cannot be a backing file");
	else
		rc = cow_header_write(fd, NULL, &info, err); /* whose name only the caller knows */
	cow_info_release(&info);
	close(base_fd);
	return rc;
}
