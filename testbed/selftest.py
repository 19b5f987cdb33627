#!/usr/bin/env python3
"""Does the lab do what it says: rates, counters, routes, subnets, multicast reach, IPv6, latency, clean tear-down.

  selftest.py [--name NAME]       about 15 s; one line per check, exit code 1 when one failed
"""
import argparse
import copy
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from testbed import registry
from testbed.lab import Lab
from testbed.netns import command_in, existing, inside, processes_in, sh

TOPOLOGY = {"seed": {"up": "100mbit", "down": "100mbit"}, "ipv6": True,
            "sites": [{"count": 2, "hosts": 2, "lan_up": "200mbit", "lan_down": "200mbit",
                       "wan_down": "20mbit", "wan_up": "10mbit"}]}

MULTICAST_RECEIVER = r"""
import socket, sys
group, port, ip, limit = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('', port))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(ip))
print('ready', flush=True); s.settimeout(limit)
try:
    print('got', s.recvfrom(2000)[1][0], flush=True)
except OSError:
    print('none', flush=True)
"""
MULTICAST_SENDER = r"""
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, int(sys.argv[4]))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[3]))
for _ in range(3): s.sendto(b'hello', (sys.argv[1], int(sys.argv[2])))
"""
TCP_RECEIVER = r"""
import socket, sys
s = socket.create_server(('::', int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
print('ready', flush=True)
c, _ = s.accept()
while c.recv(1 << 18): pass
"""
TCP_SENDER = r"""
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); n = int(sys.argv[3]); b = bytes(1 << 16); t = time.time()
while n > 0: s.sendall(b[:n]); n -= len(b)
s.shutdown(1); s.recv(1); print('%.4f' % (time.time() - t), flush=True)
"""
HOLDER = r"""
import subprocess, sys, time
sys.path.insert(0, sys.argv[1])
from testbed.lab import Lab
from testbed.netns import command_in
lab = Lab({"sites": [{"hosts": 1, "wan_delay_ms": 2}]}, sys.argv[2]).up()
inside = subprocess.Popen(command_in(lab.host("s1h1").ns, ["sleep", "600"], dies_with_parent=False))
print("ready", flush=True)
time.sleep(600)
"""


