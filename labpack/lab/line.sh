# SPDX-License-Identifier: GPL-2.0-or-later
# --- the exec line -------------------------------------------------------------------------------
encode() {
	case $code in
	b64) base64 ;;
	oct) od -An -v -to1 | tr ' ' '\134' ;;
	esac
}

decode() {
	case $1 in
	*\\*)
		# shellcheck disable=SC2059 # escapes and nothing else
		printf "$1"
		;;
	*) printf '%s\n' "$1" | base64 -d ;;
	esac
}

quote() {
	printf '%s\n' "$1" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/"
}

# TOKEN SECONDS: say hello until the other side answers, the machine ends, time is over or nobody listens.
# What must wake up the reader of the line is written into the line.
greeter() {
	until_then=$(($(now) + $2)) naps=0
	while :; do
		# What nobody reads yet waits in the FIFO: seldom.
		[ $((naps % 20)) -gt 1 ] || printf '\nhello %s %s\n' "$1" "$offer" >&8
		naps=$((naps + 1))
		nap 0.5
		kill -0 "$me" 2>/dev/null || break
		if ! is_alive; then
			printf '\nlost %s\n' "$1" >&9
			break
		elif [ "$(now)" -ge $until_then ]; then
			printf '\nlate %s\n' "$1" >&9
			break
		fi
	done
}

watcher() {
	while sleep 1; do
		kill -0 $$ 2>/dev/null || break
		is_alive || break
	done
	printf '\nlost %s\n' "$1" >&9
}

open_line() {
	exec 8<>"$at.in" 9<>"$at.out"
	# The line driver of Linux 6.1 goes deaf when more than 4096 bytes wait to be read: no piece is longer,
	# and the next one is sent when the last was taken.
	offer=oct
	[ "$(printf 'QQ==\n' | base64 -d 2>/dev/null)" != A ] || offer=b64
}

# NAME SECONDS: 0 when the machine listens. Without: $why. Holds the lock of the line.
session_open() {
	need_machine "$1"
	why="does not run (lab start $1)"
	is_alive || return 1
	lock "$at.lock" "'$1'"
	open_line
	token=$me.$(now)
	greeter "$token" "$2" >/dev/null 2>&1 </dev/null &
	greeter=$!
	why="does not answer on its exec line (lab log $1)"
	while read -r word who state code boot <&9; do
		case $word.$who in
		"ready.$token" | "late.$token") break ;;
		"lost.$token")
			why="has ended"
			break
			;;
		esac
	done
	kill $greeter 2>/dev/null || :
	if [ "$word" != ready ]; then
		unlock "$at.lock"
		exec 8>&- 9<&-
		return 1
	fi
	watcher "$token" >/dev/null 2>&1 </dev/null &
	watcher=$!
	commands=0 word='' room=2500
	[ "$code" = b64 ] || room=700
}

session_close() {
	kill "$watcher" 2>/dev/null || :
	exec 8>&- 9<&-
	unlock "$at.lock"
}

