#!/usr/bin/env python3
"""The lab: builds, reads and removes sites, hosts and shaped links.

  lab.py up --topo T.json [--name NAME] [--set K=V ...]     leave a lab standing, to look around by hand
  lab.py exec HOST [--name NAME] -- command ...             run a command in a host of a standing lab
  lab.py counters [--name NAME]                             bytes per link: on the wire, and payload estimate
  lab.py list                                               labs of this machine and who holds them
  lab.py down [--name NAME | --stale]                       end what runs inside a lab and remove it
"""
import argparse
import json
import os
import re
import sys

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from testbed import registry
from testbed.netns import end_processes_in, existing, inside, sh, write
from testbed.relay import DelayRelay
from testbed.topology import Topology, load

# A tail-drop queue under about 100 packets with 15 flows gives 10 % loss: never under 256 kB.
_QUEUE_FLOOR, _BURST_FLOOR, _BURST_SECONDS = 256_000, 72_000, 0.004


class Lab:
    """One lab. Use as `with Lab(spec, name) as lab:`; it is gone afterwards, whatever happened."""

    def __init__(self, spec, name="lab"):
        self.plan = Topology(name, spec)
        self.name, self.spec = name, spec
        self.links = self.plan.link_devices()
        self.congestion = None
        self._relays, self._hold = [], None

    def __enter__(self):
        return self.up()

    def __exit__(self, *_):
        self.close()

    def host(self, host_id):
        return self.plan.host(host_id)

    def up(self, keep=False):
        """Builds the lab. Stale labs (their holder is gone) are removed first; keep: it stays when this process ends."""
        registry.sweep(Lab.remove)
        self._hold = registry.claim(self.name, keep, self.spec)
        Lab.remove(self.name)
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def _build(self):
        plan = self.plan
        self._make_neighbour_room()
        for ns in plan.namespaces:
            sh(["ip", "netns", "add", ns])
        for ns in plan.namespaces:
            self._set_sysctls(ns)
            sh(["ip", "-n", ns, "link", "set", "lo", "up"])
        for site in plan.sites:
            self._build_site(site)
        if not plan.seed_site:
            self._build_seed_at_router()
        for site in plan.sites:
            self._build_wan(site)
        for host in plan.everyone:
            self._build_host_end(host)

    @property
    def _ipv6(self):
        return bool(self.spec.get("ipv6"))

    def _queue_ms(self, kind):
        return float(self.spec.get("lan_queue_ms", 40) if kind == "lan" else self.spec.get("wan_queue_ms", 100))

    def _shaper(self, device, bits, kind):
        """Shapes what leaves a device; behind it a plain tail-drop queue, as in a cheap switch or modem."""
        if bits is None:
            return None
        burst = int(max(_BURST_FLOOR, bits / 8 * _BURST_SECONDS))
        limit = burst + int(max(_QUEUE_FLOOR, bits / 8 * self._queue_ms(kind) / 1000.0))
        return "qdisc add dev %s root handle 1: tbf rate %dbit burst %d limit %d" % (device, bits, burst, limit)

    @staticmethod
    def _batch(tool, ns, lines):
        lines = [line for line in lines if line]
        if lines:
            sh([tool, "-n", ns, "-batch", "-"], "\n".join(lines) + "\n")

    def _build_site(self, site):
        mtu, shapers = self.plan.mtu, []
        lines = []
        for bridge, gateway, prefix, gateway6 in site.bridges:
            lines += ["link add name %s type bridge stp_state 0 forward_delay 0 mcast_snooping %d" % (bridge, site.snooping),
                      "addr add %s/%d brd + dev %s" % (gateway, prefix, bridge),
                      "addr add %s/64 dev %s nodad" % (gateway6, bridge) if self._ipv6 else None, "link set %s up" % bridge]
        for host in self.plan.everyone:
            if host.site == site.index:
                lines += ["link add name %s mtu %d type veth peer name eth0 mtu %d netns %s" % (host.port, mtu, mtu, host.ns),
                          "link set %s master %s up" % (host.port, host.bridge)]
                shapers.append(self._shaper(host.port, host.down, "lan"))
        self._batch("ip", site.ns, lines)
        self._batch("tc", site.ns, shapers)

    def _build_seed_at_router(self):
        seed, router = self.plan.seed, self.plan.router
        self._batch("ip", router, ["link add name seed type veth peer name eth0 netns %s" % seed.ns,
                                   "addr add %s/24 dev seed" % seed.gateway,
                                   "addr add %s/64 dev seed nodad" % seed.gateway6 if self._ipv6 else None,
                                   "link set seed up"])
        self._batch("tc", router, [self._shaper("seed", seed.down, "wan")])

    def _build_wan(self, site):
        router, number, device = self.plan.router, site.index, "wan%d" % site.index
        near, far = "10.78.%d.1" % number, "10.78.%d.2" % number
        near6, far6 = "fd78:%d::1" % number, "fd78:%d::2" % number
        if site.delay_ms > 0:
            self._relays.append(DelayRelay(router, device, site.ns, "wan", site.delay_ms))
        else:
            self._batch("ip", router, ["link add name %s type veth peer name wan netns %s" % (device, site.ns)])
        v6 = self._ipv6
        self._batch("ip", router, ["addr add %s peer %s dev %s" % (near, far, device), "link set %s up" % device,
                                   "addr add %s/64 dev %s nodad" % (near6, device) if v6 else None])
        self._batch("ip", site.ns, ["addr add %s peer %s dev wan" % (far, near), "link set wan up",
                                    "addr add %s/64 dev wan nodad" % far6 if v6 else None,
                                    "route add default via %s" % near, "route add ::/0 via %s" % near6 if v6 else None])
        self._batch("ip", router, ["route add 10.77.%d.0/24 via %s" % (number, far),
                                   "route add fd77:%d::/48 via %s" % (number, far6) if v6 else None])
        self._batch("tc", router, [self._shaper(device, site.wan_down, "wan")])
        self._batch("tc", site.ns, [self._shaper("wan", site.wan_up, "wan")])

    def _build_host_end(self, host):
        gso, v6 = self.spec.get("gso_max_size"), self._ipv6
        self._batch("ip", host.ns, ["addr add %s/%d brd + dev eth0" % (host.ip, host.prefix),
                                    "addr add %s/64 dev eth0 nodad" % host.ip6 if v6 else None,
                                    "link set eth0 gso_max_size %d gro_max_size %d" % (gso, gso) if gso else None,
                                    "link set eth0 up", "route add default via %s" % host.gateway,
                                    "route add ::/0 via %s" % host.gateway6 if v6 else None,
                                    "route add 224.0.0.0/4 dev eth0"])
        self._batch("tc", host.ns, [self._shaper("eth0", host.up, "lan" if host.site else "wan")])

    def _make_neighbour_room(self):
        """The ARP table's ceiling is one for the whole machine (1024 by default): a full mesh of 40 hosts overruns it."""
        need = (len(self.plan.everyone) + 4) ** 2 + 1024
        for family in ("ipv4", "ipv6") if self._ipv6 else ("ipv4",):
            for key, part in (("gc_thresh1", 4), ("gc_thresh2", 2), ("gc_thresh3", 1)):
                path = "/proc/sys/net/%s/neigh/default/%s" % (family, key)
                try:
                    with open(path) as file:
                        have = int(file.read())
                except OSError:
                    continue
                if have < need // part:
                    write(path, need // part)

    def _set_sysctls(self, ns):
        spec, forwards = self.spec, ns == self.plan.router or any(ns == s.ns for s in self.plan.sites)
        with inside(ns):
            for key in ("all", "default"):
                write("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % key, 0 if self._ipv6 else 1)
                write("/proc/sys/net/ipv6/conf/%s/accept_dad" % key, 0)
                if forwards:
                    write("/proc/sys/net/ipv6/conf/%s/forwarding" % key, 1)
            # Some kernels allow a namespace only the "allowed" list of the machine: then reno, and the summary says so.
            for control in (spec.get("cc", "cubic"), "reno"):
                if write("/proc/sys/net/ipv4/tcp_congestion_control", control):
                    break
            with open("/proc/sys/net/ipv4/tcp_congestion_control") as file:
                self.congestion = file.read().strip()
            for key in ("iptables", "ip6tables", "arptables"):
                write("/proc/sys/net/bridge/bridge-nf-call-" + key, 0)
            if forwards:
                write("/proc/sys/net/ipv4/ip_forward", 1)
            for key, value in spec.get("sysctl", {}).items():
                write("/proc/sys/" + key.replace(".", "/"), value)

    def counters(self):
        """Link -> (bytes, packets, drops). Bytes are the shaper's: the headers of every segment are in them."""
        by_ns = {}
        for link, (ns, device) in self.links.items():
            by_ns.setdefault(ns, []).append((link, device))
        out = {}
        for ns, devices in by_ns.items():
            shaped = {q["dev"]: (q["bytes"], q["packets"], q["drops"])
                      for q in json.loads(sh(["tc", "-n", ns, "-j", "-s", "qdisc", "show"]) or "[]")
                      if q.get("root") and q["kind"] == "tbf"}
            raw = None
            for link, device in devices:
                if device not in shaped and raw is None:
                    raw = {d["ifname"]: d["stats64"]["tx"] for d in json.loads(sh(["ip", "-n", ns, "-j", "-s", "link"]))}
                out[link] = shaped[device] if device in shaped else \
                    (raw[device]["bytes"], raw[device]["packets"], raw[device]["dropped"])
        return out

    def payload(self, wire_bytes):
        """Payload estimate of wire bytes: full TCP segments in Ethernet frames."""
        return wire_bytes / self.plan.wire_per_payload

    @staticmethod
    def namespaces_of(name):
        return [ns for ns in existing() if re.fullmatch(re.escape(name) + r"-(rt|seed|s\d+|s\d+h\d+)", ns)]

    @staticmethod
    def remove(name):
        """Ends only processes that live inside this lab's namespaces, then removes those."""
        names = Lab.namespaces_of(name)
        end_processes_in(names)
        for ns in names:
            sh(["ip", "netns", "del", ns], check=False)

    def close(self):
        """Removes what this object built; harmless before up() and after another's claim of the name."""
        for relay in self._relays:
            relay.close()
        self._relays = []
        if self._hold:      # never built, or the name is another's: then there is nothing of ours to remove
            Lab.remove(self.name)
            self._hold.release()
            self._hold = None


def _counters_of(name):
    kept = registry.kept_spec(name)
    if kept is None:
        raise SystemExit("no lab %s stands (lab.py list)" % name)
    lab = Lab(kept, name)
    return {link: {"bytes": count[0], "payload": round(lab.payload(count[0])), "packets": count[1], "drops": count[2]}
            for link, count in lab.counters().items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("up", "exec", "counters", "list", "down"))
    parser.add_argument("host", nargs="?")
    parser.add_argument("--name", default="lab")
    parser.add_argument("--topo")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="set a value in the topology: sites.0.hosts=32")
    parser.add_argument("--stale", action="store_true", help="down: every lab whose holder is gone")
    argv, command = sys.argv[1:], []
    if "--" in argv:
        argv, command = argv[:argv.index("--")], argv[argv.index("--") + 1:]
    options = parser.parse_intermixed_args(argv)
    if os.geteuid():
        raise SystemExit("the lab needs root: it is made of network namespaces")
    if options.verb == "list":
        for line in registry.describe():
            print(line)
    elif options.verb == "down":
        if options.stale:
            registry.sweep(Lab.remove)
        else:
            Lab.remove(options.name)
            registry.forget(options.name)
    elif options.verb == "exec":
        if not options.host or not command:
            raise SystemExit("usage: lab.py exec HOST -- command ...")
        os.execvp("nsenter", ["nsenter", "--net=/run/netns/%s-%s" % (options.name, options.host), "--"] + command)
    elif options.verb == "counters":
        print(json.dumps(_counters_of(options.name), indent=1))
    else:
        if not options.topo:
            raise SystemExit("lab.py up: --topo is needed")
        lab = Lab(load(options.topo, options.set), options.name)
        if any(site.delay_ms for site in lab.plan.sites):
            raise SystemExit("a WAN with latency is a relay process and lives only as long as the program that made the lab")
        lab.up(keep=True)
        print(json.dumps({"name": options.name, "congestion": lab.congestion,
                          "hosts": {h.id: h.ip for h in lab.plan.everyone}}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
