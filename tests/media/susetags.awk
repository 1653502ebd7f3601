# SPDX-License-Identifier: GPL-2.0-or-later
# susetags.awk: input 1, facts of files: "S path sha1", "Z path size", "R required-path"; input 2, what
# susetags.sh asks rpm, lines that begin with @@ and a key, descriptions between.
# Variables: files (the list, in the order of the query), packages and english (outputs).

function relation(text,    part, count) {
	# "type name [op version]"; no relation, no version
	count = split(text, part, " ")
	if (count >= 4)
		return part[2] " " part[3] " " part[4]
	return part[2]
}

function list(tag, lines) {
	if (lines != "")
		printf "+%s:\n%s-%s:\n", tag, lines, tag >packages
}

function once(key, line) {
	if ((key, line) in seen)
		return ""
	seen[key, line] = 1
	return line "\n"
}

function reset(    key) {
	for (key in seen)
		delete seen[key]
	req = prq = prv = con = obs = rec = des = ""
}

function write_package(    part, dir, file) {
	if ((getline path <files) <= 0) {
		print "susetags: more packages than files" >"/dev/stderr"
		exit 1
	}
	split(path, part, "/")
	dir = part[1]
	file = part[2]
	printf "=Pkg: %s %s %s %s\n", name, ver, rel, arch >packages
	printf "=Cks: SHA1 %s\n", sha1[path] >packages
	list("Req", req)
	list("Prq", prq)
	list("Prv", prv)
	list("Con", con)
	list("Obs", obs)
	list("Rec", rec)
	printf "=Grp: %s\n=Lic: %s\n", grp, lic >packages
	if (src != "" && src != "(none)") {
		sub(/\.src\.rpm$/, "", src)
		n = split(src, part, "-")
		base = part[1]
		for (i = 2; i <= n - 2; i++)
			base = base "-" part[i]
		printf "=Src: %s %s %s src\n", base, part[n - 1], part[n] >packages
	}
	printf "=Tim: %s\n=Loc: 1 %s %s\n=Siz: %s %s\n", tim, file, dir, size[path], ins >packages
	printf "=Pkg: %s %s %s %s\n=Sum: %s\n+Des:\n%s-Des:\n", name, ver, rel, arch, sum, des >english
	count++
}

NR == FNR {
	if ($1 == "S")
		sha1[$2] = $3
	else if ($1 == "Z")
		size[$2] = $3
	else
		wanted[$2] = 1
	next
}

BEGIN {
	print "=Ver: 2.0" >packages
	print "=Ver: 2.0" >english
}

!/^@@[a-z][a-z][a-z]/ {
	des = des $0 "\n"
	next
}

{
	key = substr($1, 3)
	value = substr($0, 7)
}

key == "pkg" {
	reset()
	name = $2
	ver = $3
	rel = $4
	arch = $5
}
key == "sum" { sum = value }
key == "grp" { grp = value }
key == "lic" { lic = value }
key == "tim" { tim = value }
key == "src" { src = value }
key == "ins" { ins = value }
key == "req" {
	# What a scriptlet needs has to be there before: SuSE's prerequisites.
	if ($2 ~ /pre|post/ && $2 !~ /preun|postun/)
		prq = prq once("prq", relation(value))
	else
		req = req once("req", relation(value))
}
key == "prv" { prv = prv once("prv", relation(value)) }
key == "con" { con = con once("con", relation(value)) }
key == "obs" { obs = obs once("obs", relation(value)) }
key == "rec" { rec = rec once("rec", relation(value)) }
key == "fil" && (value in wanted) { prv = prv once("prv", value) }
key == "end" { write_package() }

END {
	while ((getline path <files) > 0)
		missing++
	if (missing) {
		print "susetags: " missing " files without a package" >"/dev/stderr"
		exit 1
	}
}