# TEXT: may it go as it is?
is_plain() {
	case $1 in
	' '* | *' ') return 1 ;;
	esac
	[ ${#1} -le 1000 ] && [ "$(printf '%s' "$1" | tr -d ' -~' | wc -c)" -eq 0 ]
}

# TEXT KIND: the command begins.
send_command() {
	commands=$((commands + 1))
	job=$token.$commands
	if is_plain "$1"; then
		printf 't %s %s\nrun %s %s\n' "$job" "$1" "$job" "$2" >&8
		return 0
	fi
	printf '%s' "$1" | while piece=$(dd bs=600 count=1 2>/dev/null | encode | tr -d '\n') && [ -n "$piece" ]; do
		printf 'c %s %s\n' "$job" "$piece" >&8
		until [ "$word.$who" = "a.$job" ] || [ "$word.$who" = "lost.$token" ]; do
			read -r word who _ <&9 || :
		done
		word=
	done
	printf 'run %s %s\n' "$job" "$2" >&8
}

# Standard input goes in pieces, the next one when the last was taken.
feeder() {
	while piece=$(dd bs="$room" count=1 2>/dev/null | encode) && [ -n "$piece" ]; do
		printf 'i %s %s\n%s\n' "$job" "$(printf '%s\n' "$piece" | wc -l | tr -d ' ')" "$piece" >&8
		read -r _ <&6 || break
	done
	printf 'z %s\n' "$job" >&8
}

# FRAMES: the command has ended, but a daemon that it left may hold its output open: then no frame
# comes any more.
hurry() {
	doze 5
	# Not into the other direction ourselves, where a frame may be half there; but for a machine that does not answer.
	printf '\nq %s %s\n' "$job" "$1" >&8
	doze 20
	printf '\nh %s %s\n' "$job" "$1" >&9
}

# The frames of one command, until its end. $status is its exit code, 255 when there was none.
session_read() {
	status=255 helper='' count=0
	while :; do
		read -r word who data <&9 || continue # a signal came
		[ "$who" = "$job" ] || [ "$word.$who" = "lost.$token" ] || continue
		count=$((count + 1))
		case $word in
		o) decode "$data" ;;
		e) decode "$data" >&2 ;;
		a) echo >&6 ;;
		c | h)
			if [ "$word.$data" = "h.$((count - 1))" ]; then
				warn "'$1': something that the command left holds its output; what it says now is lost"
				break
			fi
			[ "$word" = h ] || status=$data
			[ -z "$helper" ] || kill $helper 2>/dev/null || :
			hurry $count >/dev/null 2>&1 </dev/null &
			helper=$!
			;;
		x) break ;;
		lost)
			warn "'$1': ended in the midst of it"
			break
			;;
		esac
	done
	[ -z "$helper" ] || kill $helper 2>/dev/null || :
}

# NAME TEXT [input]: run it; with input, standard input goes along.
session_run() {
	send_command "$2" "${3-}"
	feeder=
	if [ -n "${3-}" ]; then
		exec 7<&0
		mkfifo "$at.sent"
		exec 6<>"$at.sent"
		rm -f "$at.sent"
		feeder <&7 >/dev/null 2>&1 &
		feeder=$!
		exec 7<&-
	fi
	session_read "$1"
	if [ -n "$feeder" ]; then
		kill $feeder 2>/dev/null || :
		exec 6>&-
		printf '\nz %s\n' "$job" >&8
	fi
	return "$status"
}

# What interrupts us interrupts the command; a second time, it is left alone.
interrupted() {
	if [ -n "${job-}" ] && [ -z "${told-}" ]; then
		told=yes
		printf '\nk %s %s\n' "$job" "$1" >&8
		[ "$1" != INT ] || return 0
	fi
	hold_signals
	session_close
	exit "$2"
}

trap_signals() {
	trap 'interrupted INT 130' INT
	trap 'interrupted TERM 143' TERM
	trap 'interrupted HUP 129' HUP
}

