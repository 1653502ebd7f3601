#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the scriptlets of the installed packages once, in the guest's first boot, in the order in
# which rpm would have run them, and then takes itself away. Made by mkroot.

dir=/usr/lib/mkroot/firstboot
log=/var/log/mkroot-firstboot.log
limit=300 # seconds that one scriptlet may take: a boot must not hang
tab='	'

# COMMAND...: run it with descriptor 3 as its input, for so long and no longer.
limited() {
	if [ -n "$have_timeout" ]; then
		timeout -k 10 "$limit" "$@" <&3 3<&-
		return
	fi
	"$@" <&3 3<&- &
	pid=$!
	(
		sleep "$limit"
		kill -9 "$pid"
	) >/dev/null 2>&1 3<&- &
	guard=$!
	wait "$pid"
	status=$?
	kill "$guard" 2>/dev/null
	return "$status"
}

# Run the scriptlet that main has read, or say why not.
one() {
	echo "--- $package $kind ($interpreter)"
	[ "$args" != - ] || args=
	input=/dev/null
	[ ! -e "$dir/$file.in" ] || input=$dir/$file.in
	# shellcheck disable=SC2086 # words are wanted: a program and its arguments
	set -- $interpreter
	if [ "$1" = "<lua>" ]; then
		luaargs="'<lua>'"
		for arg in $args; do
			luaargs="$luaargs, '$arg'"
		done
		set -- rpm --eval "%{lua: _G.arg = { $luaargs } dofile('$dir/$file')}"
	elif [ "$body" = yes ]; then
		# shellcheck disable=SC2086
		set -- "$@" "$dir/$file" $args
	fi
	if ! command -v "$1" >/dev/null 2>&1; then
		echo "--- skipped: the system has no $1"
		skipped=$((skipped + 1))
		return
	fi
	limited "$@" 3<"$input"
	status=$?
	case $status in
	0) echo "--- exit 0" ;;
	124 | 137) echo "--- exit $status: stopped after $limit seconds" ;;
	*) echo "--- exit $status" ;;
	esac
	[ "$status" -eq 0 ] || failed=$((failed + 1))
	count=$((count + 1))
}

# Take the hook out of the boot, so that the second one is like any other.
unhook() {
	rm -f /etc/systemd/system/sysinit.target.wants/mkroot-firstboot.service \
		/etc/systemd/system/mkroot-firstboot.service
	[ -e /etc/inittab ] || return 0
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		mk:*:"$dir/run") ;;
		*) printf '%s\n' "$line" || return 1 ;;
		esac
	done </etc/inittab >"$dir/inittab" && cat "$dir/inittab" >/etc/inittab
}

main() {
	PATH=/sbin:/bin:/usr/sbin:/usr/bin
	# systemd is busy starting the system: no jobs from scriptlets, they would wait for it.
	SYSTEMD_OFFLINE=1
	export PATH SYSTEMD_OFFLINE
	umask 022
	cd / || exit 1
	mkdir -p /var/log
	if ! (: >>"$log") 2>/dev/null; then
		echo "mkroot: '$log' cannot be written; the scriptlets wait for the next boot"
		exit 1
	fi
	have_timeout=
	if timeout -k 1 9 sh -c : >/dev/null 2>&1; then
		have_timeout=yes
	fi
	what="the scriptlets of the packages run"
	[ -s "$dir/queue" ] || what="what waited for the first boot runs"
	echo "mkroot: $what now, this once; they write to $log"
	count=0 failed=0 skipped=0
	set -f
	while IFS=$tab read -r file package kind body args interpreter; do
		# What is gone has run: the power may have failed in the midst.
		[ -e "$dir/$file" ] || continue
		one >>"$log" 2>&1
		rm -f "$dir/$file" "$dir/$file.in"
	done <"$dir/queue"
	set +f
	for file in "$dir"/after/*; do
		[ ! -e "$file" ] || sh "$file" </dev/null >>"$log" 2>&1
	done
	summary="$count run, $failed failed, $skipped skipped"
	echo "=== $summary" >>"$log"
	echo "mkroot: scriptlets: $summary"
	if unhook; then
		rm -rf "${dir:?}"
		rmdir "${dir%/*}" 2>/dev/null
	fi
	sync
	exit 0
}

# All is read before anything runs: the last step removes this file.
main
