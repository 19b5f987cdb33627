#!/usr/bin/env python3
"""Machines that boot from the product's initramfs, in virtual machines on a site's bridge: what EndToEnd.Tests runs.

  scenarios.py NAME --work DIR [--name LAB] [--product DIR] [--cuts N] [--seed N]
prints one line of JSON as its last line: {"scenario":..,"problems":[..], figures}
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from testbed import product
from testbed.boot.guest import Guest, kernel
from testbed.boot.image import make_tree
from testbed.demo import trees
from testbed.demo.places import LabPlace
from testbed.demo.story import Failed, Story
from testbed.process import Process, end_all

TOPOLOGY = {"seed": {"up": "1gbit", "down": "1gbit"}, "sites": [{"hosts": 1}]}
# A proxy DHCP server sits on the clients' own network.
SEED_INSIDE = {"seed": {"site": 1}, "sites": [{"hosts": 2}]}
# Several times what a quiet machine needs: QEMU translates every instruction here.
BOOT_S = 240
CHANNEL = "root=stateless:web/stable panic=1 "


class Scenario:
    """A repository with small releases, a seed, and guests."""

    def __init__(self, scenario, work, name, programs, cuts=0, seed=1):
        self.work, self.programs, self.cuts, self.seed = work, programs, cuts, seed
        self.place = LabPlace(TOPOLOGY if scenario != "netboot" else SEED_INSIDE, name)
        self.story = Story(self.place, programs, work, True, lambda text: print(text, flush=True))
        self.problems, self.figures, self.guests = [], {}, []
        self.initrd = os.path.join(work, "initrd.img")

    def expect(self, what, ok):
        if not ok:
            self.problems.append(what)
        return ok

    def prepare(self):
        self.place.up()
        self.story.prepare()
        print(self.programs.call("boot", "initramfs", "--kernel", kernel()[0], "--modules", "virtual", "--module", "softdog",
                                 "--trust", self.story.trust, "-o", self.initrd).strip(), flush=True)

    def release(self, version, mib=8, test="bless", seed=1, kind="squashfs", files=()):
        """Publishes a tiny root; its digest. files: more options of publish, a kernel say."""
        tree, image = os.path.join(self.work, "tree-" + version), os.path.join(self.work, "root-%s.%s" % (version, kind))
        make_tree(tree, version, mib, seed, test)
        self.programs.call("image", "build", tree, "--format", kind, "-o", image)
        digest, _ = self.story.publish(version, image, files)
        return digest

    def serve(self):
        self.story.fleet.start_seed(self.story.repository)
        self.url = "http://%s:8080/" % self.place.host("seed").ip

    def arguments(self, more=""):
        return CHANNEL + "ip={ip} rd.stateless.seed=%s %s" % (self.url, more)

    def guest(self, more="", number=1, arguments=None, **options):
        guest = Guest(self.place, number, self.work, self.initrd, self.arguments(more) if arguments is None else arguments, **options)
        self.guests.append(guest)
        return guest

    def disk(self, name="cache.img", mib=256):
        path = os.path.join(self.work, name)
        with open(path, "wb") as file:
            file.truncate(mib << 20)
        subprocess.run(["mkfs.ext4", "-q", "-L", "STATELESS-CACHE", path], check=True)
        return path

    def booted(self, guest, version, reason=None, start=0):
        """Waits for the root's first program; (index of its line, its boot.json)."""
        found = guest.wait(r"BOOTED (\S+) run=(\S+)", BOOT_S, start)
        if not found:
            raise Failed("guest %d does not boot %s:\n%s" % (guest.number, version, guest.tail()))
        index, match = found
        self.expect("guest %d boots %s, had %s" % (guest.number, version, match.group(1)), match.group(1) == version)
        if reason:
            self.expect("guest %d boots %s because of %s, had %s" % (guest.number, version, reason, match.group(2)), match.group(2) == reason)
        line = guest.wait(r"BOOT-JSON (\{.*\})", 60, index)
        record = json.loads(line[1].group(1)) if line else {}
        return index, record

    def line(self, guest, pattern, what, timeout_s=BOOT_S, start=0):
        found = guest.wait(pattern, timeout_s, start)
        self.expect("%s; the console ends with:\n%s" % (what, guest.tail()) if not found else what, bool(found))
        return found

    def finished(self, guest):
        self.line(guest, "^DONE", "guest %d comes to its end" % guest.number)
        guest.wait("== ended", 60)
        guest.close()

    def memory(self):
        """Releases in memory: verified while read, limits hold, the agent goes on serving, damage is an error and never data."""
        digest = self.release("1.0", mib=12)
        self.serve()
        guest = self.guest("test=checks,bless,agent,memory,flip,readall rd.stateless.tmpfs=size=8m")
        _, record = self.booted(guest, "1.0", "updated")
        self.figures["boot_json"] = record
        self.figures["digest"] = digest
        self.expect("the record names the release", record.get("digest") == digest)
        self.expect("blocks are verified by the kernel: %s" % record.get("verity_note"), record.get("verity") is True)
        self.expect("boots from memory are not counted", record.get("tries") is None and record.get("persistent") is False)
        self.line(guest, "USR READ-ONLY", "/usr is read-only to root")
        self.line(guest, "ETC WRITABLE", "/etc takes writes")
        self.line(guest, "ROOT OVERLAY", "the root is an overlay")
        self.line(guest, "FULL 0 ALIVE", "a full root lives on")
        self.line(guest, "runs from memory", "blessing says that nothing is counted")
        self.line(guest, r"AGENT .*serves 1 release", "the agent serves after the hand-over")
        rss = self.line(guest, r"AGENT-RSS (\d+)", "the agent is one process")
        self.figures["agent_rss_mib"] = round(int(rss[1].group(1)) / 1024, 1) if rss else None
        self.line(guest, "FLIPPED", "the image is damaged below the root")
        failed = self.line(guest, r"READ (OK|FAILED)", "all files are read")
        self.expect("a damaged block is an error, had: %s" % (failed and failed[1].group(0)), bool(failed) and failed[1].group(1) == "FAILED")
        self.finished(guest)
        self.figures["steps"] = record.get("steps")

    def pinned(self):
        """One release by its digest, EROFS, while the channel is elsewhere."""
        digest = self.release("1.0", kind="erofs")
        self.release("2.0", seed=2)
        self.serve()
        guest = self.guest(arguments="root=stateless:sha256:%s panic=1 ip={ip} rd.stateless.seed=%s rd.stateless.upadte=after" % (digest, self.url))
        self.line(guest, "rd.stateless.upadte: unknown parameter, did you mean rd.stateless.update", "an unknown parameter is told with the nearest name")
        _, record = self.booted(guest, "1.0", "updated")
        self.expect("the record names the release", record.get("digest") == digest)
        self.finished(guest)

    def rollback(self):
        """A cache disk: a release that panics is given up after its tries, one that hangs as well; no network costs seconds."""
        good = self.release("1.0")
        self.serve()
        disk = self.disk()
        guest = self.guest(disk=disk)
        _, record = self.booted(guest, "1.0", "updated")
        self.expect("two tries are left at the first boot: %s" % record.get("tries"), record.get("tries") == {"good": False, "left": 2, "done": 1})
        self.line(guest, "^BLESSED", "it is blessed")
        self.finished(guest)

        self.release("2.0", test="panic", seed=1)
        guest = self.guest("rd.stateless.tries=2", disk=disk, reboots=True)
        first, record = self.booted(guest, "2.0", "updated")
        self.figures["reused_bytes"] = record["sources"]["disk"]
        self.expect("most of 2.0 is taken from 1.0, had: %s" % record["sources"], record["sources"]["disk"] > 6 << 20)
        second, record = self.booted(guest, "2.0", start=first + 1)
        self.expect("no try is left: %s" % record.get("tries"), record["tries"]["left"] == 0)
        third, record = self.booted(guest, "1.0", "fallback", start=second + 1)
        self.expect("1.0 is good still", record["tries"]["good"])
        self.finished(guest)

        for network, reason in (("none", "no-link"), ("dead", "no-peer")):
            guest = self.guest(disk=disk, network=network)
            _, record = self.booted(guest, "1.0", reason)
            seconds = sum(step["ms"] for step in record["steps"]) / 1000
            self.figures["agent_s_" + reason] = seconds
            self.expect("a network that is missing (%s) costs at most 20 s, had: %.1f" % (network, seconds), seconds <= 20.5)
            self.finished(guest)

        self.release("3.0", test="hang")
        guest = self.guest("rd.stateless.tries=1 rd.stateless.timeout.bless=10", disk=disk, reboots=True)
        first, _ = self.booted(guest, "3.0", "updated")
        self.line(guest, "HANGING", "3.0 hangs")
        self.booted(guest, "1.0", "fallback", start=first + 1)
        self.finished(guest)

        self.release("4.0")
        guest = self.guest("rd.stateless.update=after", disk=disk)
        _, record = self.booted(guest, "1.0", "not-asked")
        self.finished(guest)
        guest = self.guest(disk=disk)
        self.booted(guest, "4.0", "updated")
        self.line(guest, "^BLESSED", "4.0 is blessed")
        self.finished(guest)
        self.figures["digest"] = good

    def neighbours(self):
        """The seed is gone: a machine boots from its neighbour alone, metadata and image; then from nobody, as its disk has it."""
        digest = self.release("1.0")
        self.serve()
        first = self.guest("test=bless,stay")
        self.booted(first, "1.0", "updated")
        self.line(first, "STAYING", "the first machine stays")
        self.story.fleet.kill_seed()
        second = self.guest("test=bless", number=2, disk=self.disk())
        started = time.monotonic()
        _, record = self.booted(second, "1.0", "updated")
        self.figures["second_boot_s"] = round(time.monotonic() - started, 1)
        self.expect("the second machine has the release: %s" % record.get("digest"), record.get("digest") == digest)
        self.expect("all of it came from the neighbour: %s" % record.get("sources"), record["sources"]["lan"] >= 8 << 20 and record["sources"]["wan"] == 0)
        self.finished(second)

    def kernel(self):
        """A release brings a kernel: the machine starts it (kexec), once, and counts one boot."""
        with open(kernel()[1], "rb") as file:
            image = file.read()
        # the same kernel that calls itself the ninth build: another one, as far as its file says
        at = 0x200 + int.from_bytes(image[0x20e:0x210], "little")
        text = image[at:image.index(b"\0", at)]
        other = os.path.join(self.work, "vmlinuz-other")
        with open(other, "wb") as file:
            file.write(image[:at] + text.replace(b"#1 ", b"#9 ", 1) + image[at + len(text):])
        self.expect("the kernel's own text is found: %r" % text, b"#1 " in text)
        files = ["--kernel", other, "--initrd", self.initrd]
        digest = self.release("1.0", mib=4, files=files)
        self.serve()
        disk = self.disk()
        guest = self.guest(disk=disk, memory_mib=768)
        self.line(guest, r"starting the kernel of release 1.0: .*#9 ", "the release's kernel is started")
        _, record = self.booted(guest, "1.0", "updated")
        self.expect("one boot is counted: %s" % record.get("tries"), record.get("tries") == {"good": False, "left": 2, "done": 1})
        self.expect("the record names the release", record.get("digest") == digest)
        self.line(guest, "^BLESSED", "it is blessed")
        self.finished(guest)
        self.figures["boot_s"] = round(guest.lines[-1][0], 1)
        # a kernel that runs already is not started again
        self.release("2.0", mib=4, files=["--kernel", kernel()[1], "--initrd", self.initrd])
        guest = self.guest(disk=disk, memory_mib=768)
        self.booted(guest, "2.0", "updated")
        self.expect("the kernel that runs is not started again", not guest.has("starting the kernel"))
        self.finished(guest)

    def netboot(self):
        """Diskless machines beside a foreign DHCP server: the seed answers as proxy DHCP, TFTP and HTTP; iPXE in ROM, and UEFI by PXE and by HTTP."""
        digest = self.release("1.0", mib=4)
        folder = os.path.join(self.work, "netboot")
        os.makedirs(folder)
        shutil.copy(kernel()[1], os.path.join(folder, "vmlinuz"))
        shutil.copy(self.initrd, os.path.join(folder, "initrd.img"))
        shutil.copy("/usr/lib/ipxe/snponly.efi", os.path.join(folder, "snponly.efi"))
        self.story.fleet.start_seed(self.story.repository, ["--netboot", folder, "--netboot-cmdline", "root=stateless:web/stable panic=1 console=ttyS0 quiet mitigations=off"])
        site, seed = self.place.plan.sites[0], self.place.host("seed")
        network = site.gateway.rsplit(".", 1)[0]
        dhcp = Process(seed, "dnsmasq", ["ip", "netns", "exec", site.ns, "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--port=0", "--interface=br0", "--bind-interfaces",
                                         "--dhcp-range=%s.100,%s.150,255.255.255.0,1h" % (network, network), "--dhcp-leasefile=%s" % os.path.join(self.work, "leases"), "--log-facility=-"], self.work)
        try:
            no_pxe = [word for version in (4, 6) for word in ("-fw_cfg", "name=opt/org.tianocore/IPv%dPXESupport,string=n" % version)]
            for name, firmware, extra in (("ipxe-rom", "rom", []), ("uefi-pxe", "uefi", []), ("uefi-http", "uefi", no_pxe)):
                guest = Guest(self.place, 1, self.work, None, "", memory_mib=1024, firmware=firmware, extra=extra)
                self.guests.append(guest)
                _, record = self.booted(guest, "1.0", "updated")
                self.figures[name + "_s"] = round(guest.lines[-1][0], 1)
                self.expect("%s boots the release" % name, record.get("digest") == digest)
                self.finished(guest)
        finally:
            end_all([dhcp])

    def live(self):
        """One medium, no seed: as a USB stick by BIOS and as a disc by UEFI it boots the release; then the machine serves it to a neighbour."""
        digest = self.release("1.0", mib=6)
        other = self.release("2.0", mib=4, seed=2)
        self.figures["iso"] = {}
        sticks = ["-device", "virtio-blk-pci,drive=live,bootindex=1"]
        discs = ["-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=live,bootindex=1"]
        for name, firmware, extra, test in (("uefi-disc", "uefi", discs, "bless"), ("bios-stick", "bios", sticks, "bless,stay")):
            site = self.place.plan.sites[0]
            address = "%s.201::%s:24:::none" % (site.gateway.rsplit(".", 1)[0], site.gateway)
            iso = os.path.join(self.work, name + ".iso")
            started = time.monotonic()
            print(self.programs.call("boot", "iso", "--repo", self.story.repository, "--release", "sha256:" + digest, "--kernel", kernel()[0], "--modules", "virtual",
                                     "--cmdline", "panic=1 console=ttyS0 quiet mitigations=off ip=%s test=%s" % (address, test), "-o", iso).strip(), flush=True)
            self.figures["iso"][name] = {"make_s": round(time.monotonic() - started, 1), "mib": round(os.path.getsize(iso) / (1 << 20), 1)}
            drive = ["-drive", "if=none,id=live,format=raw,readonly=on,file=" + iso]
            guest = Guest(self.place, 1, self.work, None, "", memory_mib=768, firmware=firmware, extra=drive + extra)
            self.guests.append(guest)
            _, record = self.booted(guest, "1.0", "updated")
            self.figures["iso"][name]["boot_s"] = round(guest.lines[-1][0], 1)
            self.expect("%s boots the release on it, not the newer one: %s" % (name, record.get("digest")), record.get("digest") == digest and digest != other)
            self.expect("%s is verified while it is read" % name, record.get("verity") is True)
            if test == "bless":
                self.finished(guest)
        self.line(guest, "STAYING", "the live machine stays")
        second = self.guest(arguments="root=stateless:sha256:%s panic=1 ip={ip} rd.stateless.seed=http://%s:8080/ test=bless" % (digest, self.place.host("seed").ip), number=2)
        _, record = self.booted(second, "1.0", "updated")
        self.expect("the neighbour has all of it from the live machine: %s" % record.get("sources"), record.get("digest") == digest and record["sources"]["lan"] >= 6 << 20 and record["sources"]["wan"] == 0)
        self.finished(second)

    def closed(self):
        """A closed swarm. A machine with a token in its initramfs enrols while it boots, takes the release and serves it; with the seed gone a member whose
        identity came with its initramfs gets all of it from there, and a machine that is no member gets nothing from either."""
        authority, identity = (os.path.join(self.work, name) for name in ("authority", "seed-identity"))
        seed = self.place.host("seed").ip
        self.programs.call("identity", "authority", authority)
        self.programs.call("identity", "issue", "--authority", authority, "--name", "seed", "--host", seed, "-o", identity)
        self.programs.call("repo", "close", self.story.repository, "--authority", os.path.join(authority, "authority.pem"))
        digest = self.release("1.0", mib=6)
        self.story.fleet.start_seed(self.story.repository, ["--identity", identity, "--enrol", authority])
        self.url = "https://%s:8080/" % seed
        token = os.path.join(self.work, "token")
        with open(token, "w") as file:
            file.write(self.programs.call("identity", "token", "--authority", authority))
        open_initrd = self.initrd
        self.initrd = self._closed_initrd("token.img", "--enrol-token", token)
        first = self.guest("test=bless,agent,stay")
        _, record = self.booted(first, "1.0", "updated")
        self.figures["enrolled_boot_s"] = round(first.lines[-1][0], 1)
        self.expect("the record names the release", record.get("digest") == digest and record.get("verity") is True)
        self.line(first, r"AGENT .*serves 1 release", "the agent serves after the hand-over")
        self.line(first, "STAYING", "the first machine stays")
        issued = json.loads(self.programs.call("identity", "list", "--authority", authority, "--json"))["identities"]
        self.expect("the machine is enrolled with the token: %s" % issued, sum(1 for one in issued if one["token"]) == 1)

        self.initrd = open_initrd
        stranger = self.guest("test=bless", number=2, memory_mib=384)
        self.line(stranger, r"next try in", "a machine that is no member is told no")
        self.story.fleet.kill_seed()
        placed = os.path.join(self.work, "placed")
        self.programs.call("identity", "issue", "--authority", authority, "--name", "placed", "-o", placed)
        self.initrd = self._closed_initrd("placed.img", "--identity", placed)
        member = self.guest("test=bless", number=3)
        _, record = self.booted(member, "1.0", "updated")
        self.expect("the member has all of it from its neighbour: %s" % record.get("sources"), record.get("digest") == digest and record["sources"]["wan"] == 0 and record["sources"]["http"] == 0)
        self.finished(member)
        self.expect("the machine that is no member has booted nothing", not any("BOOTED" in text for _, text in stranger.lines))

    def _closed_initrd(self, name, *options):
        path = os.path.join(self.work, name)
        print(self.programs.call("boot", "initramfs", "--kernel", kernel()[0], "--modules", "virtual", "--trust", self.story.trust, *options, "-o", path).strip(), flush=True)
        self.expect("%s is for its owner's eyes" % name, os.stat(path).st_mode & 0o77 == 0)
        return path

    def faults(self):
        """What goes wrong around a boot: the seed dies three times in one transfer; a neighbour lies and another is slow, and the clock says 1970; the image is
        larger than the memory; the agent freezes and the watchdog resets the machine."""
        digest = self.release("1.0", mib=24)
        self._seed_dies()
        self._bad_neighbours(digest)
        self._too_large()
        self._watchdog(digest)

    def _seed_dies(self):
        options = ["--origin-up", "3M"]
        self.story.fleet.start_seed(self.story.repository, options)
        self.url = "http://%s:8080/" % self.place.host("seed").ip
        guest = self.guest("test=bless")
        at = 0
        for percent in (10, 40, 70):
            found = guest.wait(r"fetching 1\.0: (\d+) %", BOOT_S, at)
            while found and int(found[1].group(1)) < percent:
                found = guest.wait(r"fetching 1\.0: (\d+) %|BOOTED", BOOT_S, found[0] + 1)
                found = None if found and not found[1].group(1) else found
            if not self.expect("the transfer is seen at %d %%: %s" % (percent, guest.tail(3)), bool(found)):
                break
            at = found[0] + 1
            self.story.fleet.kill_seed()
            time.sleep(2)
            self.story.fleet.start_seed(self.story.repository, options)
        _, record = self.booted(guest, "1.0", "updated")
        self.figures["seed_dies"] = {"boot_s": round(guest.lines[-1][0], 1), "sources": record.get("sources")}
        fetched = sum(record["sources"].values())
        self.expect("what was here stayed: %d bytes fetched" % fetched, 24 << 20 <= fetched < 27 << 20)
        self.finished(guest)
        self.story.fleet.kill_seed()

    def _bad_neighbours(self, digest):
        self.serve()
        host, release = self.place.host("s1h1"), os.path.join(self.story.repository, "releases", digest)
        lies = os.path.join(self.work, "lies", "web-1.0")
        os.makedirs(lies)
        with open(os.path.join(lies, "root.squashfs"), "wb") as file:
            file.write(random.Random(3).randbytes(os.path.getsize(os.path.join(release, "web-1.0", "root.squashfs"))))
        bad = [Process(host, name, [self.programs.stateless, "torrent", "serve", os.path.join(release, "release.torrent"), folder, "--listen", host.ip, "--port", port, *more],
                       os.path.join(self.work, name))
               for name, folder, port, more in (("liar", os.path.dirname(lies), "7001", ()), ("sluggard", release, "7002", ("--upload-limit", "20K")))]
        try:
            peers = " ".join("rd.stateless.peer=%s:%d" % (host.ip, port) for port in (7001, 7002))
            guest = self.guest("test=readall,bless %s" % peers, extra=("-rtc", "base=1970-01-02T00:00:00"))
            _, record = self.booted(guest, "1.0", "updated")
            self.figures["bad_neighbours"] = {"boot_s": round(guest.lines[-1][0], 1), "sources": record.get("sources")}
            self.expect("the release is the signed one, and verified", record.get("digest") == digest and record.get("verity") is True)
            read = self.line(guest, r"READ (OK|FAILED)", "all files are read")
            self.expect("every byte is right", bool(read) and read[1].group(1) == "OK")
            self.finished(guest)
        finally:
            end_all(bad)

    def _too_large(self):
        self.release("1.1", mib=160, seed=5)
        guest = self.guest("test=bless", memory_mib=256)
        said = self.line(guest, r"stateless: .*(room|space).*next try", "an image that does not fit into memory is refused before it is fetched, in words")
        again = said and guest.wait(r"next try", 90, said[0] + 1)
        self.expect("and it is tried again without a restart", bool(again) and guest.running)
        self.figures["too_large"] = said and said[1].string
        guest.close()

    def _watchdog(self, digest):
        good = self.release("1.2", mib=4, seed=6)
        disk = self.disk()
        guest = self.guest(disk=disk)
        self.booted(guest, "1.2", "updated")
        self.line(guest, "^BLESSED", "it is blessed")
        self.finished(guest)
        self.release("1.3", mib=4, seed=6, test="freeze")
        guest = self.guest("rd.stateless.tries=1 rd.stateless.watchdog=10s", disk=disk, reboots=True)
        first, _ = self.booted(guest, "1.3", "updated")
        frozen = self.line(guest, "FROZEN", "the agent is stopped")
        second, record = self.booted(guest, "1.2", "fallback", start=first + 1)
        if frozen:
            self.figures["watchdog_s"] = round(guest.lines[second][0] - guest.lines[frozen[0]][0], 1)
        self.expect("the good release is back", record.get("digest") == good != digest)
        self.finished(guest)

    def hooks(self):
        """The same image by an initramfs of initramfs-tools and one of dracut, with the hooks of tools/packaging."""
        digest = self.release("1.0", mib=4)
        self.serve()
        config = os.path.join(self.work, "stateless")
        os.makedirs(config)
        shutil.copy(self.story.trust, os.path.join(config, "root.mp"))
        with open(os.path.join(config, "node.json"), "w") as file:
            json.dump({"server": self.url, "follow": "web/stable"}, file)
        environment = dict(os.environ, STATELESS_AGENT=self.programs.stateless, STATELESS_CONFIG=config)
        for name, make in (("initramfs-tools", self._make_by_initramfs_tools), ("dracut", self._make_by_dracut)):
            started = time.monotonic()
            self.initrd = os.path.join(self.work, "initrd-" + name)
            make(environment)
            self.figures[name] = {"make_s": round(time.monotonic() - started, 1), "mib": round(os.path.getsize(self.initrd) / (1 << 20), 1)}
            # server and channel come from the configuration in the initramfs
            guest = self.guest(arguments="boot=stateless root=stateless panic=1 net.ifnames=0 ip={ip} test=bless,agent", memory_mib=512)
            _, record = self.booted(guest, "1.0", "updated")
            self.figures[name]["boot_s"] = round(guest.lines[-1][0], 1)
            self.expect("%s boots the release" % name, record.get("digest") == digest and record.get("verity") is True)
            self.line(guest, r"AGENT .*serves 1 release", "the agent of %s serves after the hand-over" % name)
            self.finished(guest)

    def _make_by_initramfs_tools(self, environment):
        config = os.path.join(self.work, "initramfs-tools")
        shutil.copytree("/etc/initramfs-tools", config, symlinks=True)
        packaging = os.path.join(product.ROOT, "tools", "packaging", "initramfs-tools")
        for kind in ("hooks", "scripts"):
            os.makedirs(os.path.join(config, kind), exist_ok=True)
            shutil.copy(os.path.join(packaging, kind, "stateless"), os.path.join(config, kind, "stateless"))
        self._make(["mkinitramfs", "-d", config, "-o", self.initrd, kernel()[0]], environment)

    def _make_by_dracut(self, environment):
        base = os.path.join(self.work, "dracut")
        shutil.copytree("/usr/lib/dracut", base, symlinks=True)
        shutil.copytree(os.path.join(product.ROOT, "tools", "packaging", "dracut", "90stateless"), os.path.join(base, "modules.d", "90stateless"))
        self._make(["dracut", "--no-hostonly", "--nomdadmconf", "--nolvmconf", "--add", "stateless", "--omit", "systemd systemd-initrd dracut-systemd plymouth",
                    "--force", "--kver", kernel()[0], self.initrd], dict(environment, dracutbasedir=base))

    @staticmethod
    def _make(command, environment):
        done = subprocess.run(command, env=environment, text=True, capture_output=True)
        if done.returncode:
            raise Failed("%s: exit code %d: %s" % (command[0], done.returncode, (done.stderr or done.stdout)[-800:]))

    def debian(self):
        """A Debian with systemd, to multi-user.target: its services take over from the agent and bless the release; then it serves another machine."""
        tree, image = os.path.join(self.work, "debian"), os.path.join(self.work, "debian.squashfs")
        units = os.path.join(product.ROOT, "tools", "packaging", "systemd")
        report = "#!/bin/sh\nsystemctl --wait is-system-running\nfor unit in multi-user.target stateless-booted stateless-bless; do echo \"UNIT $unit $(systemctl is-active $unit)\"; done\n" \
                 "stateless boot status\nstateless status --state /run/stateless/memory/stateless\nstateless boot status --json | tr -d '\\n' | sed 's/^/STATUS /'\n" \
                 "echo; ps -eo args | grep '^@stateless' || echo NO-AGENT\necho REPORTED\n"
        trees.bootstrap(["systemd-sysv", "udev", "dbus", "iproute2", "procps", "libssl3"], tree, os.path.join(self.work, "debian.log"), [
            "cp %s \"$1\"/usr/bin/stateless" % self.programs.stateless,
            "cp %s/stateless-bless.service %s/stateless-booted.service \"$1\"/etc/systemd/system/" % (units, units),
            "chroot \"$1\" systemctl enable stateless-bless.service stateless-booted.service systemd-networkd.service",
            # the console tells what a test wants to know, once the machine is up
            "printf '[Unit]\\nAfter=multi-user.target stateless-bless.service stateless-booted.service\\n[Service]\\nType=idle\\nStandardOutput=tty\\n"
            "TTYPath=/dev/ttyS0\\nExecStart=/usr/local/bin/report\\n[Install]\\nWantedBy=multi-user.target\\n' > \"$1\"/etc/systemd/system/report.service",
            "chroot \"$1\" systemctl enable report.service && rm -f \"$1\"/etc/machine-id \"$1\"/etc/resolv.conf && : > \"$1\"/etc/machine-id"])
        with open(os.path.join(tree, "usr/local/bin/report"), "w") as file:
            file.write(report)
        os.chmod(os.path.join(tree, "usr/local/bin/report"), 0o755)
        self.programs.call("image", "build", tree, "-o", image)
        self.figures["image_mib"] = round(os.path.getsize(image) / (1 << 20), 1)
        self.story.publish("12.0", image)
        self.serve()
        guest = self.guest("systemd.default_device_timeout_sec=300 systemd.show_status=1", memory_mib=1024)
        self.line(guest, "^REPORTED", "the machine reports", 600)
        self.figures["report_s"] = round(guest.lines[-1][0], 1)
        for unit in ("multi-user.target", "stateless-booted", "stateless-bless"):
            self.line(guest, "UNIT %s active" % unit, "%s is active" % unit, 5)
        self.line(guest, "serves 1 release", "the node of the image serves", 5)
        self.line(guest, "NO-AGENT", "the agent of the initramfs has ended", 5)
        status = guest.wait(r"STATUS (\{.*\})", 5)
        self.figures["steps"] = json.loads(status[1].group(1))["boot"]["steps"] if status else None
        self.story.fleet.kill_seed()
        second = self.guest("systemd.default_device_timeout_sec=300", number=2, memory_mib=1024)
        self.line(second, "root is web 12.0 .*updated", "a second machine boots from the first, whose service serves it", 600)
        guest.close()

    def cuts(self):
        """Power cuts at random moments of boots that fetch, stage, activate and collect: every next boot reaches a good root."""
        chance = random.Random(self.seed)
        self.release("0.1", mib=4)
        self.serve()
        disk = self.disk(mib=96)
        guest = self.guest(disk=disk)
        self.booted(guest, "0.1", "updated")
        self.finished(guest)
        length = guest.lines[-1][0]
        moments = []
        for number in range(1, self.cuts + 1):
            # every release differs in all its bytes: each boot fetches, stages, activates, and collects the one before the last
            self.release("%d.0" % number, mib=4, seed=100 + number)
            guest = self.guest("rd.stateless.tries=9", disk=disk)
            # most of a boot is the kernel's; three of four cuts come after the agent has begun
            moment = chance.uniform(0.35 if chance.random() < 0.75 else 0, 1.05) * length
            guest.wait("^DONE", moment)
            moments.append(round(moment, 2))
            guest.kill()
            guest = self.guest("test=readall,bless rd.stateless.tries=9 rd.stateless.update=%s" % chance.choice(("before", "no")), disk=disk)
            found = guest.wait(r"BOOTED (\S+)", BOOT_S)
            if not self.expect("cut %d, %.2f s into a boot, seed %d: the next boot reaches a root" % (number, moment, self.seed), bool(found)):
                raise Failed("cut %d:\n%s" % (number, guest.tail()))
            read = guest.wait(r"READ (OK|FAILED)", BOOT_S)
            self.expect("cut %d, %.2f s into a boot, seed %d: every byte of the root is right" % (number, moment, self.seed), bool(read) and read[1].group(1) == "OK")
            self.finished(guest)
        self.figures["moments_s"], self.figures["boot_s"] = moments, round(length, 1)

    def close(self):
        for guest in self.guests:
            guest.close()
        self.story.fleet.close()
        self.place.close()


