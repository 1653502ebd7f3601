# SPDX-License-Identifier: GPL-2.0-or-later
# --- one machine ---------------------------------------------------------------------------------
# NAME: the facts of the table, and what follows from them.
need_machine() {
	machine_facts "$1" || die "'$1': no machine of this lab (machines: $machines)"
	umid=$1
	[ ${#umid} -le 40 ] || umid=machine$m_index
	umid=$umid.$id
	at=$run/m$m_index
	log=$logs/$1.log
}

# The arguments, or all machines.
machines_of() {
	# shellcheck disable=SC2086 # words
	[ $# -gt 0 ] || set -- $machines
	for m; do
		need_machine "$m"
	done
	chosen=$*
}

# Every process of the machine: the main one, and those that outlive it when it is killed.
# Only they have its name among their arguments; the brackets keep grep's own out.
processes() {
	# shellcheck disable=SC2046 # one word a process
	set -- $(grep -l -E "umi[d]=$umid|/[.]uml/$umid/" /proc/[0-9]*/cmdline 2>/dev/null)
	for p; do
		p=${p#/proc/}
		printf '%s\n' "${p%/cmdline}"
	done
}

main_process() {
	pid=
	[ ! -r "$at.pid" ] || read -r pid <"$at.pid" || pid=
}

# Does the machine run? $pid is its main process then.
is_alive() {
	main_process
	[ -n "$pid" ] || return 1
	! is_gone "$pid" || return 1
	# In the midst of an exec, of which there are some until the kernel runs, a process has no arguments.
	for nap in 0.01 0.02 0.05 0.1 0.5 0; do
		arguments=$(tr -d '\000' 2>/dev/null <"/proc/$pid/cmdline") || return 1
		case $arguments in
		*"umid=$umid"*) return 0 ;;
		?*) return 1 ;;
		esac
		! is_gone "$pid" || return 1
		nap $nap
	done
	return 1
}

need_alive() {
	need_machine "$1"
	is_alive || die "'$1': does not run (lab start $1)"
}

# "up", "starting", "stopping", "failed: ..." or "down"
machine_state() {
	if ! is_alive; then
		state=down pid=
	elif [ -s "$at.up" ]; then
		read -r state <"$at.up"
	else
		state=starting
	fi
}

# SECONDS COMMAND...: of the kernel's own console. A kernel that hangs gives no answer, and one that says
# more than the host keeps for a busy reader drops the end of it: uml_mconsole would wait for ever.
mconsole() {
	patience=$1
	shift
	limited "$patience" env HOME="$run" "$uml_mconsole" "$umid" "$@" 2>&1
}

kernel_of() {
	case $m_kernel in
	'')
		if [ -n "${LAB_KERNEL-}" ]; then
			kernel=$(from_caller "$LAB_KERNEL")
		elif [ -x "$lab/kernel/linux" ]; then
			kernel=$lab/kernel/linux
		else
			kernel=$(command -v linux) || kernel=
		fi
		[ -n "$kernel" ] || why="no User Mode Linux kernel is found (install user-mode-linux)"
		;;
	*/*) kernel=$m_kernel ;;
	*)
		kernel=$lab/kernel/$m_kernel
		[ -x "$kernel" ] || kernel=$(command -v "$m_kernel") || kernel=$m_kernel
		;;
	esac
	[ -z "$kernel" ] || [ -x "$kernel" ] || why="'$kernel': no such kernel"
	[ -z "$why" ]
}

# What the kernel starts on the host for this machine.
helpers_are_there() {
	if [ -n "$m_watchdog" ] && ! tool uml_watchdog >/dev/null; then
		why="'uml_watchdog': not found, which switches a machine off when its watchdog is not fed (install uml-utilities)"
	elif [ "$m_console" = xterm ] && [ -z "${DISPLAY-}" ]; then
		why="\$DISPLAY is not set, and the console is to be a window ([console]=lab makes it one of 'lab console')"
	elif [ "$m_console" = xterm ] && ! command -v xterm >/dev/null 2>&1 && ! is_among_arguments xterm=; then
		why="'xterm': not found, and the console is to be one (install xterm, or [console]=lab)"
	fi
	[ -z "$why" ]
}

# WORD: does one of the lab's own arguments begin so?
is_among_arguments() {
	case " $m_append" in
	*" $1"*) return 0 ;;
	esac
	return 1
}

# The folder of the modules of $kernel, for machines whose disks have none: below the lab's own,
# or where it is installed. They reach it by hostfs, which has the path as one word.
find_modules() {
	modules=
	case $kernel in
	kernel/* | "$lab/kernel/"*) modules=kernel/modules ;;
	esac
	[ ! -d "$modules" ] || return 0
	modules=
	for folder in "${kernel%/*}/../lib/uml/modules" "${kernel%/*}/../lib/modules" "${kernel%/*}/modules"; do
		case $folder in
		*[\ ,]*) continue ;;
		esac
		if [ -d "$folder" ]; then
			modules=$folder
			return 0
		fi
	done
}

# DISK FILE...: the file must be there, or the kernel would make an empty one or panic.
disks_are_there() {
	printf '%s\n' "$m_disks" >"$at.disks"
	while IFS=' ' read -r disk file; do
		case $file in
		'') ;;
		*,*)
			[ -r "${file#*,}" ] || why="'${file#*,}': the base of $disk cannot be read"
			[ -w "${file%%,*}" ] || why="'${file%%,*}': cannot be written (labpack build makes it)"
			;;
		*) [ -w "$file" ] || why="'$file': the disk $disk cannot be written" ;;
		esac
	done <"$at.disks"
	rm -f "$at.disks"
	[ -z "$why" ]
}

# index/mac/domain/tap, of which the last but one or the last is empty
split_net() {
	index=${net%%/*} net=${net#*/}
	mac=${net%%/*} net=${net#*/}
	domain=${net%/*} tap=${net#*/}
}

