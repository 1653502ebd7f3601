# SPDX-License-Identifier: GPL-2.0-or-later
# --- faults --------------------------------------------------------------------------------------
# STOP|CONT NAME...: switches and cables
signal_links() {
	signal=$1
	shift
	for link; do
		if domain_facts "$link"; then
			switch=$run/s$d_index
			is_running "$switch" || die "'$link': does not run (lab start)"
			kill "-$signal" "$pid"
		elif cable_facts "$link"; then
			cable=$run/k$k_index
			is_running "${cable}a" || die "'$link': is not plugged in (lab start)"
			if [ "$signal" = STOP ]; then
				: >"$cable.cut"
				hold_cable
			else
				rm -f "$cable.cut"
				release_cable
			fi
		else
			die "'$link': no switch and no cable of this lab (switches: $domains; cables: $cables)"
		fi
	done
}

command_cut() {
	[ $# -ge 1 ] || usage_error "cut needs a switch or a cable"
	signal_links STOP "$@"
}

command_join() {
	[ $# -ge 1 ] || usage_error "join needs a switch or a cable"
	signal_links CONT "$@"
}

# MACHINE WORD...: to the kernel's console; its answer is shown, "ERR" is a failure.
ask_kernel() {
	need_alive "$1"
	machine=$1
	shift
	answered=0
	answer=$(mconsole 15 "$@") || answered=$?
	if [ $answered -eq 137 ]; then
		warn "'$machine': its kernel's answer did not come, or not to its end (lab log $machine)"
		return 1
	elif [ $answered -ne 0 ]; then
		printf '%s\n' "$answer" >&2
		return 1
	fi
	answer=${answer#OK}
	answer=${answer# }
	[ -z "$answer" ] || printf '%s\n' "$answer"
}

command_sysrq() {
	[ $# -eq 2 ] || usage_error "sysrq needs a machine and a key"
	ask_kernel "$1" sysrq "$2"
}

command_mconsole() {
	[ $# -ge 1 ] || usage_error "mconsole needs a machine"
	need_alive "$1"
	if [ $# -eq 1 ]; then
		HOME=$run exec "$uml_mconsole" "$umid"
	fi
	ask_kernel "$@"
}

# MACHINE DISK: $file is what the table has for it.
need_disk() {
	need_alive "$1"
	file=$(printf '%s\n' "$m_disks" | sed -n "s/^$2c\{0,1\} //p")
	[ -n "$file" ] || die "'$2': no disk of '$1' (disks: $(printf '%s\n' "$m_disks" | cut -d ' ' -f 1 | tr '\n' ' '))"
}

command_detach() {
	[ $# -eq 2 ] || usage_error "detach needs a machine and a disk"
	need_disk "$@"
	ask_kernel "$1" remove "$2" || die "'$2': cannot be detached from '$1' (is it mounted?)"
}

command_attach() {
	[ $# -eq 2 ] || usage_error "attach needs a machine and a disk"
	need_disk "$@"
	ask_kernel "$1" config "$2=$file" || die "'$2': cannot be attached to '$1' (is it there already?)"
}

# --- sniff ---------------------------------------------------------------------------------------
# NAME [FILE]
command_sniff() {
	[ $# -eq 1 ] || [ $# -eq 2 ] || usage_error "sniff needs a switch or a cable, and perhaps a file"
	[ -z "${2-}" ] || set -- "$1" "$(from_caller "$2")"
	if domain_facts "$1"; then
		sniff_switch "$@"
	elif cable_facts "$1"; then
		sniff_cable "$@"
	else
		die "'$1': no switch and no cable of this lab (switches: $domains; cables: $cables)"
	fi
}

# As one more port of the switch. A hub sends everything to it.
sniff_switch() {
	switch=$run/s$d_index
	is_running "$switch" || die "'$1': does not run (lab start)"
	[ "$d_type" = hub ] ||
		warn "'$1': a switch shows only what it sends to everybody ($1[type]=hub in lab.conf shows all)"
	sniffer=$(need_tool labpack labpack) || exit 1
	if [ -n "${2-}" ]; then
		exec "$sniffer" sniff "$switch.ctl" >"$2"
	elif [ ! -t 1 ]; then
		exec "$sniffer" sniff "$switch.ctl"
	fi
	command -v tcpdump >/dev/null 2>&1 ||
		die "tcpdump is not here to show packets (lab sniff $1 FILE writes them, as pcap)"
	"$sniffer" sniff "$switch.ctl" | tcpdump -n -l -r - 2>/dev/null
}

# END OTHER NAME: the relay is exchanged for one that tells us, too; lines are shown with who sent them. It goes on
# should we die without a word.
tap_relay() {
	end_process "$cable$1"
	end_process "$cable${1}sniff"
	fifo=$cable${1}sniff.fifo
	rm -f "$fifo"
	mkfifo "$fifo"
	while IFS= read -r text; do
		printf '%s> %s\n' "$3" "$text"
	done <>"$fifo" &
	readers="$readers $!"
	printf '%s\n' $! >"${fifo%.fifo}.pid"
	detached "$cable$1.pid" sh -c "{ $(relay); } | { trap '' PIPE; exec tee \"\$1\"; }" sh "$fifo" \
		<>"$cable$1.fifo" 1<>"$cable$2.in" 2>/dev/null
	until is_running "$cable$1" || is_gone "$pid"; do
		nap 0.1
	done
}

sniff_cable() {
	cable=$run/k$k_index
	is_running "${cable}a" || die "'$1': is not plugged in (lab start)"
	readers=
	[ -z "${2-}" ] || exec >"$2"
	trap 'end_sniff' EXIT
	trap 'hold_signals; exit 0' INT TERM HUP
	tap_relay a b "$k_a"
	tap_relay b a "$k_b"
	[ ! -e "$cable.cut" ] || hold_cable
	# shellcheck disable=SC2086 # words
	wait $readers || :
	# Somebody has ended them: the relays are no longer ours, or no longer at all.
	trap - EXIT
	warn "'$1': hears nothing any more (a machine was plugged in, another sniffer listens, or the lab is down)"
}

end_sniff() {
	hold_signals
	if [ -d "$run" ]; then
		end_process "${cable}a"
		end_process "${cable}b"
		start_relays
		rm -f "${cable}asniff."* "${cable}bsniff."*
	fi
	for p in $readers; do
		kill_quietly "$p"
	done
}
