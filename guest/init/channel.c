/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "guest/init/init.h"

int channel_open(void)
{
	struct termios t;
	int fd;

	mknod("/channel", S_IFCHR | 0600, makedev(4, 64));
	fd = open("/channel", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && tcgetattr(fd, &t) == 0) {
		cfmakeraw(&t);
		tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

void tell_bytes(const struct init *in, const void *data, size_t n)
{
	const char *at = data;

	while (n) {
		ssize_t done = write(in->channel, at, n);

		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return; /* nobody is there to be told */
		if (done > 0) {
			at += done;
			n -= (size_t)done;
		}
	}
}

void tell(const struct init *in, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(line) - 1)
		n = sizeof(line) - 2;
	for (int i = 0; i < n; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	line[n] = '\n';
	tell_bytes(in, line, (size_t)n + 1);
}

/* With the one magic number that watch.c lets through. */
void power_off(void)
{
	sync();
	for (;;) {
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2C,
			LINUX_REBOOT_CMD_POWER_OFF, NULL);
		sleep(1);
	}
}

void die(const struct init *in, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tell(in, "error %s", text);
	tcdrain(in->channel);
	power_off();
}
