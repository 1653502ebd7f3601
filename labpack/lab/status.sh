# SPDX-License-Identifier: GPL-2.0-or-later
# --- status --------------------------------------------------------------------------------------
# FILE without its ".pid": "up", "cut" or "down"
link_state() {
	state=down
	if is_running "$1"; then
		state=up
		! is_stopped "$pid" || state='cut'
	fi
}

# TEXT as a JSON string
json() {
	printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037' | sed 's/[\\"]/\\&/g')"
}

json_machine() {
	need_machine "$1"
	machine_state
	startup=null
	case $state in
	failed:*)
		startup=$(json "${state#failed:}")
		state=up
		;;
	esac
	printf '%s\n    {"name": %s, "state": "%s", "pid": %s, "umid": "%s", "failed_startup": %s, "log": %s}' \
		"$comma" "$(json "$1")" "$state" "${pid:-null}" "$umid" "$startup" "$(json "$log")"
	comma=,
}

json_status() {
	printf '{\n  "lab": %s,\n  "folder": %s,\n  "run": %s,\n  "machines": [' \
		"$(json "$lab_name")" "$(json "$lab")" "$(json "$run")"
	comma=
	for m in $machines; do
		json_machine "$m"
	done
	printf '\n  ],\n  "switches": ['
	comma=
	for domain in $domains; do
		need_domain "$domain"
		link_state "$switch"
		printf '%s\n    {"name": %s, "type": "%s", "state": "%s", "pid": %s, "socket": "%s"}' \
			"$comma" "$(json "$domain")" "$d_type" "$state" "${pid:-null}" "$switch.ctl"
		comma=,
	done
	printf '\n  ],\n  "cables": ['
	comma=
	for link in $cables; do
		need_cable "$link"
		link_state "${cable}a"
		printf '%s\n    {"name": %s, "ends": [%s, %s], "state": "%s"}' \
			"$comma" "$(json "$link")" "$(json "$k_a")" "$(json "$k_b")" "$state"
		comma=,
	done
	printf '\n  ]\n}\n'
}

text_status() {
	printf '%-20s %-10s %s\n' MACHINE STATE PROCESS
	for m in $machines; do
		need_machine "$m"
		machine_state
		note=
		case $state in
		failed:*) note="  (${state#failed:} is the exit code of a startup script)" state=up ;;
		esac
		printf '%-20s %-10s %s%s\n' "$m" "$state" "${pid:--}" "$note"
	done
	[ -z "$domains" ] || printf '%-20s %-10s %s\n' SWITCH STATE PROCESS
	for domain in $domains; do
		need_domain "$domain"
		link_state "$switch"
		printf '%-20s %-10s %s\n' "$domain" "$state" "${pid:--}"
	done
	[ -z "$cables" ] || printf '%-20s %-10s %s\n' CABLE STATE ENDS
	for link in $cables; do
		need_cable "$link"
		link_state "${cable}a"
		printf '%-20s %-10s %s %s\n' "$link" "$state" "$k_a" "$k_b"
	done
}

command_status() {
	case ${1-} in
	'') text_status ;;
	--json) json_status ;;
	*) usage_error "status: unknown option '$1'" ;;
	esac
}
