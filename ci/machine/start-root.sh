#!/bin/busybox sh
# Process 1 of the initramfs: loads what the root needs, and goes on there.
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
for module in /modules/*; do insmod "$module"; done
tries=0
while [ ! -e /dev/vda ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
mount -t ext4 -o ro,noatime /dev/vda /new
for directory in dev proc sys; do mount --move /$directory /new/$directory; done
exec switch_root /new /sbin/start-job
