/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold FILE COMMAND...: run it while FILE is locked as UML locks a disk that it writes. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = argc > 2 ? open(argv[1], O_RDWR) : -1;

	/* Of the descriptor, that the command inherits. */
	if (fd < 0 || fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		perror("hold");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror("hold");
	return 127;
}
