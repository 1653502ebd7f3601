#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tree.sh OUT FOLDERS KEY: lays the RPMs of the folders named in the file FOLDERS out as media:
# for SET=bench a plain folder with bench.list, else a tree as SuSE's with susetags.
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
out=${1:?}
folders=${2:?}
key=${3:?}

case $ARCH in
amd64) cpu=x86_64 ;;
*) cpu=i586 ;;
esac

# Copies: who damages the media for a test leaves the cache whole.
place() {
	[ ! -e "$2/${1##*/}" ] || {
		echo "tests/media: two packages are called ${1##*/}" >&2
		exit 1
	}
	cp --reflink=auto -p "$1" "$2/"
}

cp "$key" "$out/gpg-pubkey.asc"
if [ "$SET" = bench ]; then
	while read -r folder; do
		place "$(echo "$folder"/*.rpm)" "$out"
	done <"$folders"
	(cd "$out" && ls -- *.rpm) >"$out/bench.list"
	exit 0
fi

descr=$out/suse/setup/descr
mkdir -p "$out/media.1" "$out/suse/$cpu" "$out/suse/noarch" "$descr"
while read -r folder; do
	for rpm in "$folder"/*.rpm; do
		case $rpm in
		*.noarch.rpm) place "$rpm" "$out/suse/noarch" ;;
		*) place "$rpm" "$out/suse/$cpu" ;;
		esac
	done
done <"$folders"

printf 'mkroot test media\n20031001000000\n1\n' >"$out/media.1/media"
printf '/ SuSE-shaped-Linux 9.0\n' >"$out/media.1/products"
cat >"$out/content" <<END
PRODUCT SuSE-shaped Linux
VERSION 9.0
LABEL SuSE-shaped Linux 9.0 (mkroot demo)
VENDOR mkroot test media
ARCH.x86_64 x86_64 i686 i586 i486 i386 noarch
ARCH.i686 i686 i586 i486 i386 noarch
ARCH.i586 i586 i486 i386 noarch
DEFAULTBASE $cpu
LINGUAS de en fr
DESCRDIR suse/setup/descr
DATADIR suse
END

(cd "$out/suse" && find "$cpu" noarch -name '*.rpm' | sort) >"$descr/.files"
"$here/susetags.sh" "$out/suse" "$descr/.files" "$descr"
rm "$descr/.files"
cp "$here/Minimal.sel" "$descr/Minimal.sel"
echo Minimal.sel >"$descr/selections"
