"""A virtual machine: QEMU without KVM, Debian's kernel, its serial console as lines of text."""
import glob
import os
import re
import signal
import subprocess
import threading
import time

from testbed.netns import command_in, sh

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[c78]|\r")


def kernel():
    """(version, path) of the newest cloud kernel that is installed: small, and all that virtual machines need."""
    found = sorted(glob.glob("/boot/vmlinuz-*-cloud-amd64"))
    if not found:
        raise SystemExit("no kernel for guests: install linux-image-cloud-amd64")
    return os.path.basename(found[-1])[len("vmlinuz-"):], found[-1]


class Guest:
    """One machine on a bridge of a lab. Every line of its console is kept with the second it came in, and goes to a log."""

    def __init__(self, lab, number, directory, initrd, arguments, memory_mib=384, disk=None, network="lan", reboots=False, extra=(), firmware=None):
        """number: which guest of the site, 1 to 9. network: "lan"; "dead", a link where nobody answers; "none", no interface.
        reboots: it may restart, else it ends. firmware: "rom" boots by the card's iPXE, "uefi" by OVMF, "bios" by SeaBIOS from what `extra`
        attaches; None by kernel and initrd as given."""
        site = lab.plan.sites[0]
        self.number, self.mac = number, "52:54:00:77:01:%02x" % (0x80 + number)
        self.ip = "%s.%d" % (site.gateway.rsplit(".", 1)[0], 200 + number)
        self.gateway = site.gateway
        tap, bridge = "vm%d" % number, site.bridges[0][0]
        if tap not in sh(["ip", "-n", site.ns, "-br", "link"]):
            sh(["ip", "-n", site.ns, "tuntap", "add", "dev", tap, "mode", "tap"])
        sh(["ip", "-n", site.ns, "link", "set", tap] + (["nomaster"] if network == "dead" else ["master", bridge]) + ["up"])
        version, image = kernel()
        arguments = arguments.replace("{ip}", "%s::%s:24:::none" % (self.ip, self.gateway))
        command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", str(memory_mib), "-smp", "1",
                   "-nodefaults", "-display", "none", "-serial", "stdio", "-no-user-config"]
        if initrd:
            command += ["-kernel", image, "-initrd", initrd, "-append", "console=ttyS0 quiet mitigations=off " + arguments]
        if not reboots:
            command += ["-no-reboot"]
        if network != "none":
            # with an initrd given the machine boots at once; without, by the network card's ROM (iPXE), or by the firmware
            rom = "" if firmware == "rom" else ",romfile="
            command += ["-netdev", "tap,id=n0,ifname=%s,script=no,downscript=no" % tap, "-device", "virtio-net-pci,netdev=n0,mac=%s%s" % (self.mac, rom)]
        if firmware == "uefi":
            command += ["-bios", "/usr/share/ovmf/OVMF.fd"]
        if disk:
            # cache.direct=on,no-flush=off: what the guest did not flush is not in the file after a kill
            command += ["-drive", "if=none,id=d0,format=raw,file=%s,cache=none" % disk, "-device", "virtio-blk-pci,drive=d0"]
        command += list(extra)
        os.makedirs(directory, exist_ok=True)
        self.log = os.path.join(directory, "guest%d.log" % number)
        self.lines, self._more = [], threading.Condition()
        self.started = time.monotonic()
        self._popen = subprocess.Popen(command_in(site.ns, command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       cwd=directory, start_new_session=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with open(self.log, "ab") as log:
            log.write(b"== %s\n" % " ".join(self._popen.args).encode())
            for raw in iter(self._popen.stdout.readline, b""):
                text = _CONTROL.sub("", raw.decode("utf8", "replace")).rstrip("\n")
                seconds = time.monotonic() - self.started
                log.write(("[%7.2f] %s\n" % (seconds, text)).encode())
                log.flush()
                with self._more:
                    self.lines.append((seconds, text))
                    self._more.notify_all()
        with self._more:
            self.lines.append((time.monotonic() - self.started, "== ended"))
            self._more.notify_all()

    @property
    def running(self):
        return self._popen.poll() is None

    def wait(self, pattern, timeout_s, start=0):
        """The first line from `start` on that matches, as (index, match); None when the machine ended or it took too long."""
        end, index = time.monotonic() + timeout_s, start
        with self._more:
            while True:
                while index < len(self.lines):
                    found = re.search(pattern, self.lines[index][1])
                    if found:
                        return index, found
                    if self.lines[index][1] == "== ended":
                        return None
                    index += 1
                if not self._more.wait(max(0.0, end - time.monotonic())) and time.monotonic() >= end:
                    return None

    def has(self, pattern):
        with self._more:
            return any(re.search(pattern, text) for _, text in self.lines)

    def tail(self, count=25):
        with self._more:
            return "\n".join(text for _, text in self.lines[-count:])

    def kill(self):
        """A power cut."""
        if self.running:
            os.kill(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        self._reader.join(5)

    close = kill
