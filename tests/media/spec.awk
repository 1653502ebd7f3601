# SPDX-License-Identifier: GPL-2.0-or-later
# spec.awk: the %files list of one package.
# Input 1 (FILENAME ~ /common$/): own/filesystem/attrs, whose directories other packages leave alone.
# Input 2 (FILENAME ~ /listing$/): lines of `tar tv` (Debian's owners and modes).
# Input 3 (FILENAME ~ /overlay$/): "TYPE MODE PATH" of our own files, find's %y %m.
# Input 4 (FILENAME ~ /conffiles$/): Debian's conffiles.
# Input 5 (FILENAME ~ /attrs$/): own/NAME/attrs, applied by convert to the tree already; here the owners,
# modes and rpm's own markings.
# Input 6 (FILENAME ~ /present$/): every path of the finished tree.
# Variables: name (of the package).

# /bin/x and /usr/bin/x are one place on a merged system.
function merged(path) {
	if (path ~ /^\/(bin|sbin|lib|lib64)(\/|$)/)
		return "/usr" path
	return path
}

function octal(perms,    i, c, digit, sum, special) {
	special = 0
	sum = ""
	for (i = 0; i < 3; i++) {
		digit = 0
		if (substr(perms, 2 + 3 * i, 1) == "r")
			digit += 4
		if (substr(perms, 3 + 3 * i, 1) == "w")
			digit += 2
		c = substr(perms, 4 + 3 * i, 1)
		if (c ~ /[xst]/)
			digit += 1
		if (c ~ /[sStT]/)
			special += i == 0 ? 4 : i == 1 ? 2 : 1
		sum = sum digit
	}
	return special sum
}

function add(path, type, mode, owner, group) {
	if (!(path in types))
		order[++count] = path
	types[path] = type
	modes[path] = mode
	owners[path] = owner
	groups[path] = group
}

# A name as the file list wants it: quoted, glob characters and macros harmless.
function quoted(path) {
	gsub(/%/, "%%", path)
	gsub(/[[*?{]/, "[&]", path)
	return "\"" path "\""
}

function is_doc(path) {
	return path ~ /^\/usr\/share\/(doc|man|info)\//
}

# Translations carry their language, as in any distribution.
function language(path,    part) {
	if (path !~ /^\/usr\/share\/(locale|man)\//)
		return ""
	split(path, part, "/")
	if (part[4] == "man" && part[5] ~ /^man[0-9]/)
		return ""
	if (part[5] !~ /^[a-z][a-z][a-z]?([_.@].*)?$/)
		return ""
	sub(/[.].*/, "", part[5])
	return "%lang(" part[5] ") "
}

function print_line(path, type,    marks) {
	marks = marked[path]
	if (type == "d") {
		if (name != "filesystem" && merged(path) in common)
			return
		marks = "%dir " marks
	} else if (path in conffile && marks !~ /%config/) {
		marks = "%config(noreplace) " marks
	} else if (is_doc(path)) {
		marks = language(path) "%doc " marks
	} else {
		marks = language(path) marks
	}
	if (type == "l")
		printf "%s%%attr(-,%s,%s) %s\n", marks, owners[path], groups[path], quoted(path)
	else
		printf "%s%%attr(%s,%s,%s) %s\n", marks, modes[path], owners[path], groups[path],
			quoted(path)
}

FILENAME ~ /common$/ {
	if ($1 == "dir" || $1 == "link")
		common[merged($2)] = common[$2] = 1
	next
}

FILENAME ~ /listing$/ {
	perms = $1
	split($2, who, "/")
	path = $0
	sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ \./, "", path)
	if (perms ~ /^l/)
		sub(/ -> .*/, "", path)
	else if (perms ~ /^h/)
		sub(/ link to .*/, "", path)
	sub(/\/$/, "", path)
	if (path != "")
		add(path, substr(perms, 1, 1), octal(perms), who[1], who[2])
	next
}

FILENAME ~ /overlay$/ {
	path = $0
	sub(/^[^ ]+ [^ ]+ \.?/, "", path)
	if (path != "" && !($1 == "d" && path in types))
		add(path, $1, $1 == "d" || $2 ~ /[1357]/ ? "0755" : "0644", "root", "root")
	next
}

FILENAME ~ /present$/ {
	sub(/^[.]/, "")
	present[$0] = 1
	next
}

FILENAME ~ /conffiles$/ {
	conffile[$1] = 1
	next
}

/^#/ || NF == 0 {
	next
}

$1 == "link" || $1 == "hard" {
	add($2, $1 == "link" ? "l" : "-", $1 == "link" ? "0777" : modes[$3],
		$1 == "link" ? "root" : owners[$3], $1 == "link" ? "root" : groups[$3])
	for (i = 4; i <= NF; i++)
		marked[$2] = marked[$2] $i " "
	next
}

# dir, file, fifo, ghost, node: KIND PATH MODE OWNER GROUP [node: c|b MAJOR MINOR] [marks...]
$1 ~ /^(dir|file|fifo|ghost|node)$/ {
	first = 6
	extra = ""
	if ($1 == "node") {
		extra = "%dev(" $6 " " $7 " " $8 ") "
		first = 9
	} else if ($1 == "ghost") {
		extra = "%ghost "
	}
	for (i = first; i <= NF; i++)
		extra = extra $i " "
	if ($1 == "file" && !($2 in types)) {
		print name ": attrs names a missing file: " $2 >"/dev/stderr"
		exit 1
	}
	add($2, $1 == "dir" ? "d" : "-", $3, $4, $5)
	marked[$2] = extra
	next
}

END {
	for (i = 1; i <= count; i++)
		if (!gone(order[i]))
			print_line(order[i], types[order[i]])
}

# What convert removed from the tree after Debian's list was made.
function gone(path) {
	return !(path in present) && marked[path] !~ /%dev/
}
