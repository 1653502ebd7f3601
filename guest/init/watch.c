/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job that sends SIGKILL to init achieves nothing, and one that ends the
 * machine takes everybody's work with it. Neither should pass unnoticed: the
 * kernel asks us about these calls (seccomp's user notification). A kernel that
 * cannot goes without; a halt is then seen by the host.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/reboot.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest/init/init.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define OUR_ARCH AUDIT_ARCH_I386
#endif

#ifdef OUR_ARCH
#define LOAD(field)	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define WHEN(value, skip)   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (skip), 0)
#define ANSWER(what)	    BPF_STMT(BPF_RET | BPF_K, (what))

void watch_install(struct init *in)
{
	struct sock_filter filter[] = {
		LOAD(arch),
		UNLESS(OUR_ARCH, 12),
		LOAD(nr),
		UNLESS(SYS_reboot, 3),
		LOAD(args[1]),
		WHEN(LINUX_REBOOT_MAGIC2C, 8), /* our own */
		ANSWER(SECCOMP_RET_USER_NOTIF),
		WHEN(SYS_kill, 1),
		UNLESS(SYS_tkill, 5),
		LOAD(args[0]),
		UNLESS(1, 3),
		LOAD(args[1]),
		UNLESS(SIGKILL, 1),
		ANSWER(SECCOMP_RET_USER_NOTIF),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	in->listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}
#else
void watch_install(struct init *in)
{
	in->listener = -1;
}
#endif

enum guest_end watch_event(const struct init *in)
{
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp answer = { 0 };

	if (ioctl(in->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
		return GUEST_EXITED;
	answer.id = call.id;
	answer.error = -EPERM;
	/* Who asked may be gone already: that changes nothing about the question. */
	(void)ioctl(in->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	return call.data.nr == SYS_reboot ? GUEST_HALTS : GUEST_KILLS_INIT;
}