# The kernel's arguments, one a line.
guest_arguments() {
	case $m_console in
	lab) console=fd:0,fd:1 ;;
	none) console=null ;;
	*) console=$m_console ;;
	esac
	printf '%s\n' "umid=$umid" "mem=$m_mem" root=/dev/ubda "con0=$console" con=null "ssl$exec_line=fd:3,fd:4"
	[ "$m_cpus" -le 1 ] || printf 'ncpus=%s\n' "$m_cpus"
	# Kernels have other terminals built in.
	[ "$m_console" != xterm ] || is_among_arguments xterm= || printf '%s\n' xterm=xterm,-T,-e
	printf '%s\n' "$m_disks" | sed -n 's/ /=/p'
	for net in $m_nets; do
		split_net
		if [ -n "$tap" ]; then
			printf 'eth%s=tuntap,%s,%s\n' "$index" "$tap" "$mac"
		else
			domain_facts "$domain"
			printf 'eth%s=daemon,%s,unix,%s\n' "$index" "$mac" "$run/s$d_index.ctl"
		fi
	done
	fd=5
	for serial in $m_serials; do # index/cable/end
		printf 'ssl%s=fd:%s,fd:%s\n' "${serial%%/*}" $fd $((fd + 1))
		fd=$((fd + 2))
	done
	[ -z "$modules" ] || printf 'hostfs=%s\n' "$modules"
	printf '%s\n' ssl=null "$m_append" | tr -s ' ' '\n' | sed '/^$/d'
}

