# SPDX-License-Identifier: GPL-2.0-or-later
# --- console and log -----------------------------------------------------------------------------
# MACHINE: what it writes is in its log; what is typed goes into its FIFO.
command_console() {
	[ $# -eq 1 ] || usage_error "console needs a machine"
	need_alive "$1"
	[ "$m_console" = lab ] || die "'$1': has no console here ([console]=$m_console in lab.conf)"
	terminal=
	exec 7<&0
	if [ -t 0 ]; then
		terminal=$(stty -g)
		printf "Console of '%s'; Ctrl-] leaves it.\n" "$1" >&2
		trap 'hold_signals; stty "$terminal"' EXIT
		# Only the key that leaves makes a signal; all others are the guest's.
		stty raw -echo -iexten isig intr undef susp undef quit '^]'
	fi
	tail -n 20 -f "$log" </dev/null &
	viewer=$!
	trap : QUIT
	trap 'exit 143' TERM HUP
	cat <&7 1<>"$at.con" &
	typist=$!
	(
		while sleep 1; do
			kill -0 $$ 2>/dev/null || break
			is_alive || break
		done
		kill_quietly $typist
	) >/dev/null 2>&1 </dev/null &
	watcher=$!
	wait $typist || :
	# From a file or a pipe: see what comes of it.
	[ -n "$terminal" ] || sleep 2
	for p in $typist $viewer $watcher; do
		kill_quietly "$p"
	done
	[ -z "$terminal" ] || printf '\r\n' >&2
	is_alive || warn "'$1': has ended"
}

# [-f] MACHINE
command_log() {
	follow=
	if [ "${1-}" = -f ]; then
		follow=yes
		shift
	fi
	[ $# -eq 1 ] || usage_error "log needs a machine"
	need_machine "$1"
	[ -r "$log" ] || die "'$1': has no log yet (lab start $1)"
	[ -z "$follow" ] || exec tail -n 50 -f "$log"
	cat "$log"
}
