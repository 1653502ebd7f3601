/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/internal.h"

#include <errno.h>
#include <stdarg.h>

#include <et/com_err.h>

int image_wrap(struct image **image, ext2_filsys fs, int fd, bool writable, uint32_t now,
	       struct error *err)
{
	*image = calloc(1, sizeof(**image));
	if (!*image)
		return error_nomem(err);
	fs->now = image_time(now);
	**image = (struct image){
		.fs = fs, .now = image_time(now), .writable = writable, .fd = fd
	};
	return 0;
}

int fs_code(errcode_t code)
{
	static const struct {
		errcode_t from;
		int to;
	} table[] = {
		{ EXT2_ET_NO_MEMORY, -ENOMEM },
		{ EXT2_ET_BLOCK_ALLOC_FAIL, -ERR_NO_SPACE },
		{ EXT2_ET_INODE_ALLOC_FAIL, -ERR_NO_SPACE },
		{ EXT2_ET_EA_NO_SPACE, -ERR_NO_SPACE },
		{ EXT2_ET_FILE_NOT_FOUND, -ENOENT },
		{ EXT2_ET_NO_DIRECTORY, -ENOTDIR },
		{ EXT2_ET_FILE_EXISTS, -EEXIST },
		{ EXT2_ET_DIR_EXISTS, -EEXIST },
		{ EXT2_ET_SYMLINK_LOOP, -ELOOP },
		{ EXT2_ET_EA_KEY_NOT_FOUND, -ENODATA },
		{ EXT2_ET_FILE_TOO_BIG, -ERR_LIMIT },
		{ EXT2_ET_RO_FILSYS, -EROFS },
	};

	if (code > 0 && code < ERR_FORMAT)
		return -(int)code;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].from == code)
			return table[i].to;
	return code ? -ERR_FS : 0;
}

int fs_error(struct error *err, errcode_t code, const char *subject, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	if (!err)
		return fs_code(code);
	initialize_ext2_error_table();
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	error_set(err, fs_code(code), subject, "%s: %s", text ? text : "filesystem",
		  error_message(code));
	free(text);
	return fs_code(code);
}
