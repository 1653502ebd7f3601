#!/bin/sh
# src_vipa.sh ADDRESS COMMAND [ARGUMENT]...: COMMAND's connections come from ADDRESS.
[ $# -ge 2 ] || { echo "usage: src_vipa.sh ADDRESS COMMAND [ARGUMENT]..." >&2 && exit 2; }
SRC_VIPA=$1
shift
LD_PRELOAD=/lib/src_vipa.so
export SRC_VIPA LD_PRELOAD
exec "$@"
