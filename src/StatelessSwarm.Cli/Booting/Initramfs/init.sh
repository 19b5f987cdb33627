#!/bin/sh
# First program of a stand-alone initramfs: modules, then the agent finds, proves and mounts a root, then the machine is its.
export PATH=/usr/bin:/usr/sbin:/bin:/sbin LC_ALL=C
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sys /sys
mount -t devtmpfs -o nosuid,mode=0755 dev /dev
mkdir -p /dev/pts && mount -t devpts -o nosuid,noexec,gid=5,mode=0620 pts /dev/pts
mount -t tmpfs -o nosuid,nodev,mode=0755 run /run
exec </dev/console >/dev/console 2>&1

while read -r module; do modprobe -q "$module"; done < /etc/stateless/modules
# twice: a bus found by the first pass shows its devices to the second
for pass in 1 2; do
  find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u | while read -r alias; do modprobe -q "$alias"; done
done

init=/sbin/init arguments='' rest=''
for word in $(cat /proc/cmdline); do
  case $word in
    init=/*) init=${word#init=} ;;
    single|s|S|1|2|3|4|5|emergency|rescue) arguments="$arguments $word" ;;
    --) rest=1 ;;
    *) [ -z "$rest" ] || arguments="$arguments $word" ;;
  esac
done

if stateless boot root --target /newroot; then
  for place in dev proc sys run; do mkdir -p "/newroot/$place" && mount -o move "/$place" "/newroot/$place"; done
  # shellcheck disable=SC2086
  exec switch_root /newroot "$init" $arguments
fi
echo 'stateless: no root; this is a shell in the initramfs'
exec setsid cttyhack sh
