/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * badhttp FOLDER PORTFILE: serve a folder over HTTP and misbehave as the URL says
 * (tests/http/server.h). The port goes into PORTFILE once the server listens.
 * Ends on SIGTERM, or when whoever started it is gone.
 */
#include <sys/prctl.h>

#include "tests/http/server.h"

int main(int argc, char **argv)
{
	struct http_server *s;
	FILE *f;

	if (argc != 3) {
		fprintf(stderr, "usage: badhttp FOLDER PORTFILE\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	s = http_start(argv[1]);
	f = s ? fopen(argv[2], "w") : NULL;
	if (!f || fprintf(f, "%d\n", s->port) < 0 || fclose(f)) {
		perror("badhttp");
		return 1;
	}
	for (;;)
		pause();
}
