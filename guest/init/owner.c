/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files whose owner a scriptlet has made by now: they get it, as rpm would have given it. */
#include <ctype.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/number.h"
#include "guest/init/init.h"

/* The number of a name in a file as of passwd(5) or group(5). */
static bool look_up(const char *file, const char *name, uint32_t *id)
{
	FILE *f = fopen(file, "re");
	char *line = NULL;
	size_t size = 0, n = strlen(name);
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0) {
		char *number = strncmp(line, name, n) == 0 && line[n] == ':' ? strchr(line + n + 1, ':')
									       : NULL;
		uint64_t value;

		if (!number)
			continue;
		number++;
		number[strcspn(number, ":\n")] = '\0';
		found = number_parse(number, 0, UINT32_MAX - 1, &value) == 0;
		if (found)
			*id = (uint32_t)value;
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static size_t from_hex(const char *text, uint8_t *out, size_t max)
{
	size_t n = 0;
	unsigned int byte;

	for (; n < max && isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1]); text += 2)
		if (sscanf(text, "%2x", &byte) == 1)
			out[n++] = (uint8_t)byte;
	return n;
}

/* Only what still is root's for want of a name: others have been changed on purpose. */
void owner_settle(const struct owner_job *o)
{
	uint32_t uid = 0, gid = 0;
	uint8_t caps[64];
	struct stat st;
	size_t n;

	if (lstat(o->path, &st) != 0)
		return;
	if (st.st_uid || !look_up("/etc/passwd", o->user, &uid))
		uid = st.st_uid;
	if (st.st_gid || !look_up("/etc/group", o->group, &gid))
		gid = st.st_gid;
	if ((uid == st.st_uid && gid == st.st_gid) || lchown(o->path, uid, gid) != 0)
		return;
	if (S_ISLNK(st.st_mode))
		return;
	/* A change of owner takes these away. */
	chmod(o->path, st.st_mode & 07777);
	n = from_hex(o->capability, caps, sizeof(caps));
	if (n)
		(void)setxattr(o->path, "security.capability", caps, n, 0);
}
