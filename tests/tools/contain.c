/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contain [--no-ptrace] COMMAND [ARGUMENT...]: run it as the usual container runtimes do: no new privileges, and a
 * filter of system calls that refuses what their default profiles refuse an ordinary container, of
 * all that our programs and a guest might be tempted by: mounts, new namespaces, personality.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define REFUSE(number) RETURN(SECCOMP_RET_ERRNO | (number))
#define FORBID(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), REFUSE(EPERM)

#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |  \
	 CLONE_NEWCGROUP)

/* clone3 has its flags in memory, where no filter sees them: without it the C library takes clone. */
static struct sock_filter rules[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
	RETURN(SECCOMP_RET_ALLOW),
	LOAD(nr),
	FORBID(unshare),
	FORBID(setns),
	FORBID(mount),
	FORBID(umount2),
	FORBID(pivot_root),
	FORBID(open_tree),
	FORBID(move_mount),
	FORBID(fsopen),
	FORBID(bpf),
	FORBID(keyctl),
	FORBID(add_key),
	FORBID(userfaultfd),
	FORBID(perf_event_open),
	FORBID(io_uring_setup),
	FORBID(personality),
	FORBID(ptrace),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
	REFUSE(ENOSYS),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
	LOAD(args[0]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1),
	REFUSE(EPERM),
	RETURN(SECCOMP_RET_ALLOW),
};

int main(int argc, char **argv)
{
	const struct sock_fprog program = { sizeof(rules) / sizeof(rules[0]), rules };
	int first = argc > 1 && !strcmp(argv[1], "--no-ptrace") ? 2 : 1;

	if (argc <= first) {
		fputs("usage: contain [--no-ptrace] COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	/* The usual profiles forbid it on kernels before 4.8 only. */
	for (size_t i = 0; first == 1 && i < program.len; i++) {
		if (rules[i].code == (BPF_JMP | BPF_JEQ | BPF_K) && rules[i].k == SYS_ptrace)
			rules[i + 1] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		fprintf(stderr, "contain: cannot set the filter: %s\n", strerror(errno));
		return 125;
	}
	execvp(argv[first], argv + first);
	fprintf(stderr, "contain: cannot run '%s': %s\n", argv[first], strerror(errno));
	return 127;
}