# [-n] MACHINE COMMAND: one word is a line for the shell, several are a program and its arguments.
command_exec() {
	input=input
	if [ "${1-}" = -n ]; then
		input=
		shift
	fi
	[ $# -ge 2 ] || usage_error "exec needs a machine and a command"
	[ ! -t 0 ] || input=
	machine=$1 text=$2
	if [ $# -gt 2 ]; then
		text=
		shift
		for word; do
			text="$text $(quote "$word")"
		done
	fi
	session_open "$machine" 10 || die "'$machine': $why"
	trap_signals
	session_run "$machine" "$text" $input || :
	session_close
	exit "$status"
}

# TEXT: a short answer of the machine's; errors are shown.
ask() {
	session_run "$machine" "$1"
}

# FILE: as the input of the command that was sent with "file".
session_give() {
	while piece=$(dd bs="$room" count=1 2>/dev/null | encode) && [ -n "$piece" ]; do
		printf '%s\na\n' "$piece" >&8
		word=
		until [ "$word" = a ]; do
			read -r word who _ <&9 || :
			[ "$word.$who" != "lost.$token" ] || return 1
		done
	done <"$1"
	printf 'z %s\n' "$job" >&8
}

# What a machine has of these: busybox may lack the first one.
# shellcheck disable=SC2016 # the machine's shell expands
sum_there='sum() { cksum <"$1" 2>/dev/null || md5sum <"$1" 2>/dev/null || wc -c <"$1"; }'

# FILE SUM: is it the sum of this file, by whichever program?
is_sum_of() {
	for program in cksum md5sum "wc -c"; do
		# shellcheck disable=SC2046,SC2116,SC2005,SC2086 # words, with one blank between them
		[ "$(echo $($program <"$1" 2>/dev/null))" != "$(echo $2)" ] || return 0
	done
	return 1
}

# MACHINE FILE DESTINATION: into the machine
command_put() {
	[ $# -eq 3 ] || usage_error "put needs a machine, a file and a destination"
	machine=$1 file=$2 source=$(from_caller "$2")
	if [ ! -f "$source" ] || [ ! -r "$source" ]; then
		die "'$file': is no file that can be read"
	fi
	session_open "$machine" 10 || die "'$machine': $why"
	trap_signals
	mode=644
	[ ! -x "$source" ] || mode=755
	# What both commands begin with: the destination, and a name beside it.
	to="to=$(quote "$3"); [ ! -d \"\$to\" ] || to=\$to/$(quote "$(basename "$file")"); new=\$to.lab-put"
	status=0
	ask "$to; : >\"\$new\" && chmod $mode \"\$new\"" || :
	if [ "$status" -eq 0 ]; then
		send_command "$to; cat >\"\$new\"" file
		! session_give "$source" || session_read "$machine"
		sum=$(ask "$to; $sum_there; sum \"\$new\"") || sum=
		commands=$((commands + 1)) # that one ran in a subshell
		if [ -n "$sum" ] && is_sum_of "$source" "$sum"; then
			ask "$to; mv -f \"\$new\" \"\$to\"" || :
		else
			warn "'$file': came damaged"
			ask "$to; rm -f \"\$new\"" || :
			status=1
		fi
	fi
	session_close
	[ "$status" -eq 0 ] || die "'$file': could not be put into '$machine'"
}

decode_lines() {
	case $code in
	b64) base64 -d ;;
	oct)
		while read -r piece; do
			decode "$piece"
		done
		;;
	esac
}

# TO: standard output of the command that was sent, as one piece. A line with a blank is its end.
session_fetch() {
	until [ "$word.$who" = "b.$job" ] || [ "$word.$who" = "lost.$token" ]; do
		read -r word who _ <&9 || :
	done
	[ "$word" != lost ] || return 1
	sed -n '/ /q;p' <&9 | decode_lines >"$1"
}

# MACHINE FILE [DESTINATION]: out of the machine
command_get() {
	[ $# -eq 2 ] || [ $# -eq 3 ] || usage_error "get needs a machine, a file and perhaps a destination"
	machine=$1 file=$2 to=$(from_caller "${3-.}")
	[ ! -d "$to" ] || to=$to/$(basename "$file")
	temporary=$(dirname "$to")/.lab-get.$$
	session_open "$machine" 10 || die "'$machine': $why"
	trap_signals
	trap 'rm -f "$temporary"' EXIT
	from=$(quote "$file")
	sum=$(ask "$sum_there; [ -f $from ] && sum $from || { echo 'no such file' >&2; false; }") || sum=
	if [ -n "$sum" ]; then
		commands=$((commands + 1)) # the other one ran in a subshell
		send_command "cat <$from" bulk
		word='' who=''
		session_fetch "$temporary" && is_sum_of "$temporary" "$sum" && mv -f "$temporary" "$to" || sum=
	fi
	session_close
	[ -n "$sum" ] || die "'$file': could not be fetched from '$machine'"
}
