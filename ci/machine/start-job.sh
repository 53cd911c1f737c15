#!/bin/busybox sh
# Process 1 of the root: shares a directory of the host at its own path, runs the job, says its status, and powers off.
export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root TERM=linux LANG=C.UTF-8
argument() { sed -n "s/.*$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
mkdir -p /dev/pts /dev/shm
mount -t devpts -o ptmxmode=666,mode=620 devpts /dev/pts
for directory in /dev/shm /run /root; do mount -t tmpfs tmpfs $directory; done
mount -t tmpfs -o mode=1777 tmpfs /tmp
ln -sf /proc/self/fd /dev/fd
busybox ip link set lo up
busybox hostname machine
share=$(argument ci.share)
# The root is not written to: above the path of the share stands a file system of its own.
above=/$(echo "$share" | cut -d/ -f2)
[ -d "$above" ] || mount -o remount,rw /
mkdir -p "$above"
mountpoint -q "$above" || mount -t tmpfs tmpfs "$above"
mkdir -p "$share"
mount -t virtiofs share "$share"
out=/dev/console
for port in /sys/class/virtio-ports/*; do
  [ "$(cat "$port/name")" = ci.out ] && out=/dev/${port##*/}
done
cd /root
/bin/bash "$(argument ci.job)" < /dev/null > "$out" 2>&1
status=$?
echo "STATUS $status" > "$out"
busybox poweroff -f
