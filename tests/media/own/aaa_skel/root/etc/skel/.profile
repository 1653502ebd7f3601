# ~/.profile: read by login shells
test -z "$PROFILEREAD" && . /etc/profile
test -s ~/.bashrc && . ~/.bashrc
