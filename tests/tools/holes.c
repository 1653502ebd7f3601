/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holes FILE...: where the filesystem has data of each, as SEEK_DATA tells it: "FILE START END". */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		off_t at = 0, end;

		if (fd < 0) {
			perror(argv[i]);
			return 1;
		}
		while ((at = lseek(fd, at, SEEK_DATA)) >= 0 && (end = lseek(fd, at, SEEK_HOLE)) > at) {
			printf("%s %lld %lld\n", argv[i], (long long)at, (long long)end);
			at = end;
		}
		close(fd);
	}
	return 0;
}