class Selftest:
    def __init__(self, name):
        self.name, self.failed, self.count = name, [], 0

    def check(self, what, ok, note=""):
        self.count += 1
        print("%-66s %s %s" % (what, "ok" if ok else "FAILED", note), flush=True)
        if not ok:
            self.failed.append(what)

    @staticmethod
    def python(host, code, *arguments):
        return subprocess.Popen(command_in(host.ns, [sys.executable, "-c", code] + [str(a) for a in arguments]),
                                stdout=subprocess.PIPE, text=True)

    def rate(self, lab, source, target, size, port, address=None):
        """(Mbit/s of payload, bytes per link) of one TCP transfer."""
        receiver = self.python(target, TCP_RECEIVER, port)
        receiver.stdout.readline()
        before = lab.counters()
        sender = self.python(source, TCP_SENDER, address or target.ip, port, size)
        seconds = float(sender.communicate(timeout=60)[0])
        receiver.communicate(timeout=10)
        after = lab.counters()
        return size * 8 / seconds / 1e6, {link: after[link][0] - before[link][0] for link in after}

    def rates(self, lab):
        seed, h11, h12 = lab.host("seed"), lab.host("s1h1"), lab.host("s1h2")
        rate, carried = self.rate(lab, seed, h11, 6_000_000, 7001)
        self.check("seed -> site host runs at the 20 Mbit/s WAN rate", 16.5 < rate < 20.8, "%.1f Mbit/s" % rate)
        ratio = carried["s1.wan_down"] / 6e6
        self.check("WAN counter = payload + headers", 1.03 < ratio < 1.10, "x%.3f" % ratio)
        estimate = lab.payload(carried["s1.wan_down"]) / 6e6
        self.check("... and its payload estimate is the payload", 0.99 < estimate < 1.05, "x%.3f" % estimate)
        self.check("the other site's WAN stayed idle", carried["s2.wan_down"] < 20000, "%d B" % carried["s2.wan_down"])
        rate, _ = self.rate(lab, h11, seed, 3_000_000, 7002)
        self.check("site host -> seed runs at the 10 Mbit/s WAN rate", 8.2 < rate < 10.6, "%.1f Mbit/s" % rate)
        rate, carried = self.rate(lab, h11, h12, 60_000_000, 7003)
        self.check("host -> host of one site runs at the 200 Mbit/s LAN rate", 150 < rate < 205, "%.1f Mbit/s" % rate)
        self.check("... and not over the WAN", carried["s1.wan_down"] + carried["s1.wan_up"] < 20000)
        rate, carried = self.rate(lab, seed, h11, 4_000_000, 7004, address=h11.ip6)
        self.check("IPv6: seed -> site host, same shaped WAN", 16.0 < rate < 20.8, "%.1f Mbit/s" % rate)
        self.check("... counted on the same link", carried["s1.wan_down"] > 4_000_000)

    def heard(self, lab, sender, group, port, ttl, hosts):
        """Host id -> what it hears of a few packets of the sender's to the group: 'got ADDRESS' or 'none'."""
        receivers = {h: self.python(lab.host(h), MULTICAST_RECEIVER, group, port, lab.host(h).ip, 1.5) for h in hosts}
        for process in receivers.values():
            process.stdout.readline()
        self.python(sender, MULTICAST_SENDER, group, port, sender.ip, ttl).communicate(timeout=10)
        return {h: p.communicate(timeout=10)[0].strip() for h, p in receivers.items()}

    def subnets(self):
        """A site of two subnets: routed, at LAN rates, without multicast between them."""
        spec = {"ipv6": True, "sites": [dict(TOPOLOGY["sites"][0], count=1, hosts=4, subnets=2)]}
        with Lab(spec, self.name) as lab:
            sender, routed = lab.host("s1h1"), lab.host("s1h2")
            got = self.heard(lab, sender, "239.192.152.143", 6771, 4, ("s1h2", "s1h3", "s1h4"))
            self.check("multicast stays in its subnet", got == {"s1h2": "none", "s1h3": "got " + sender.ip, "s1h4": "none"}, str(got))
            rate, carried = self.rate(lab, sender, routed, 20_000_000, 7005)
            self.check("subnet -> subnet runs at the 200 Mbit/s LAN rate", 130 < rate < 205, "%.1f Mbit/s" % rate)
            self.check("... and not over the WAN", carried["s1.wan_down"] + carried["s1.wan_up"] < 20000)
            rate, _ = self.rate(lab, sender, routed, 2_000_000, 7006, address=routed.ip6)
            self.check("... over IPv6 too", rate > 20, "%.1f Mbit/s" % rate)

    def multicast(self, lab):
        sender = lab.host("s1h1")
        for group, port, ttl in (("224.0.0.251", 5353, 1), ("239.192.152.143", 6771, 4)):
            got = self.heard(lab, sender, group, port, ttl, ("s1h2", "s2h1", "seed"))
            self.check("multicast %s reaches the site's hosts" % group, got["s1h2"] == "got " + sender.ip, got["s1h2"])
            self.check("... and does not cross the WAN", got["s2h1"] == "none" and got["seed"] == "none")

    def latency(self):
        spec = copy.deepcopy(TOPOLOGY)
        spec["sites"][0]["wan_delay_ms"] = 15
        with Lab(spec, self.name) as lab:
            seed, far, trips = lab.host("seed"), lab.host("s1h1"), []
            with inside(seed.ns):
                listener = socket.create_server((seed.ip, 7009))
            with listener:
                for _ in range(5):
                    with inside(far.ns):
                        client = socket.socket()
                    start = time.monotonic()
                    with client:
                        client.connect((seed.ip, 7009))
                        trips.append((time.monotonic() - start) * 1000)
            trip = statistics.median(trips)
            self.check("wan_delay_ms 15 gives a round trip of about 30 ms", 29.5 < trip < 40, "%.1f ms" % trip)
            rate, _ = self.rate(lab, seed, far, 5_000_000, 7010)
            self.check("... and still about the 20 Mbit/s WAN rate", 13 < rate < 20.8, "%.1f Mbit/s" % rate)

    def side_by_side(self, lab):
        other = self.name[:7] + "x"
        with Lab({"sites": [{"hosts": 1}]}, other):
            self.check("a second lab stands beside the first", bool(Lab.namespaces_of(other)) and bool(Lab.namespaces_of(self.name)))
        self.check("... and its removal leaves the first alone", not Lab.namespaces_of(other) and
                   len(Lab.namespaces_of(self.name)) == len(lab.plan.namespaces))
        rival, refusal = Lab({"sites": [{"hosts": 1}]}, self.name), ""
        try:
            rival.up()
        except RuntimeError as error:
            refusal = str(error)
        rival.close()
        self.check("a lab's name cannot be taken while it is held", "in use" in refusal, refusal)
        self.check("... and giving up leaves the holder's lab standing",
                   len(Lab.namespaces_of(self.name)) == len(lab.plan.namespaces))

    def kill_minus_nine(self):
        """A lab whose process is killed -9 leaves namespaces and a process; the next lab of any name removes both."""
        stale = self.name[:7] + "k"
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, root, stale], stdout=subprocess.PIPE, text=True)
        holder.stdout.readline()
        spaces = Lab.namespaces_of(stale)
        # started is not yet inside: nsenter has to come as far as that
        end = time.monotonic() + 5
        while not processes_in(spaces) and time.monotonic() < end:
            time.sleep(0.02)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        orphans = processes_in(spaces)
        self.check("kill -9 of the lab's process leaves namespaces and orphans", bool(Lab.namespaces_of(stale)) and bool(orphans))
        registry.sweep(Lab.remove)
        self.check("... which the next start removes", not Lab.namespaces_of(stale) and
                   not any(os.path.exists("/proc/%d" % pid) and "sleep" in _command_line(pid) for pid in orphans))

    def all(self):
        registry.sweep(Lab.remove)
        before, start = set(self._foreign()), time.monotonic()
        with Lab(TOPOLOGY, self.name) as lab:
            self.check("a lab of 2 sites x 2 hosts + seed stands", True,
                       "%.2f s, %s" % (time.monotonic() - start, lab.congestion))
            self.rates(lab)
            out = sh(command_in(lab.host("s1h2").ns, ["ip", "-br", "addr", "show", "eth0"]))
            self.check("a command runs in the host it is told", lab.host("s1h2").ip in out)
            self.multicast(lab)
            self.side_by_side(lab)
        self.subnets()
        self.latency()
        self.kill_minus_nine()
        mine = [ns for ns in existing() if re.match(re.escape(self.name[:7]), ns)]
        self.check("tear-down leaves no namespace", not mine, " ".join(mine))
        self.check("... and takes none that is not the lab's", before <= set(existing()) | self._gone_since(before))
        print("%d checks, %d failed" % (self.count, len(self.failed)))
        return 1 if self.failed else 0

    def _foreign(self):
        return [ns for ns in existing() if not ns.startswith(self.name[:7])]

    @staticmethod
    def _gone_since(before):
        """Namespaces of other labs may end by themselves meanwhile; those whose lab is still registered may not."""
        held = set(registry.names())
        return {ns for ns in before if ns.split("-")[0] not in held}


def _command_line(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="self")
    options = parser.parse_args()
    if os.geteuid():
        raise SystemExit("the lab needs root: it is made of network namespaces")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return Selftest(options.name).all()


if __name__ == "__main__":
    sys.exit(main())
