# SPDX-License-Identifier: GPL-2.0-or-later
# What a trace (strace -f -y) of mkroot must not hold. out: the output folder.
# guest: the kernel that may be started, once; then tmp: where its disk may lie. Prints each
# finding; the exit code is 1 when there was one.

function finding(why) {
	print why ": " $0
	bad = 1
}

# The n-th quoted string of the call, made absolute with the folder before it; n = 0: the last one.
function path_of(n, parts, count, path, folder) {
	count = split($0, parts, "\"")
	if (n == 0)
		n = int(count / 2)
	path = parts[2 * n]
	if (path !~ /^\// && match(parts[2 * n - 1], /<[^>]*>/))
		path = substr(parts[2 * n - 1], RSTART + 1, RLENGTH - 2) "/" path
	return path
}

# /proc/self/fd/N is a file that is open already: it was judged when it was opened.
function inside(path) {
	if (tmp != "" && (path == tmp || index(path, tmp "/") == 1))
		return 1
	return path == out || index(path, out "/") == 1 || path ~ /^\/proc\/self\/fd\/[0-9]+$/
}

function creates(path) {
	if (path ~ /\/\.\.(\/|$)/ || !inside(path))
		finding("outside the output folder")
}

# A call that another thread interrupted is judged by its first half; its second half has no arguments.
/ resumed>/ { next }
{ call = $0; sub(/^[0-9]+ +/, "", call); name = call; sub(/\(.*/, "", name) }
name ~ /^(mount|umount2?|chroot|pivot_root|unshare|setns|fsopen|fsmount|move_mount|open_tree)$/ { finding("needs root or a namespace") }
name ~ /^mknod(at)?$/ { finding("makes a device") }
name ~ /^[lf]?chown(at)?(32)?$/ { finding("changes an owner") }
name ~ /^set(uid|gid|reuid|regid|resuid|resgid|groups|fsuid|fsgid)(32)?$/ { finding("changes its user") }
# The child's own calls are not in the trace: it is the kernel's, and starting it is all that is allowed.
name ~ /^clone3?$/ && guest != "" && !/CLONE_THREAD/ && !/CLONE_NEW/ && ++guests == 1 { next }
name ~ /^execve(at)?$/ && ++execs > 1 { finding("starts a program") }
name ~ /^v?fork$/ { finding("starts a process") }
name ~ /^clone3?$/ && /CLONE_NEW/ { finding("needs a namespace") }
name ~ /^clone3?$/ && !/CLONE_THREAD/ { finding("starts a process") }
# Whether a guest's memory could lie there is tried by a file that has no name.
name == "openat" && guest != "" && /O_TMPFILE/ && path_of(1) == "/dev/shm" { next }
name ~ /^(open|openat|openat2|creat)$/ && (/O_CREAT|O_TMPFILE/ || name == "creat") { creates(path_of(1)); next }
name ~ /^(open|openat|openat2)$/ && /O_WRONLY|O_RDWR/ && path_of(1) !~ /^\/dev\/(null|tty)$/ { creates(path_of(1)) }
name ~ /^mkdir(at)?$/ { creates(path_of(1)) }
name ~ /^(link|linkat|symlink|symlinkat|rename|renameat|renameat2)$/ { creates(path_of(0)) }
END {
	if (guest != "" && guests != 1) {
		print "the trace does not show the start of the guest"
		bad = 1
	}
	if (execs < 1) {
		print "the trace does not show the program's own start"
		bad = 1
	}
	exit bad
}
