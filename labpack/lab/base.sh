# SPDX-License-Identifier: GPL-2.0-or-later
# --- messages, folders, tools --------------------------------------------------------------------
say() {
	[ -n "$quiet" ] || printf '%s\n' "$*"
}

warn() {
	printf 'lab: %s\n' "$*" >&2
}

die() {
	warn "$@"
	exit 1
}

usage_error() {
	warn "$* (see 'lab help')"
	exit 2
}

# The folder of this file, also when it was started by a symbolic link.
find_lab() {
	self=$0
	while [ -L "$self" ]; do
		target=$(readlink "$self") || break
		case $target in
		/*) self=$target ;;
		*) self=$(dirname "$self")/$target ;;
		esac
	done
	lab=$(CDPATH='' cd "$(dirname "$self")" && pwd -P) || die "'$self': its folder cannot be found"
	caller=$(pwd) || caller=.
	cd "$lab"
	uid=$(id -u)
	# Two copies of a lab are two labs: everything that is shared on a host carries this.
	id=$(printf '%s' "$lab" | cksum)
	id=$(printf '%08x' "${id%% *}")
	# A short name: a socket's may have 107 bytes.
	run=/tmp/lab-$uid-$id
	logs=$lab/run
}

# The folder of sockets, FIFOs and pids: ours, and nobody else's. Fails when another process of ours
# has just moved it away.
make_run() {
	mkdir -p "$logs" || die "'$logs': cannot be made"
	if ! mkdir -m 700 "$run" 2>/dev/null; then
		[ -n "$(find "$run" -prune -type d -user "$uid" ! -perm -020 ! -perm -002 2>/dev/null)" ] || {
			[ -e "$run" ] || [ -L "$run" ] || return 1
			die "'$run': is not a folder of yours (remove it)"
		}
	fi
	owner=$(cat "$run/folder" 2>/dev/null) || owner=
	case $owner in
	"$lab") ;;
	'') printf '%s\n' "$lab" 2>/dev/null >"$run/folder" || return 1 ;;
	*) die "'$run': belongs to the lab in '$owner' (move one of both)" ;;
	esac
}

# In one step, so that who makes it anew at the same time has nothing of the old one.
remove_run() {
	if mkdir -m 700 "$run.$$" 2>/dev/null && mv "$run" "$run.$$/old" 2>/dev/null; then
		rm -rf "${run:?}.$$"
	else
		rm -rf "${run:?}" "${run:?}.$$"
	fi
}

# FILE: as who called us means it.
from_caller() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s\n' "$caller/$1" ;;
	esac
}

# NAME: what travels with the lab goes before what the host has.
tool() {
	if [ -x "$lab/tools/$1" ]; then
		printf '%s\n' "$lab/tools/$1"
	else
		command -v "$1"
	fi
}

need_tool() {
	tool "$1" || die "'$1': not found (install ${2:-uml-utilities})"
}

# SECONDS, with a fraction where the host's sleep knows them.
nap() {
	sleep "$1" 2>/dev/null || sleep 1
}

now() {
	date +%s
}

# NAME [WORD...]: is it one of the words?
is_among() {
	name=$1
	shift
	case " $* " in
	*" $name "*) return 0 ;;
	esac
	return 1
}

# --- locks: a symbolic link to the pid of who holds it -------------------------------------------
# In a process of ours that may outlive us $$ would name who is gone, and its lock would not hold.
me=$$

# In the background: this very process.
be_oneself() {
	# shellcheck disable=SC2016 # its parent is who asks
	me=$(exec sh -c 'echo $PPID')
}

# FILE
try_lock() {
	ln -s "$me" "$1" 2>/dev/null && return 0
	holder=$(readlink "$1" 2>/dev/null) || return 1
	! kill -0 "$holder" 2>/dev/null || return 1
	# Its holder is gone. Of those who see that, one moves it away.
	mkdir "$1.break" 2>/dev/null || return 1
	[ "$(readlink "$1" 2>/dev/null)" != "$holder" ] || rm -f "$1"
	rmdir "$1.break"
	ln -s "$me" "$1" 2>/dev/null
}

# FILE WHAT: wait for it, and say so when it takes long.
lock() {
	tries=0
	until try_lock "$1"; do
		tries=$((tries + 1))
		[ $tries -ne 10 ] || warn "$2 is busy with process ${holder:-unknown}; waiting"
		[ -d "$run" ] || die "the lab was stopped"
		nap 0.1
	done
}

# Make the lab's folder and hold its lock, which goes with the folder when somebody sweeps.
lock_lab() {
	tries=0
	until make_run && try_lock "$run/lock"; do
		tries=$((tries + 1))
		[ $tries -ne 10 ] || warn "the lab is busy with process ${holder:-unknown}; waiting"
		nap 0.1
	done
}

unlock() {
	[ "$(readlink "$1" 2>/dev/null)" != "$me" ] || rm -f "$1"
}
