#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What labpack puts into a machine of a lab. "start" serves the lab's exec line and runs the
# startup scripts, "stop" runs the shutdown scripts; init calls both.
#
# The exec line is a serial line in canonical mode: lines of printable text go both ways, so that
# nothing depends on how raw a terminal of this system can be. Data is base64, or where one side
# has none, octal escapes. Needed: sh, dd, head, tr, cat, and base64 or od. Better with: stty (else
# our own words come back as echo, and are not heard), mkfifo (else a command has no input),
# setsid (else only the command itself is ended by an interrupt, not what it started).
#
#   host                        guest
#   hello TOKEN CODE            ready TOKEN STATE CODE BOOT ends what an earlier session runs
#   c ID DATA                   a ID                        a piece of the command's text
#   t ID TEXT                                               the same, as it is
#   run ID [input|bulk|file]    o ID DATA, e ID DATA        its output; c ID STATUS: it has ended;
#                                                           x ID: and all output was sent
#                               b ID, lines, x ID           bulk: standard output as one piece
#   lines with "a" among them   a                           file: standard input as one piece
#   i ID LINES, so many lines   a ID                        standard input, a piece at a time
#   z ID                                                    end of it
#   k ID SIGNAL
#   q ID TEXT                   h ID TEXT                   behind what was said until then
set -uf

line=31
here=/usr/lib/labpack
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root USER=root LOGNAME=root TERM=dumb
export PATH HOME USER LOGNAME TERM

# Where a file of this boot can lie.
find_state() {
	for state in /run /dev/shm /var/run /tmp; do
		state=$state/labpack
		mkdir -p "$state" 2>/dev/null && chmod 700 "$state" 2>/dev/null &&
			: 2>/dev/null >"$state/probe" && rm -f "$state/probe" && return
	done
	state=
}

set_state() {
	[ -z "$state" ] || printf '%s\n' "$1" >"$state/up"
}

# --- the exec line -------------------------------------------------------------------------------
encode() {
	case $code in
	b64)
		if [ -n "$have_w0" ]; then
			base64 -w0
		else
			base64 | tr -d '\n'
		fi
		;;
	oct) od -An -v -to1 | tr -d '\n' | tr ' ' '\134' ;;
	esac
}

# What $1 stands for. Lines of base64 may have come with blanks or line ends.
decode() {
	case $1 in
	*\\*)
		for word in $1; do
			# shellcheck disable=SC2059 # escapes and nothing else
			printf "$word"
		done
		;;
	*) printf '%s\n' "$1" | base64 -d ;;
	esac
}

# TAG ID: standard input as frames, as soon as there is some. Who has the line of descriptor 7 writes.
frames() {
	while data=$(dd bs="$piece" count=1 2>/dev/null | encode) && [ -n "$data" ]; do
		[ -z "$mutex" ] || read -r _ <&7
		printf '%s %s %s\n' "$1" "$2" "$data" >&3
		[ -z "$mutex" ] || echo >&7
	done
}

# LINE: a word of ours between other processes' frames, each of which may be several writes.
say() {
	[ -z "$mutex" ] || read -r _ <&7
	printf '%s\n' "$1" >&3
	[ -z "$mutex" ] || echo >&7
}

# ID: run $command, with 5 as its standard error, for this shell has things to say of its end. Its
# pid, which is its group's where there is setsid, lies in a file until it ends.
execute() {
	# shellcheck disable=SC2016 # the inner shell expands
	$setsid sh -c '[ -z "$0" ] || echo $$ >"$0"; cd "$HOME" 2>/dev/null || cd /; eval "shift; $1"' \
		"${state:+$state/job.$1}" "$command" 2>&5 3>&- 4>&- 5>&- 7>&-
	status=$?
	[ -z "$state" ] || rm -f "$state/job.$1"
	say "c $1 $status"
}

# ID: both outputs framed. The last word comes when both were sent.
job() {
	{
		execute "$1" 5>&1 2>/dev/null >&4 | frames e "$1" 4>&-
	} 4>&1 | frames o "$1"
	say "x $1"
}

# ID: for whole files, which are compared afterwards.
bulk() {
	printf 'b %s\n' "$1" >&3
	execute "$1" 2>/dev/null 3>/dev/null 5>/dev/null | case $code in
	b64) base64 ;;
	oct) od -An -v -to1 | tr ' ' '\134' ;;
	esac >&3
	printf 'x %s\n' "$1" >&3
}

# ID, and "input", "bulk" (much comes out), "file" (much comes in) or nothing
run_job() {
	input=
	if [ "$2" = file ]; then
		take_file "$1"
		return
	fi
	if [ "$2" = input ] && [ -n "$state" ] && mkfifo "$state/in.$1" 2>/dev/null; then
		input=$state/in.$1
		exec 6<>"$input"
	fi
	{
		[ -z "$input" ] || rm -f "$input"
		if [ "$2" = bulk ]; then
			bulk "$1"
		else
			job "$1"
		fi
	} <"${input:-/dev/null}" 6>&- &
	command=
}

# The lines of a file until one with a blank. "a" comes back as soon as it was read, for which sed must
# not keep what it writes: GNU's does not, busybox's does. The loop takes a byte at a time.
take_lines() {
	case $(sed --version 2>/dev/null) in
	'GNU sed'* | 'sed (GNU sed)'*)
		sed -n -e '/ /q' -e '/^a$/{' -e "w $tty" -e d -e '}' -e p <&3
		return
		;;
	esac
	while IFS= read -r data <&3; do
		case $data in
		*' '*) break ;;
		a) echo a >&3 ;;
		*) printf '%s\n' "$data" ;;
		esac
	done
}

