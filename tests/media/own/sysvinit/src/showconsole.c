/* SPDX-License-Identifier: GPL-2.0-or-later */
/* showconsole: prints the device behind /dev/console. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef TIOCGDEV
#define TIOCGDEV 0x80045432u
#endif

int main(void)
{
	unsigned int number;
	char line[256];
	char path[64];
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK);
	FILE *file;

	if (fd < 0 || ioctl(fd, TIOCGDEV, &number) < 0) {
		perror("showconsole: /dev/console");
		return 1;
	}
	close(fd);
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/uevent", major(number), minor(number));
	file = fopen(path, "re");
	if (!file) {
		perror(path);
		return 1;
	}
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "DEVNAME=", 8) == 0) {
			printf("/dev/%s", line + 8);
			fclose(file);
			return 0;
		}
	}
	fclose(file);
	fputs("showconsole: the console has no name\n", stderr);
	return 1;
}
