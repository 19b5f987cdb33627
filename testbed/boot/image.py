"""A root small enough to boot in seconds: busybox, and a first program that does what a test asks for on the console."""
import os
import random
import shutil

INIT = """#!/bin/busybox sh
export PATH=/bin:/sbin
echo "BOOTED $(cat /etc/version) run=$(sed -n 's/.*"reason": "\\([a-z-]*\\)".*/\\1/p' /run/stateless/boot.json)"
echo "BOOT-JSON $(tr -d '\\n' < /run/stateless/boot.json)"
default=$(cat /etc/test)
agent() { chroot /run/stateless-agent /usr/bin/stateless "$@"; }
for word in $(cat /proc/cmdline); do case $word in test=*) default=${word#test=} ;; esac; done
for test in $(echo "$default" | tr , ' '); do
  case $test in
    bless) agent boot bless && echo BLESSED ;;
    checks)
      echo x > /usr/new 2>/dev/null && echo "USR WRITABLE" || echo "USR READ-ONLY"
      echo x > /etc/new && echo "ETC WRITABLE"
      grep -q ' / overlay ' /proc/mounts && echo "ROOT OVERLAY"
      dd if=/dev/zero of=/var/full bs=64k 2>/dev/null; echo "FULL $(df -k / | awk 'NR==2{print $4}') ALIVE"; rm -f /var/full ;;
    readall) cat /usr/lib/data-* > /dev/null 2>/dev/null && echo "READ OK" || echo "READ FAILED $(dmesg | grep -c 'is corrupted')" ;;
    flip)
      # damages the data of the image below the mounted root, through the file itself
      path=$(sed -n 's/.*"state": "\\(.*\\)",/\\1/p' /run/stateless/boot.json)
      image=$(ls "$path"/releases/*/root.squashfs | head -n 1)
      size=$(stat -c %s "$image"); chmod u+w "$image"
      dd if=/dev/urandom of="$image" bs=4096 seek=$((size / 8192)) count=16 conv=notrunc 2>/dev/null; sync; echo 3 > /proc/sys/vm/drop_caches; echo FLIPPED ;;
    agent)
      state=$(sed -n 's/.*"state": "\\(.*\\)",/\\1/p' /run/stateless/boot.json)
      for try in 1 2 3 4 5 6 7 8 9 10; do [ -S /run/stateless/control.sock ] && break; sleep 1; done
      agent status --run /run/stateless --state "$state" --no-mount 2>&1 | sed 's/^/AGENT /'
      dmesg | grep 'stateless:' | sed 's/^/LOG /' ;;
    memory) for p in /proc/[0-9]*; do case $(tr '\\0' ' ' < $p/cmdline) in @stateless*) echo "AGENT-RSS $(awk '/VmRSS/{print $2}' $p/status)" ;; esac; done ;;
    panic) echo "PANIC NOW"; sync; echo c > /proc/sysrq-trigger ;;
    freeze)
      # the agent lives and does nothing any more: nobody feeds the watchdog
      for p in /proc/[0-9]*; do case $(tr '\\0' ' ' < $p/cmdline) in @stateless*) kill -STOP ${p#/proc/} ;; esac; done
      echo "FROZEN"; while :; do sleep 60; done ;;
    hang) echo "HANGING"; while :; do sleep 60; done ;;
    stay) echo "STAYING"; while :; do sleep 60; done ;;
    reboot) sync; reboot -f ;;
  esac
done
echo "DONE"
sync
poweroff -f
"""


def make_tree(path, version, mib, seed=1, test="bless"):
    """A root file system of that version; `mib` MiB of it do not compress. test: what its first program does by itself."""
    shutil.rmtree(path, ignore_errors=True)
    for folder in ("bin", "sbin", "etc", "proc", "sys", "dev", "run", "tmp", "var", "usr/lib", "root"):
        os.makedirs(os.path.join(path, folder))
    shutil.copy("/bin/busybox", os.path.join(path, "bin/busybox"))
    for applet in ("sh", "cat", "sed", "echo", "ls", "dd", "df", "awk", "grep", "tr", "sync", "poweroff", "reboot", "chroot", "sleep", "stat", "chmod",
                   "head", "dmesg", "rm", "wget", "ip", "mount", "umount", "ps", "kill"):
        os.symlink("busybox", os.path.join(path, "bin", applet))
    for name, text, mode in (("sbin/init", INIT, 0o755), ("etc/version", version + "\n", 0o644), ("etc/test", test + "\n", 0o644),
                             ("etc/os-release", "ID=tiny\nVERSION_ID=%s\n" % version, 0o644)):
        with open(os.path.join(path, name), "w") as file:
            file.write(text)
        os.chmod(os.path.join(path, name), mode)
    bytes_of = random.Random(seed).randbytes
    for index in range(mib):
        with open(os.path.join(path, "usr/lib", "data-%03d" % index), "wb") as file:
            file.write(bytes_of(1 << 20))
