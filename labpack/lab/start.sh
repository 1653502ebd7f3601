# SPDX-License-Identifier: GPL-2.0-or-later
# --- start ---------------------------------------------------------------------------------------
# SECONDS: say hello once. $word is "ready" and $state how far the machine is, else "lost" or "late".
ask_agent() {
	token=$me.start.$asked
	greeter "$token" "$1" &
	greeter=$!
	while read -r word who state _ boot <&9; do
		case $word.$who in
		"ready.$token" | "lost.$token" | "late.$token") break ;;
		esac
	done
	kill_quietly $greeter
}

# SECONDS [BOOT]: in the background, until the machine's own startup scripts are through. With the id
# of a boot: not of that one. In between, the line is free for others.
await_agent() {
	be_oneself
	until_up=$(($(now) + $1)) asked=0
	open_line
	while :; do
		lock "$at.lock" "the machine"
		asked=$((asked + 1))
		ask_agent $((until_up - $(now)))
		unlock "$at.lock"
		case $word.$state in
		ready.starting | ready.stopping) ;;
		ready.*) [ "$boot" = "${2-}" ] || break ;;
		*) return 0 ;;
		esac
		nap 0.3
	done
	printf '%s\n' "$state" >"$at.up"
}

# What is done on the way out is not cut short: timeout(1), say, sends its signal twice.
hold_signals() {
	trap '' INT TERM HUP
}

kill_quietly() {
	kill "$1" 2>/dev/null || :
}

show_log() {
	tail -n 12 "$log" 2>/dev/null | tr -d '\r' | sed 's/^/    /' >&2
}

# The machines of $chosen and those that they wait for, by lab.dep.
add_dependencies() {
	todo=$chosen chosen=
	while [ -n "$todo" ]; do
		next=
		for m in $todo; do
			# shellcheck disable=SC2086 # words
			! is_among "$m" $chosen || continue
			need_machine "$m"
			chosen="$chosen $m"
			next="$next $m_depends"
		done
		todo=${next# }
		[ -n "${todo# }" ] || todo=
	done
}

# May $m start now? Sets $blocked to what it waits for, or to what failed.
depends_are_up() {
	need_machine "$m"
	for other in $m_depends; do
		# shellcheck disable=SC2086 # words
		if is_among "$other" $failed; then
			failed="$failed $m"
			warn "'$m': not started, for it needs '$other'"
			return 1
		fi
		# shellcheck disable=SC2086 # words
		is_among "$other" $arrived || return 1
	done
}

begin_machine() {
	need_machine "$m"
	if is_alive; then
		say "$m: runs already"
		arrived="$arrived $m"
		return 0
	fi
	# What a killed machine left would keep its disks.
	kill_processes || :
	launching=$m
	if ! launch; then
		launching=
		failed="$failed $m"
		warn "'$m': $why"
		return 0
	fi
	launching=
	if [ -n "$no_wait" ]; then
		say "$m: started"
		arrived="$arrived $m"
		return 0
	fi
	await_agent "$timeout" >/dev/null 2>&1 </dev/null &
	printf '%s\n' $! >"$at.wait"
	going="$going $m"
	eval "deadline_$m_index=$(($(now) + timeout)) began_$m_index=$(now)"
}

# One that was launched: up, ended, late, or not yet.
check_machine() {
	need_machine "$m"
	deadline='' began=''
	eval "deadline=\$deadline_$m_index began=\$began_$m_index"
	state=
	[ ! -s "$at.up" ] || read -r state <"$at.up"
	case $state in
	'')
		if ! is_alive; then
			warn "'$m': ended while it started; the end of its log ($log):"
			show_log
			kill_processes || :
			forget_machine
		elif [ "$(now)" -ge "$deadline" ]; then
			warn "'$m': is not up after $timeout seconds, and runs still (lab console $m); the end of its log:"
			show_log
		else
			still="$still $m"
			return 0
		fi
		failed="$failed $m"
		;;
	failed:*)
		state=${state#failed:}
		warn "'$m': is up, but ${state%:*} ended with exit code ${state##*:} (lab log $m)"
		bad="$bad $m"
		arrived="$arrived $m"
		;;
	*)
		say "$m: up after $(($(now) - began)) s"
		arrived="$arrived $m"
		;;
	esac
}

# Take back what is not up yet.
abort_start() {
	hold_signals
	# One that was interrupted on its way into its kernel is known as soon as it is there.
	[ -z "$launching" ] || nap 0.3
	for m in $going $launching; do
		need_machine "$m"
		[ ! -s "$at.up" ] || continue
		kill_processes || :
		[ ! -r "$at.wait" ] || kill_quietly "$(cat "$at.wait")"
		forget_machine
	done
	leave_lab
	warn "interrupted; what was not up yet is gone"
	exit "$1"
}

# Step by step: what may start does, what started is looked after.
start_loop() {
	waiting=$chosen going='' arrived='' failed='' bad=''
	while [ -n "$waiting$going" ]; do
		still='' count=0
		for m in $going; do
			check_machine
		done
		going=$still
		for m in $going; do
			count=$((count + 1))
		done
		still='' progress=''
		for m in $waiting; do
			if [ $count -lt "$parallel" ] && depends_are_up; then
				begin_machine
				count=$((count + 1)) progress=yes
			fi
			# shellcheck disable=SC2086 # words
			is_among "$m" $going $arrived $failed || still="$still $m"
		done
		[ -n "$still" ] && [ -z "$going$progress" ] && [ "$waiting" = "$still" ] &&
			give_up "lab.dep goes in a circle:$still"
		waiting=$still
		[ -z "$going" ] || nap 0.2
	done
}

# [-n] [-t SECONDS] [-j N] [MACHINE...]
command_start() {
	no_wait='' timeout=180
	parallel=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || parallel=2
	parallel=$((parallel * 2))
	[ "$parallel" -ge 4 ] || parallel=4
	while getopts nt:j: option; do
		case $option in
		n) no_wait=yes ;;
		t) timeout=$(number_of "$OPTARG") ;;
		j) parallel=$(number_of "$OPTARG") ;;
		*) usage_error "start: unknown option" ;;
		esac
	done
	shift $((OPTIND - 1))
	# Some disks may be of the snapshot and some not yet.
	[ ! -e "$lab/snapshots/.rollback" ] ||
		die "a rollback was cut off ('labpack rollback $(cat "$lab/snapshots/.rollback")' finishes it)"
	machines_of "$@"
	add_dependencies
	uml_switch=
	[ -z "$domains" ] || uml_switch=$(need_tool uml_switch) || exit 1
	launching=
	choose_memory
	lock_lab
	trap 'going=; abort_start 130' INT
	start_switches
	trap 'abort_start 130' INT
	trap 'abort_start 143' TERM
	trap 'abort_start 129' HUP
	start_loop
	trap - INT TERM HUP
	leave_lab
	[ -z "$failed$bad" ]
}

number_of() {
	case $1 in
	'' | *[!0-9]* | ??????*) usage_error "'$1': is no number of range 1 to 99999" ;;
	esac
	[ "$1" -ge 1 ] || usage_error "'$1': is no number of range 1 to 99999"
	printf '%s\n' "$1"
}
