# SPDX-License-Identifier: GPL-2.0-or-later
# --- stop, kill, reboot --------------------------------------------------------------------------
# In the background: ask the machine to halt; one that does not hear gets its disks synced and is cut off.
ask_to_halt() {
	# Who runs a command there would keep the line: it is interrupted.
	need_machine "$1"
	holder=$(readlink "$at.lock" 2>/dev/null) || holder=
	[ -z "$holder" ] || ! grep -q exec "/proc/$holder/cmdline" 2>/dev/null || kill -TERM "$holder" 2>/dev/null || :
	watcher='' helper=''
	trap 'kill_quietly "$watcher"; kill_quietly "$helper"; exit 0' TERM
	if session_open "$1" 5; then
		printf 'stopping\n' >"$at.up"
		status=0
		# It may go down before the answer is there.
		session_run "$1" 'poweroff || halt || kill -USR2 1' 2>/dev/null || :
		session_close
		has_refused || return 0
		why="cannot halt itself"
	fi
	warn "'$1': $why; its disks are synced and it is switched off"
	switch_off
}

# $status of a command that ends the system: by a signal it ends because it worked.
has_refused() {
	[ "$status" -gt 0 ] && [ "$status" -lt 128 ]
}

switch_off() {
	mconsole 3 go
	mconsole 3 sysrq s
	sleep 1
	mconsole 3 sysrq u
	sleep 1
	mconsole 3 halt
} >/dev/null 2>&1

# Those of $chosen that run: $alive
find_alive() {
	alive=
	for m in $chosen; do
		need_machine "$m"
		! is_alive || alive="$alive $m"
	done
}

wait_for_end() {
	end=$(($(now) + $1))
	while find_alive && [ -n "$alive" ] && [ "$(now)" -lt "$end" ]; do
		nap 0.2
	done
}

# The machines of $chosen, in parallel, within $timeout.
stop_machines() {
	find_alive
	stopped=$alive asking=
	for m in $stopped; do
		( ask_to_halt "$m" ) >/dev/null </dev/null &
		asking="$asking $!"
	done
	wait_for_end "$timeout"
	for m in $alive; do
		warn "'$m': did not halt within $timeout seconds and is switched off"
		need_machine "$m"
		switch_off &
	done
	[ -z "$alive" ] || wait_for_end 8
	# A system that goes down at once has no time for the answer that they wait for.
	for p in $asking; do
		kill_quietly "$p"
	done
	rest=
	for m in $chosen; do
		need_machine "$m"
		kill_processes || rest="$rest $m"
		forget_machine
	done
	for m in $stopped; do
		say "$m: stopped"
	done
	[ -z "$rest" ] || die "processes of$rest cannot be killed"
}

# [-t SECONDS] [MACHINE...]
command_stop() {
	timeout=60
	while getopts t: option; do
		case $option in
		t) timeout=$(number_of "$OPTARG") ;;
		*) usage_error "stop: unknown option" ;;
		esac
	done
	shift $((OPTIND - 1))
	machines_of "$@"
	[ -d "$run" ] || return 0
	lock_lab
	stop_machines
	leave_lab
}

command_restart() {
	command_stop "$@"
	OPTIND=1
	command_start "$@"
}

# MACHINE...: a power cut.
command_kill() {
	[ $# -ge 1 ] || usage_error "kill needs a machine"
	machines_of "$@"
	for m in $chosen; do
		need_machine "$m"
		kill_processes || die "'$m': its processes cannot be killed"
		forget_machine
		say "$m: cut off"
	done
	# Who starts machines right now sweeps when that is done.
	[ ! -d "$run" ] || ! try_lock "$run/lock" || leave_lab
}

# MACHINE...: from inside, or by the three fingers.
command_reboot() {
	[ $# -ge 1 ] || usage_error "reboot needs a machine"
	machines_of "$@"
	timeout=180
	for m in $chosen; do
		need_alive "$m"
		status=1 boot=''
		if session_open "$m" 5; then
			status=0
			session_run "$m" 'reboot || kill -TERM 1' || :
			session_close
		fi
		rm -f "$at.up"
		eval "boot_$m_index=\$boot"
		! has_refused || mconsole 15 cad >/dev/null || die "'$m': does not answer"
	done
	for m in $chosen; do
		need_machine "$m"
		eval "boot=\$boot_$m_index"
		await_agent $timeout "$boot" >/dev/null 2>&1 </dev/null
		[ -s "$at.up" ] || die "'$m': is not up after $timeout seconds (lab log $m)"
		say "$m: up again"
	done
}
