# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of both failover clusters share; sourced behind judge.sh. Nodes one and two,
# a client that mounts 192.168.1.100:/export, heartbeat.
service=192.168.1.100
# Half of it is what a node has that cannot get the other half.
has_address="ip -o addr show eth0 | grep -q ' $service/'"
has_disk='grep -q " /export " /proc/mounts'

# A client that was refused tries again ever later, up to three minutes; with timeo=50, fifteen seconds.
client_mounts() {
	on client "mount -t nfs -o vers=3,proto=tcp,nolock,hard,timeo=50 $service:/export /mnt"
}

# The talk's loop, with the seconds of each round: what the client sees of a failover.
client_begins() {
	on client 'rm -f /tmp/loop.log /tmp/stop
		(while [ ! -e /tmp/stop ]; do date +%s.%N >>/tmp/loop.log; ls /mnt >/dev/null; sleep 0.2; done \
			>/tmp/loop.err 2>&1 &)'
}

# The client's loop has gone round since: a line that is younger than this call.
client_goes_on() {
	lines=$(on client wc -l /tmp/loop.log | awk '{ print $1 }')
	sleep 1
	[ "$(on client wc -l /tmp/loop.log | awk '{ print $1 }')" -gt "$((lines + 1))" ]
}

# GAP: the longest time between two rounds, in seconds. An error is one that ls had.
client_ends() {
	on client 'touch /tmp/stop; cat /tmp/loop.log' >"$judge_tmp/loop"
	GAP=$(awk 'NR > 1 && $1 - last > gap { gap = $1 - last } { last = $1 } END { printf "%.1f", gap }' \
		"$judge_tmp/loop")
	[ -n "$GAP" ] || fail "the client's loop wrote nothing"
	on client 'cat /tmp/loop.err' >"$judge_tmp/loop.err"
	[ ! -s "$judge_tmp/loop.err" ] || {
		cat "$judge_tmp/loop.err"
		fail "the client saw an error"
	}
}

# serves NODE: the node has the service's address, the filesystem and the NFS server.
serves() {
	on "$1" "$has_address && $has_disk && [ \"\$(cat /proc/fs/nfsd/threads)\" -gt 0 ]"
}

# says_no NODE CONDITION: the node itself says that it is not so; one that does not answer says nothing.
says_no() {
	[ "$(on "$1" "if $2; then echo yes; else echo no; fi")" = no ]
}

serves_not() {
	says_no "$1" "$has_address || $has_disk"
}

# one or two: who serves; fails when nobody does.
active() {
	for active_node in one two; do
		if serves "$active_node" 2>/dev/null; then
			echo "$active_node"
			return 0
		fi
	done
	return 1
}

other() {
	case $1 in
	one) echo two ;;
	*) echo one ;;
	esac
}

# What heartbeat said last on both nodes; of one that does not answer, that.
explain() {
	for node in one two; do
		timeout 20 "$LAB" exec -n "$node" 'tail -n 60 /var/log/ha-log; ps' 2>&1 | sed "s/^/     $node: /"
	done
}

cluster_starts() {
	for node in one two; do
		on "$node" /etc/init.d/heartbeat start >/dev/null 2>&1 &
	done
	wait
}

cluster_stops() {
	for node in one two; do
		on "$node" /etc/init.d/heartbeat stop >/dev/null 2>&1 &
	done
	wait
}

# Both nodes say that the cluster is stable, and one of them serves.
stable() {
	for node in one two; do
		[ "$(on "$node" cl_status rscstatus 2>/dev/null)" != transition ] || return 1
	done
	active >/dev/null
}
