# SPDX-License-Identifier: GPL-2.0-or-later
# STYLE: files of at most 500 lines, functions of at most 100, lines of at most
# 120 columns (a tab is 8 wide; we write for 100). There is no list of exceptions.

function finish() {
	if (name != "" && lines > 500)
		report(name, lines, "the file has " lines " lines")
}

function report(file, line, what) {
	print file ":" line ": " what
	bad = 1
}

FNR == 1 { finish(); name = FILENAME; start = 0 }
{
	lines = FNR
	width = 0
	for (i = 1; i <= length($0); i++)
		width = substr($0, i, 1) == "\t" ? width + 8 - width % 8 : width + 1
	if (width > 120)
		report(FILENAME, FNR, width " columns")
}
/^{/ { start = FNR }
/^}/ {
	if (start && FNR - start > 100)
		report(FILENAME, start, "a function of " FNR - start " lines")
	start = 0
}
/[ \t]$/ { report(FILENAME, FNR, "blanks at the end") }
END { finish(); exit bad }
