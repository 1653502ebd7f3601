#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# apt.sh CACHE ARCH: reads Debian package names on stdin, brings them into CACHE/debs by
# apt-get, prints "name file" for each. apt's lists and cache are private (CACHE/apt-ARCH), so
# that it needs no root, leaves the system alone and can serve an architecture that the system
# does not have; only the sources and keyrings of /etc/apt are used. What was once resolved is
# remembered in CACHE/debs-ARCH.lock: remove that file to take newer versions.
set -eu

cache=$(cd "${1:?}" && pwd)
arch=${2:?}
lock=$cache/debs-$arch.lock
state=$cache/apt-$arch
tmp=$(mktemp -d "${cache:?}/apt.XXXXXX")
trap 'rm -rf "${tmp:?}"' EXIT

die() {
	echo "tests/media: $*" >&2
	exit 1
}

# Everything the system says of transport and sources (proxies, mirrors), nothing of its hooks:
# those clean or notify the system's own cache.
private_config() {
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/parts"
	: >"$state/status"
	(
		umask 077
		apt-config dump | grep '^Acquire' >"$state/parts/system" || :
	)
	cat >"$state/apt.conf" <<-END
		Dir::Etc::Parts "$state/parts";
		Dir::State "$state";
		Dir::State::Lists "$state/lists";
		Dir::State::status "$state/status";
		Dir::Cache "$state/cache";
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Sandbox::User "";
		APT::Install-Recommends "false";
	END
}

apt() {
	LC_ALL=C APT_CONFIG=$state/apt.conf apt-get -qq "$@"
}

update() {
	echo "tests/media: reading package lists ($arch)" >&2
	apt update >"$tmp/log" 2>&1 || {
		# A mirror in the middle of its own update lacks the lists of one suite for hours: the
		# other suites serve, and what is not in them is named when it is looked for.
		set -- "$state"/lists/*_Packages*
		if [ ! -e "$1" ]; then
			cat "$tmp/log" >&2
			die "apt-get update failed"
		fi
		echo "tests/media: going on without a list:" \
			"$(sed -n 's/^E: Failed to fetch //p' "$tmp/log" | head -n 1)" >&2
	}
	touch "$state/updated"
}

# resolve: "name file" of every name in $tmp/missing, appended to the lock.
resolve() {
	# shellcheck disable=SC2046 # one argument per package name
	apt --print-uris download $(cat "$tmp/missing") >"$tmp/uris" 2>"$tmp/log" || return 1
	awk '{ file = $2; sub(/_.*/, "", $2); print $2, file }' "$tmp/uris" >"$tmp/found"
	awk 'NR == FNR { found[$1] = 1; next } !($1 in found)' "$tmp/found" "$tmp/missing" \
		>"$tmp/unknown"
	[ ! -s "$tmp/unknown" ] || return 1
	sort -u "$tmp/found" ${locked:+"$lock"} >"$tmp/lock"
	mv "$tmp/lock" "$lock"
}

download() {
	mkdir -p "$tmp/new"
	# shellcheck disable=SC2046
	(cd "$tmp/new" && apt download $(cat "$tmp/absent") >"$tmp/log" 2>&1) || return 1
	mkdir -p "$cache/debs"
	mv "$tmp/new"/*.deb "$cache/debs/"
}

# absent: names whose file is not in the cache yet
absent() {
	awk 'NR == FNR { want[$1] = 1; next } $1 in want' "$tmp/names" "$lock" |
		while read -r name file; do
			[ -e "$cache/debs/$file" ] || echo "$name"
		done >"$tmp/absent"
}

sort -u >"$tmp/names"
[ -s "$tmp/names" ] || exit 0
locked=
[ ! -s "$lock" ] || locked=1
if [ -n "$locked" ]; then
	awk 'NR == FNR { have[$1] = 1; next } !($1 in have)' "$lock" "$tmp/names" >"$tmp/missing"
else
	cp "$tmp/names" "$tmp/missing"
fi
if [ -s "$tmp/missing" ]; then
	private_config
	[ -e "$state/updated" ] || update
	resolve || {
		update
		resolve
	} || {
		cat "$tmp/log" >&2
		die "cannot find Debian packages ($arch): $(tr '\n' ' ' <"$tmp/missing")"
	}
fi
absent
if [ -s "$tmp/absent" ]; then
	private_config
	echo "tests/media: fetching $(grep -c . "$tmp/absent") Debian packages ($arch)" >&2
	# A version that left the mirror: forget the absent ones and resolve them once more.
	download || {
		awk 'NR == FNR { gone[$1] = 1; next } !($1 in gone)' "$tmp/absent" "$lock" \
			>"$tmp/kept"
		mv "$tmp/kept" "$lock"
		locked=1
		cp "$tmp/absent" "$tmp/missing"
		update
		resolve && absent && download
	} || {
		cat "$tmp/log" >&2
		die "cannot fetch Debian packages"
	}
fi
awk 'NR == FNR { want[$1] = 1; next } $1 in want' "$tmp/names" "$lock"