# ID: a whole file.
take_file() {
	take_lines | case $code in
	b64) base64 -d ;;
	oct)
		while read -r data; do
			decode "$data"
		done
		;;
	esac | execute "$1" 2>/dev/null 5>/dev/null
	command=
	printf 'x %s\n' "$1" >&3
}

# ID LINES: in the background, for a command that does not read must not stop this loop.
give_input() {
	data=$(head -n "$2" <&3)
	{
		decode "$data" >&6
		say "a $1"
	} 2>/dev/null &
}

# SIGNAL PID: to the group, or where it has none of its own, to the process.
send_signal() {
	kill "-$1" "-$2" 2>/dev/null || kill "-$1" "$2" 2>/dev/null
}

# SIGNAL [ID]
signal_jobs() {
	set +f
	for file in "$state"/job.${2:-*}; do
		[ ! -s "$file" ] || send_signal "$1" "$(cat "$file")"
	done
	set -f
}

# TOKEN CODE: a new session. Whoever began the last one is gone.
greet() {
	exec 6>&-
	signal_jobs HUP
	command='' code=oct piece=600
	if [ "$2" = b64 ] && [ -n "$have_base64" ]; then
		code=b64 piece=2500
	fi
	[ -z "$mutex" ] || piece=$((piece * 8))
	up=
	[ -z "$state" ] || read -r up <"$state/up"
	printf 'ready %s %s %s %s\n' "$1" "${up:-unknown}" "$code" "$boot" >&3
}

serve() {
	exec 3<>"$1" || return
	stty -echo -opost -isig -ixon -iexten -icrnl icanon <&3 2>/dev/null
	setsid='' have_base64='' have_w0='' mutex='' command='' boot=$$
	[ ! -r /proc/sys/kernel/random/boot_id ] || read -r boot </proc/sys/kernel/random/boot_id
	if command -v setsid >/dev/null 2>&1; then
		setsid=setsid
	fi
	if [ "$(printf 'QQ==\n' | base64 -d 2>/dev/null)" = A ]; then
		have_base64=yes
		! base64 -w0 </dev/null >/dev/null 2>&1 || have_w0=yes
	fi
	# Without it a frame has to be one write.
	if [ -n "$state" ] && rm -f "$state/mutex" && mkfifo "$state/mutex" 2>/dev/null; then
		mutex=yes
		# It stays there: what is open and has no name keeps a disk from being unmounted.
		exec 7<>"$state/mutex"
		echo >&7
	fi
	while IFS=' ' read -r word id rest <&3; do
		case $word in
		hello) greet "$id" "$rest" ;;
		c)
			command=$command$(decode "$rest" && printf .)
			command=${command%.}
			printf 'a %s\n' "$id" >&3
			;;
		t) command=$command$rest ;;
		run) run_job "$id" "$rest" ;;
		i) give_input "$id" "$rest" ;;
		z) exec 6>&- ;;
		k) signal_jobs "$rest" "$id" ;;
		q) say "h $id $rest" & ;;
		esac
	done
}

# For as long as the system runs. Where the lab gave no line, there is none to open.
agent() {
	tty=/dev/ttyS$line
	[ -c "$tty" ] || tty=/dev/tts/$line # devfs of Linux 2.4
	if [ ! -c "$tty" ] && [ -n "$state" ]; then
		tty=$state/line
		mknod "$tty" c 4 $((64 + line)) 2>/dev/null
	fi
	while [ -c "$tty" ]; do
		# Not a session leader: the line must not become a controlling terminal.
		(serve "$tty")
		sleep 2
	done
}

# --- the lab's own scripts -----------------------------------------------------------------------
# NAME KIND: run it as the author wrote it. Without "#!" it is bash's where there is bash.
run_script() {
	[ -f "$here/$1.$2" ] || return 0
	cd /
	case $(head -n 1 "$here/$1.$2") in
	'#!'*) "$here/$1.$2" </dev/null ;;
	*) $shell "$here/$1.$2" </dev/null ;;
	esac
}

# The modules of this kernel, as the host has them, unless the disk has its own.
find_modules() {
	release=$(uname -r)
	[ ! -e "/lib/modules/$release/modules.dep" ] || return
	case " $(cat /proc/cmdline)" in
	*" hostfs="*) ;;
	*) return ;;
	esac
	mkdir -p /lib/modules && mount -t hostfs -o ro none /lib/modules || return
	[ -e "/lib/modules/$release/modules.dep" ] || umount /lib/modules
} 2>/dev/null

# A simple init does not set it.
set_hostname() {
	if [ "$(uname -n)" = "(none)" ] && read -r name </etc/hostname; then
		hostname "$name" || echo "$name" >/proc/sys/kernel/hostname
	fi
} 2>/dev/null

shell='sh'
if command -v bash >/dev/null 2>&1; then
	shell=bash
fi
find_state
case ${1-} in
start)
	set_state starting
	find_modules
	set_hostname
	agent </dev/null >/dev/null 2>&1 &
	result=up
	for who in lab shared machine; do
		run_script "$who" startup
		status=$?
		[ "$status" -eq 0 ] || result="failed:$who.startup:$status"
	done
	set_state "$result"
	;;
stop)
	set_state stopping
	run_script machine shutdown
	run_script shared shutdown
	;;
*)
	echo "usage: guest start|stop" >&2
	exit 2
	;;
esac
exit 0
