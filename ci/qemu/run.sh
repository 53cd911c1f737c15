#!/bin/sh
# Runs a program for aarch64, and whatever programs for aarch64 that one starts: `qemu-aarch64 PROGRAM` alone would
# leave those to a kernel that cannot. The kernel is told of qemu in a user namespace of our own (Linux 6.7 or later),
# so that nothing of it is seen outside or has to be undone; where it knows of qemu already, nothing is to be done.
set -eu
export QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
formats=/proc/sys/fs/binfmt_misc
if [ -e "$formats/qemu-aarch64" ]; then
    exec "$@"
fi
if [ "${1-}" != inside ]; then
    exec unshare --user --map-root-user --mount -- "$0" inside "$@"
fi
shift
mount -t binfmt_misc none "$formats" || {
    echo "$0: this kernel keeps formats of programs for all alike: install qemu-user-static and binfmt-support" >&2
    exit 1
}
# name : by magic : from the start : 64 bits, little-endian, executable, for machine 0xb7 : which bits count
printf '%s' ':qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/bin/qemu-aarch64:P' > "$formats/register"
exec "$@"
