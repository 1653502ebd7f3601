# SPDX-License-Identifier: GPL-2.0-or-later
# --- switches and cables -------------------------------------------------------------------------
# What the tables below fill in; a lab may have none of one kind.
d_index='' d_type='' d_tap='' k_index='' k_a='' k_b=''

# SECONDS: a sleep that ends with its shell, when that is told to.
doze() {
	dozing=
	trap 'kill $dozing; exit 0' TERM
	sleep "$1" &
	dozing=$!
	wait $dozing
	trap - TERM
}

# SECONDS COMMAND...: run it, but no longer.
limited() {
	seconds=$1
	shift
	"$@" &
	limited=$!
	(
		doze "$seconds"
		kill -KILL $limited
	) >/dev/null 2>&1 &
	guard=$!
	limited_status=0
	wait $limited || limited_status=$?
	kill $guard 2>/dev/null || :
	return $limited_status
}

# FILE COMMAND...: in a session of its own where possible, so that no terminal's Ctrl-C ends it; its
# pid goes into FILE. A grandchild: its end is no news to this shell.
detached() {
	pid_file=$1
	shift
	# By way of 7: a process in the background would get another standard input.
	(
		(
			trap '' INT QUIT HUP
			! command -v setsid >/dev/null 2>&1 || exec setsid "$@" <&7 7<&-
			exec "$@" <&7 7<&-
		) &
		printf '%s\n' $! >"$pid_file"
	) 7<&0
}

# FILE: does the process run whose pid is there, and is its input what lies beside it? Sets $pid.
is_running() {
	pid=
	[ ! -r "$1.pid" ] || read -r pid <"$1.pid" || pid=
	[ -n "$pid" ] && [ "$(readlink "/proc/$pid/fd/0" 2>/dev/null)" = "$1.fifo" ]
}

# PID
is_gone() {
	[ -z "$1" ] || ! kill -0 "$1" 2>/dev/null || grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null
}

is_stopped() {
	grep -q '^State:.[Tt]' "/proc/$1/status" 2>/dev/null
}

end_process() {
	! is_running "$1" || signal_group KILL "$pid"
	rm -f "$1.pid"
}

# SIGNAL PID: to a detached process and to those that it has started.
signal_group() {
	kill "-$1" "-$2" 2>/dev/null || kill "-$1" "$2" 2>/dev/null || :
}

# NAME
need_domain() {
	domain_facts "$1" || die "'$1': no switch of this lab (switches: $domains)"
	switch=$run/s$d_index
}

# TAP [ADDRESSES]: a tap device that is ours. Only root makes one; $why says how.
tap_is_there() {
	why='' host=''
	[ -n "$1" ] || return 0
	case "${2-}" in
	*"$1="*)
		host=${2#*"$1="}
		host="ip addr add ${host%% *} dev $1 && "
		;;
	esac
	host="ip tuntap add $1 mode tap user $uid && ${host}ip link set $1 up"
	owner=
	if [ ! -e "/sys/class/net/$1" ]; then
		why="'$1': no such tap device (as root: $host)"
	elif ! read -r owner 2>/dev/null <"/sys/class/net/$1/owner"; then
		why="'$1': is no tap device (lab.conf has to name another one)"
	elif [ "$owner" != "$uid" ] && [ "$owner" != -1 ] && [ "$uid" != 0 ]; then
		why="'$1': this tap device belongs to user $owner (name another one, or as root: ip link del $1 && $host)"
	elif [ ! -r /dev/net/tun ] || [ ! -w /dev/net/tun ]; then
		why="'/dev/net/tun': cannot be opened, which taps need (as root: chmod 666 /dev/net/tun)"
	fi
	[ -z "$why" ]
}

start_switch() {
	! is_running "$switch" || return 0
	rm -f "$switch.ctl" "$switch.fifo" "$switch.log"
	mkfifo "$switch.fifo"
	set -- "$uml_switch" -unix "$switch.ctl"
	[ "$d_type" != hub ] || set -- "$@" -hub
	[ -z "$d_tap" ] || set -- "$@" -tap "$d_tap"
	# At the end of its input it would end.
	detached "$switch.pid" "$@" <>"$switch.fifo" >"$switch.log" 2>&1
}

