#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# susetags.sh DATADIR LIST DESCR: writes DESCR/packages and DESCR/packages.en (susetags 2.0) for
# the RPMs named in LIST, paths relative to DATADIR ("x86_64/a-1-1.x86_64.rpm").
set -eu
export LC_ALL=C

datadir=${1:?}
list=$(cd "$(dirname "${2:?}")" && pwd)/$(basename "$2")
descr=$(cd "${3:?}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "${tmp:?}"' EXIT
cd "$datadir"

# query FORMAT: one rpm process for all, in the order of the list.
query() {
	xargs rpm -qp --nosignature --nodigest --dbpath "$tmp/db" --queryformat "$1" <"$list"
}

xargs sha1sum <"$list" | awk '{ print "S", $2, $1 }' >"$tmp/facts"
xargs stat -c 'Z %n %s' <"$list" >>"$tmp/facts"
# File names that some package requires: they go among the provides, as YaST wrote them.
query '[%{REQUIRENAME}\n]' | grep '^/' | sort -u | sed 's/^/R /' >>"$tmp/facts"

# shellcheck disable=SC2016 # rpm's own language
query '@@pkg %{NAME} %{VERSION} %{RELEASE} %{ARCH}
@@sum %{SUMMARY}
@@grp %{GROUP}
@@lic %{LICENSE}
@@tim %{BUILDTIME}
@@src %{SOURCERPM}
@@ins %{LONGSIZE}
[@@req %{REQUIREFLAGS:deptype} %{REQUIRENAME} %{REQUIREFLAGS:depflags} %{REQUIREVERSION}
][@@prv - %{PROVIDENAME} %{PROVIDEFLAGS:depflags} %{PROVIDEVERSION}
][@@con - %{CONFLICTNAME} %{CONFLICTFLAGS:depflags} %{CONFLICTVERSION}
][@@obs - %{OBSOLETENAME} %{OBSOLETEFLAGS:depflags} %{OBSOLETEVERSION}
][@@rec - %{RECOMMENDNAME} %{RECOMMENDFLAGS:depflags} %{RECOMMENDVERSION}
][@@fil %{FILENAMES}
]@@des
%{DESCRIPTION}
@@end
' | awk -v files="$list" -v packages="$descr/packages" -v english="$descr/packages.en" \
	-f "$here/susetags.awk" "$tmp/facts" -
