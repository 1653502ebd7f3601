# SPDX-License-Identifier: GPL-2.0-or-later
# --- main ----------------------------------------------------------------------------------------
help() {
	cat <<'END'
usage: lab COMMAND [ARGUMENT...]

  start [-n] [-t SECONDS] [-j N] [MACHINE...]
                                  start machines (all) and what they wait for in lab.dep, N at a time,
                                  until each is up: its startup scripts are through. -n does not wait
  stop [-t SECONDS] [MACHINE...]  halt machines (all), the hard way after 60 seconds; with the last
                                  one the switches go, and nothing is left
  restart [MACHINE...]            stop and start
  status [--json]                 machines, switches, cables
  console MACHINE                 its console on this terminal; Ctrl-] leaves it
  log [-f] MACHINE                what its console showed since it was started
  exec [-n] MACHINE COMMAND       run it there as root; its exit code is ours. One word is a line for
                                  the shell, several are a program and its arguments. Standard input
                                  goes along unless it is a terminal or -n is given
  put MACHINE FILE DESTINATION    copy a file into a machine
  get MACHINE FILE [DESTINATION]  copy a file out of a machine

  cut NAME...                     nothing passes a switch or a cable any more
  join NAME...                    it passes again
  kill MACHINE...                 power cut
  reboot MACHINE...               reboot from inside, until it is up again
  sysrq MACHINE KEY               one of the magic keys
  mconsole MACHINE [WORD...]      the kernel's own console: version, config, stop, go, ...
  detach MACHINE DISK             take a disk (ubd1) away
  attach MACHINE DISK             give it back
  sniff SWITCH|CABLE [FILE]       the packets of a hub, as pcap or through tcpdump; the text on a cable

The kernel is the machine's own, $LAB_KERNEL, kernel/linux of this folder, or "linux" of PATH. Exit
codes: 0 done, 1 failed, 2 usage. lab(7) tells more.
END
}

main() {
	# Bytes are bytes.
	LC_ALL=C
	export LC_ALL
	quiet=
	if [ "${1-}" = -q ]; then
		quiet=yes
		shift
	fi
	case ${1-} in
	help | --help | -h)
		help
		exit 0
		;;
	start | stop | restart | status | console | log | exec | put | get) ;;
	cut | join | kill | reboot | sysrq | mconsole | detach | attach | sniff) ;;
	'') usage_error "a command is missing" ;;
	*) usage_error "'$1': no such command" ;;
	esac
	find_lab
	uml_mconsole=$(tool uml_mconsole) || uml_mconsole=uml_mconsole
	command=$1
	shift
	"command_$command" "$@"
}

main "$@"