# A machine that finds no socket starts without its interface: wait for all of them.
start_switches() {
	for domain in $domains; do
		need_domain "$domain"
		tap_is_there "$d_tap" || give_up "$why"
		start_switch
	done
	for domain in $domains; do
		need_domain "$domain"
		tries=0
		until is_running "$switch" && [ -S "$switch.ctl" ]; do
			tries=$((tries + 1))
			if [ $tries -gt 100 ] || is_gone "$pid"; then
				warn "'$domain': the switch did not start:"
				sed 's/^/    /' "$switch.log" >&2
				[ ! -r "$switch.pid" ] || kill_quietly "$(cat "$switch.pid")"
				give_up "nothing was started"
			fi
			nap 0.1
		done
	done
}

# TEXT: before a machine was started.
give_up() {
	leave_lab
	die "$@"
}

# NAME: by either of its ends.
need_cable() {
	cable_facts "$1" || die "'$1': no cable of this lab (cables: $cables)"
	cable=$run/k$k_index
}

# The text of a relay: 38400 baud, as a cable of the time. Not faster, for more than 4096 bytes at once make a
# serial line of Linux 6.1 deaf (it switches its interrupt off, and nobody on); and what a deaf or frozen
# machine does not take is lost: the other one must not wait for it.
relay() {
	if ! command -v setsid >/dev/null 2>&1; then
		echo 'exec cat' # nobody could stop a child of it
	elif dd oflag=nonblock count=0 </dev/null >/dev/null 2>&1; then
		echo 'while :; do dd bs=384 count=1 oflag=nonblock; sleep 0.1 2>/dev/null || sleep 1; done'
	else
		echo 'while :; do dd bs=384 count=1; sleep 0.1 2>/dev/null || sleep 1; done'
	fi
}

# One direction of a cable: what one end writes, the other one reads. By processes, for they can be stopped.
start_relay() {
	detached "$cable$1.pid" sh -c "$(relay)" <>"$cable$1.fifo" 1<>"$cable$2.in" 2>/dev/null
	until is_running "$cable$1" || is_gone "$pid"; do
		nap 0.1
	done
}

start_relays() {
	start_relay a b
	start_relay b a
	[ ! -e "$cable.cut" ] || hold_cable
}

signal_cable() {
	for end in a b; do
		! is_running "$cable$end" || signal_group "$1" "$pid"
	done
}

# What is said into a cut cable is lost, as with a real one.
hold_cable() {
	signal_cable STOP
	for end in a b; do
		end_process "$cable${end}cut"
		# By a name of its own, by which it is known.
		ln -f "$cable$end.fifo" "$cable${end}cut.fifo"
		detached "$cable${end}cut.pid" cat <>"$cable${end}cut.fifo" >/dev/null 2>&1
	done
}

release_cable() {
	for end in a b; do
		end_process "$cable${end}cut"
		rm -f "$cable${end}cut.fifo"
	done
	signal_cable CONT
}

# INDEX/END: a fresh end for a machine that starts: nothing that was said before reaches it.
cable_plug() {
	cable=$run/k${1%/*}
	for end in a b asniff bsniff; do
		end_process "$cable$end"
	done
	rm -f "$cable${1#*/}.in" "$cable${1#*/}.fifo"
	for fifo in "${cable}a.in" "${cable}a.fifo" "${cable}b.in" "${cable}b.fifo"; do
		[ -p "$fifo" ] || mkfifo "$fifo"
	done
	start_relays
}

# Give the lab's lock back; when its last machine is gone, what is left of the lab goes, too. Only who
# holds the lock may do that: another one may be starting a machine.
leave_lab() {
	for m in $machines; do
		need_machine "$m"
		if is_alive; then
			unlock "$run/lock"
			return 0
		fi
	done
	for file in "$run"/*.pid; do
		[ ! -e "$file" ] || end_process "${file%.pid}"
	done
	remove_run
}
