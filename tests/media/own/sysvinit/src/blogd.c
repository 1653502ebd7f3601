/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blogd DEVICE: keeps what boot scripts write to the console. /dev/console is led into a
 * pseudo terminal; what comes out goes on to DEVICE and, on SIGQUIT, into /var/log/boot.msg.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { KEEP = 128 * 1024 };

static char kept[KEEP];
static size_t used;
static volatile sig_atomic_t ending;

static void on_signal(int number)
{
	(void)number;
	ending = 1;
}

static void write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, data, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		data += done;
		size -= (size_t)done;
	}
}

/* What comes through the pseudo terminal: 0, or -1 when there is nothing now. */
static int pass_on(int master, int device)
{
	char data[4096];
	ssize_t size = read(master, data, sizeof(data));

	if (size <= 0)
		return -1;
	write_all(device, data, (size_t)size);
	for (ssize_t i = 0; i < size && used < KEEP; i++)
		if (data[i] != '\r')
			kept[used++] = data[i];
	return 0;
}

static void save(void)
{
	int fd = open("/var/log/boot.msg", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0)
		return;
	write_all(fd, kept, used);
	close(fd);
}

static int open_terminal(int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios mode;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return -1;
	*slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0)
		return -1;
	if (tcgetattr(*slave, &mode) == 0) {
		mode.c_lflag &= (tcflag_t)~ECHO;
		tcsetattr(*slave, TCSANOW, &mode);
	}
	return master;
}

static void give_console_back(void)
{
	int fd = open("/dev/tty0", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	ioctl(fd, TIOCCONS, 0);
	close(fd);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct pollfd ready = { .events = POLLIN };
	int device, slave, master;

	if (argc != 2) {
		fputs("usage: blogd DEVICE\n", stderr);
		return 2;
	}
	device = open(argv[1], O_WRONLY | O_NOCTTY | O_CLOEXEC);
	master = open_terminal(&slave);
	if (device < 0 || master < 0 || ioctl(slave, TIOCCONS, 0) < 0) {
		perror("blogd");
		return 1;
	}
	switch (fork()) {
	case -1:
		perror("blogd");
		give_console_back();
		return 1;
	case 0:
		break;
	default:
		return 0;
	}
	setsid();
	sigaction(SIGQUIT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	ready.fd = master;
	while (!ending)
		if (poll(&ready, 1, -1) > 0 && pass_on(master, device) < 0 && errno != EAGAIN)
			break;
	give_console_back();
	while (pass_on(master, device) == 0)
		;
	save();
	return 0;
}
