# ~/.bashrc: aliases and functions of interactive shells
test -z "$PS1" && return
test -s ~/.alias && . ~/.alias
HISTCONTROL=ignoredups