# The FIFOs as descriptors 3 and up. Beyond 9 only some shells can name them.
guest_redirections() {
	redirections="3<>$at.in 4<>$at.out"
	fd=5
	for serial in $m_serials; do
		end=${serial#*/}
		end=$run/k${end%/*}${end#*/}
		redirections="$redirections $fd<>$end.in $((fd + 1))<>$end.fifo"
		fd=$((fd + 2))
	done
	shell='sh'
	[ $fd -gt 10 ] || return 0
	for shell in bash "busybox sh" ksh; do
		if command -v "${shell%% *}" >/dev/null 2>&1 && $shell -c 'exec 10<>/dev/null' 2>/dev/null; then
			return 0
		fi
	done
	why="more than two serial cables need bash or busybox on this host"
	return 1
}

# FOLDER: can a program be executed that lies there? Tried, for mount options do not tell everything.
executes() {
	trial=$1/lab-trial.$id.$$
	(
		umask 077
		set -C
		printf '#!/bin/sh\n' >"$trial" && chmod 700 "$trial" && "$trial"
		status=$?
		rm -f "$trial"
		exit $status
	) >/dev/null 2>&1
}

# A guest's memory is a file that is mapped executable. $memory: the first folder where that can be, and
# that has room for all of the lab (containers often have 64 MB in /dev/shm).
choose_memory() {
	need=0 memory='' full=''
	for m in $machines; do
		machine_facts "$m"
		need=$((need + ${m_mem%K}))
	done
	for folder in /dev/shm "${TMPDIR-}" /tmp /var/tmp "$lab"; do
		case $folder in
		/*) executes "$folder" || continue ;;
		*) continue ;;
		esac
		free=$(df -P -k "$folder" 2>/dev/null | awk 'NR == 2 { printf "%.0f\n", $4 }')
		if [ "${free:-0}" -ge $need ]; then
			memory=$folder
			return 0
		fi
		full=${full:-$folder}
	done
	# It is sparse: what needs little may still fit.
	memory=$full
	[ -n "$memory" ] ||
		die "no guest can run: nothing may be executed in /dev/shm, \$TMPDIR, /tmp, /var/tmp and '$lab'" \
			"(set TMPDIR to a folder that is not mounted noexec)"
}

# $m, of which need_machine was asked: from its facts to a running kernel. $why says why not.
launch() {
	why=
	kernel_of && helpers_are_there && disks_are_there && guest_redirections || return 1
	for net in $m_nets; do
		split_net
		tap_is_there "$tap" "$m_tap_addresses" || return 1
	done
	[ "$m_cpus" -le 1 ] || grep -q ncpus= "$kernel" ||
		warn "'$m': its kernel knows no more than one processor, and $m_cpus are asked for"
	find_modules
	for serial in $m_serials; do
		cable_plug "${serial#*/}"
	done
	rm -f "$at.con" "$at.in" "$at.out" "$at.up" "$at.pid"
	rm -rf "${run:?}/.uml/$umid"
	mkfifo "$at.con" "$at.in" "$at.out"
	: >"$log"
	guest_arguments >"$at.args"
	# Without randomized addresses the machine has the same memory in each run.
	before=
	! setarch -R true 2>/dev/null || before="setarch -R"
	(
		HOME=$run
		TMPDIR=$memory
		[ ! -d "$lab/tools" ] || PATH=$lab/tools:$PATH
		export HOME TMPDIR PATH
		set -f
		IFS='
'
		# shellcheck disable=SC2046 # one argument a line
		set -- "$kernel" $(cat "$at.args")
		IFS=' '
		# shellcheck disable=SC2086 # several words
		detached "$at.pid" $before $shell -c "exec \"\$@\" $redirections" sh "$@" <>"$at.con" >>"$log" 2>&1
	)
	# Until it is what it was started as, nobody would know it.
	until is_alive || is_gone "$pid"; do
		nap 0.1
	done
	return 0
}

# Whatever is left of the machine: its main process may be gone and others not.
kill_processes() {
	! is_alive || kill -KILL "$pid" 2>/dev/null || :
	left=$(processes)
	tries=0
	while [ -n "$left" ] && [ $tries -lt 50 ]; do
		# shellcheck disable=SC2086 # one word a process
		kill -KILL $left 2>/dev/null || :
		nap 0.1
		left=$(processes)
		tries=$((tries + 1))
	done
	[ -z "$left" ]
}

# Its files in the folder of sockets.
forget_machine() {
	rm -rf "${run:?}/.uml/$umid"
	rm -f "$at.con" "$at.in" "$at.out" "$at.up" "$at.pid" "$at.args" "$at.lock" "$at.wait" "$at.sent"
}
