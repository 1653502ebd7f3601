# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of the labs share; sourced. Each tells its story on stdout, stops what it started
# however it ends, and exits 1 at the first thing that is not as it should be.
# LAB is the lab's start script (default ./lab), JUDGE_LOG where a failed step leaves its output.
LAB=${LAB:-./lab}
judge_begin=$(date +%s)
judge_tmp=$(mktemp -d "${TMPDIR:-/tmp}/judge.XXXXXX")

# "  12s  text": seconds since the test began.
say() {
	printf '%4ds  %s\n' "$(($(date +%s) - judge_begin))" "$*"
}

# A lab that knows more of what went wrong defines explain().
fail() {
	say "FAIL: $*"
	! command -v explain >/dev/null || explain
	exit 1
}

# On every way out: nothing of the lab may run on.
judge_end() {
	judge_status=$?
	trap - EXIT
	trap : INT TERM
	# A signal to the whole group, the second one of timeout(1) say, ends 'stop', too.
	until "$LAB" stop >"$judge_tmp/stop" 2>&1; do
		[ $? -le 128 ] || continue
		cat "$judge_tmp/stop"
		judge_status=1
		break
	done
	rm -rf "${judge_tmp:?}"
	[ "$judge_status" -ne 0 ] || say "done"
	exit "$judge_status"
}
trap judge_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# on MACHINE COMMAND...: run it there; its output, its exit code.
on() {
	"$LAB" exec -n "$@"
}

# now: seconds, with three digits behind the point where date has them.
now() {
	date +%s.%N | sed 's/N$/000/; s/\(\.[0-9][0-9][0-9]\).*/\1/'
}

# since BEGIN: seconds from BEGIN to now, one digit behind the point.
since() {
	echo "$1 $(now)" | awk '{ printf "%.1f\n", $2 - $1 }'
}

# wait_for SECONDS WHAT COMMAND...: until COMMAND succeeds; WHAT is what did not come true in time.
# WAITED is how long it took.
wait_for() {
	wait_limit=$1
	wait_what=$2
	shift 2
	wait_begin=$(now)
	until "$@" >"$judge_tmp/wait" 2>&1; do
		if [ "$(since "$wait_begin" | cut -d. -f1)" -ge "$wait_limit" ]; then
			cat "$judge_tmp/wait"
			fail "not within $wait_limit seconds: $wait_what"
		fi
		sleep 0.2
	done
	WAITED=$(since "$wait_begin")
}

# shows TEXT COMMAND...: its output has TEXT in it.
shows() {
	shows_text=$1
	shift
	"$@" >"$judge_tmp/shows" 2>&1
	grep -qF -e "$shows_text" "$judge_tmp/shows" || {
		cat "$judge_tmp/shows"
		return 1
	}
}
