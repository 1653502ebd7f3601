#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Starts, stops and shakes the lab in this folder; './lab help' lists its commands. It needs sh, the
# common tools of POSIX, a User Mode Linux kernel, uml_switch and uml_mconsole, and no root.
# Made by 'labpack build' from lab.conf, which is what to change.
set -eu
