/* SPDX-License-Identifier: GPL-2.0-or-later */
/* COW disks as files: locks, names, modes. */
#include "tests/unit/cow_bench.h"

/* Another process locks the file as UML does, and holds the lock until it is told to go. */
static pid_t guest(const char *path, bool exclusive, int *end)
{
	int ready[2], stop[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready) | pipe(stop), 0);
	pid = fork();
	if (pid == 0) {
		struct flock lock = { .l_type = exclusive ? F_WRLCK : F_RDLCK };
		int fd = open(path, exclusive ? O_RDWR : O_RDONLY);

		close(stop[1]);
		byte = fcntl(fd, F_SETLK, &lock) == 0 ? 'y' : 'n';
		if (write(ready[1], &byte, 1) == 1 && read(stop[0], &byte, 1) == 0)
			_exit(0);
		_exit(1);
	}
	close(ready[1]);
	close(stop[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*end = stop[1];
	return byte == 'y' ? pid : -pid;
}

static void end_guest(pid_t pid, int end)
{
	close(end);
	waitpid(pid < 0 ? -pid : pid, NULL, 0);
}

static void test_locks(void **state)
{
	struct bench b;
	struct cow *cow;
	bool busy;
	int end, pid, found;

	bench_init(&b, FOUR_K, "4M");
	bench_create(&b);
	/* A guest on the COW. */
	pid = guest(b.cow, true, &end);
	assert_true(pid > 0);
	assert_fails(cow_open(&cow, b.cow, NULL, 0, &err), -EBUSY);
	assert_fails(cow_open(&cow, b.cow, NULL, COW_WRITE, &err), -EBUSY);
	assert_fails(cow_merge_in_place(b.cow, NULL, &err), -EBUSY);
	assert_fails(cow_relink(b.cow, b.base, NULL, &err), -EBUSY);
	assert_ok(disk_in_use(b.cow, false, &busy, &found, &err));
	assert_true(busy);
	assert_int_equal(found, pid);
	assert_ok(cow_open(&cow, b.cow, NULL, COW_NO_LOCK, &err));
	assert_ok(cow_close(cow, &err));
	end_guest(pid, end);
	assert_ok(disk_in_use(b.cow, true, &busy, &found, &err));
	assert_false(busy);
	/* A guest on another COW of the same base. */
	pid = guest(b.base, false, &end);
	assert_true(pid > 0);
	assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
	assert_ok(cow_close(cow, &err));
	assert_fails(cow_merge_in_place(b.cow, NULL, &err), -EBUSY);
	end_guest(pid, end);
	/* While it is open here, no guest comes; for reading, other readers do. */
	assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
	pid = guest(b.cow, true, &end);
	assert_true(pid < 0);
	end_guest(pid, end);
	pid = guest(b.cow, false, &end);
	assert_true(pid > 0);
	end_guest(pid, end);
	assert_ok(cow_close(cow, &err));
	assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
	pid = guest(b.cow, false, &end);
	assert_true(pid < 0);
	end_guest(pid, end);
	cow_abandon(cow);
	pid = guest(b.cow, true, &end);
	assert_true(pid > 0);
	end_guest(pid, end);
	bench_release(&b);
}

/* Mode, link and name stay when a COW is written; another name of the base is refused. */
static void test_files(void **state)
{
	struct bench b;
	struct cow *cow;
	struct stat st;
	char link[200];

	bench_init(&b, FOUR_K, "4M");
	bench_create(&b);
	snprintf(link, sizeof(link), "%s/link", b.dir);
	assert_int_equal(chmod(b.cow, 0640), 0);
	assert_int_equal(symlink("disk.cow", link), 0);
	assert_ok(cow_open(&cow, link, NULL, COW_WRITE, &err));
	assert_ok(cow_pwrite(cow, 1000, "x", 1, &err));
	assert_ok(cow_close(cow, &err));
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(b.cow, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	/* Abandoned: nothing happened. */
	assert_ok(cow_open(&cow, b.cow, NULL, COW_WRITE, &err));
	assert_ok(cow_zero(cow, 0, 1 << 20, &err));
	cow_abandon(cow);
	assert_ok(cow_open(&cow, b.cow, NULL, 0, &err));
	assert_ok(cow_pread(cow, 1000, link, 1, &err));
	assert_int_equal(link[0], 'x');
	assert_ok(cow_close(cow, &err));
	snprintf(link, sizeof(link), "%s/hard", b.dir);
	assert_int_equal(linkat(AT_FDCWD, b.base, AT_FDCWD, link, 0), 0);
	assert_fails(cow_merge_in_place(b.cow, NULL, &err), -ERR_UNSUPPORTED);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(chmod(b.base, 0604), 0);
	assert_ok(cow_merge_in_place(b.cow, NULL, &err));
	assert_int_equal(stat(b.base, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(stat(b.cow, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	/* A base that changed since then. */
	assert_int_equal(judge_run(&b.out, "touch -d @1 '%s'", b.base), 0);
	assert_fails(cow_open(&cow, b.cow, NULL, 0, &err), -ERR_CONFLICT);
	bench_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