SCENARIOS = {"memory": Scenario.memory, "pinned": Scenario.pinned, "rollback": Scenario.rollback, "neighbours": Scenario.neighbours, "hooks": Scenario.hooks, "netboot": Scenario.netboot, "live": Scenario.live, "closed": Scenario.closed, "faults": Scenario.faults, "kernel": Scenario.kernel, "debian": Scenario.debian,
             "cuts": Scenario.cuts}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", choices=sorted(SCENARIOS))
    parser.add_argument("--work", required=True)
    parser.add_argument("--name", default="boot")
    parser.add_argument("--product", help="folder of published programs; without it they are published")
    parser.add_argument("--cuts", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if os.geteuid():
        raise SystemExit("the scenarios need root: a lab is made of network namespaces")
    shutil.rmtree(options.work, ignore_errors=True)
    os.makedirs(options.work)
    programs = product.published(options.product) if options.product else product.publish()
    scenario = Scenario(options.scenario, os.path.abspath(options.work), options.name, programs, options.cuts, options.seed)
    try:
        scenario.prepare()
        SCENARIOS[options.scenario](scenario)
    except (Failed, product.CommandFailed) as fault:
        scenario.problems.append(str(fault))
    finally:
        scenario.close()
    print(json.dumps(dict(scenario.figures, scenario=options.scenario, problems=scenario.problems)), flush=True)
    return 1 if scenario.problems else 0


if __name__ == "__main__":
    sys.exit(main())
