/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * labpack sniff: one more port of a uml_switch, and what comes out of it as a
 * pcap file. `lab sniff` calls it. No root, no tap device.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/number.h"
#include "labpack/command.h"

#define SWITCH_MAGIC 0xfeedfaceu
#define SWITCH_VERSION 3u
#define FRAME_MAX 65535u

struct sniff {
	struct strlist operands; /* the socket */
	uint64_t count;		 /* packets; 0: no end */
};

/* What a port says to uml_switch on its control socket; the answer is the address of its data socket. */
struct switch_request {
	uint32_t magic, version, type;
	struct sockaddr_un data;
};

struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	int32_t zone;
	uint32_t figures, snap, link;
};

struct pcap_packet {
	uint32_t seconds, microseconds, captured, length;
};

/* One write each, so that a file that is cut off ends between packets. */
static int put(const void *bytes, size_t n, struct error *err)
{
	ssize_t done = write(STDOUT_FILENO, bytes, n);

	if (done == (ssize_t)n)
		return 0;
	return done < 0 ? error_errno(err, errno, "stdout", "cannot write") :
			  error_set(err, -ENOSPC, "stdout", "cannot write all of a packet");
}

static int put_header(struct error *err)
{
	static const struct pcap_header header = { 0xa1b2c3d4, 2, 4, 0, 0, FRAME_MAX, 1 };

	return put(&header, sizeof(header), err);
}

static int put_packet(const uint8_t *frame, size_t n, uint8_t *buf, struct error *err)
{
	struct timespec t;
	struct pcap_packet p = { .captured = (uint32_t)n, .length = (uint32_t)n };

	clock_gettime(CLOCK_REALTIME, &t);
	p.seconds = (uint32_t)t.tv_sec;
	p.microseconds = (uint32_t)(t.tv_nsec / 1000);
	memcpy(buf, &p, sizeof(p));
	memcpy(buf + sizeof(p), frame, n);
	return put(buf, sizeof(p) + n, err);
}

/* The switch sends to the whole address, NULs and all: so it is bound. */
static int open_data(int *fd, struct sockaddr_un *address, struct error *err)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "labpack-sniff-%ld",
		 (long)getpid());
	*fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || bind(*fd, (struct sockaddr *)address, sizeof(*address)) != 0)
		return error_errno(err, errno, NULL, "cannot make a socket");
	return 0;
}

static int plug_in(const char *path, int *control, int *data, struct error *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct switch_request request = { SWITCH_MAGIC, SWITCH_VERSION, 0, { .sun_family = 0 } };
	struct sockaddr_un answer;
	size_t n = strlen(path);
	int rc;

	if (n >= sizeof(to.sun_path))
		return error_set(err, -ENAMETOOLONG, path, "is too long for a socket");
	memcpy(to.sun_path, path, n);
	rc = open_data(data, &request.data, err);
	if (rc)
		return rc;
	*control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*control < 0 || connect(*control, (struct sockaddr *)&to, sizeof(to)) != 0) {
		error_errno(err, errno, path, "no switch answers there");
		return error_hint(err, "the control socket of a uml_switch is wanted");
	}
	if (write(*control, &request, sizeof(request)) != (ssize_t)sizeof(request))
		return error_errno(err, errno, path, "the switch does not listen");
	/* A switch that cannot answer ends: not before it did may anything go wrong here. */
	if (recv(*control, &answer, sizeof(answer), MSG_WAITALL) != (ssize_t)sizeof(answer))
		return error_set(err, -ERR_FORMAT, path, "the switch does not answer");
	return 0;
}

/* Until the switch ends, or there are enough of them. */
static int listen_to(const struct sniff *o, int control, int data, struct error *err)
{
	struct pollfd fds[] = { { .fd = data, .events = POLLIN }, { .fd = control, .events = POLLIN } };
	uint8_t *frame = malloc(2 * FRAME_MAX + sizeof(struct pcap_packet));
	uint64_t seen = 0;
	int rc = frame ? 0 : error_nomem(err);

	while (!rc && (!o->count || seen < o->count)) {
		char more[64];

		if (poll(fds, 2, -1) < 0) {
			rc = error_errno(err, errno, NULL, "cannot wait for packets");
		} else if (fds[0].revents & POLLIN) {
			ssize_t n = recv(data, frame, FRAME_MAX, 0);

			if (n > 0)
				rc = put_packet(frame, (size_t)n, frame + FRAME_MAX, err);
			seen += n > 0;
		} else if (read(control, more, sizeof(more)) <= 0) {
			break;
		}
	}
	free(frame);
	return rc;
}

static const struct option_entry options[] = {
	{ "count", 'c', "N", "end after so many packets",
	  OPTION(struct sniff, count, option_store_number), .min = 1, .max = UINT32_MAX },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ "Options", options },
	{ NULL, NULL },
};

static int run(int argc, char **argv, bool *differs, struct error *err)
{
	struct sniff o = { .count = 0 };
	int control = -1, data = -1;
	int rc = option_read(groups, &o, argc, argv, command_operand, err);

	if (!rc && o.operands.count != 1)
		rc = command_usage(&command_sniff, err);
	if (!rc && isatty(STDOUT_FILENO)) {
		error_set(err, -ERR_USAGE, "stdout", "is a terminal");
		rc = error_hint(err, "pcap is for a file, or for 'tcpdump -r -'");
	}
	if (!rc)
		rc = put_header(err);
	if (!rc)
		rc = plug_in(o.operands.items[0], &control, &data, err);
	if (!rc)
		rc = listen_to(&o, control, data, err);
	if (control >= 0)
		close(control);
	if (data >= 0)
		close(data);
	strlist_release(&o.operands);
	return rc;
}

const struct command command_sniff = {
	.name = "sniff",
	.synopsis = "SOCKET",
	.summary = "write the packets of a uml_switch to stdout, as pcap",
	.options = groups,
	.operands = OPERANDS_FILES,
	.run = run,
};
