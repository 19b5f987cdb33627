"""What a lab consists of: the plan of sites, hosts and link rates read from JSON, and the best any scheme could do on it."""
import json
import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

MAX_SITES, MAX_HOSTS_PER_SITE = 250, 240
_FRAME_EXTRA, _HEADERS = 14, 52     # Ethernet header; IPv4 + TCP with time stamps


def rate_bits(text) -> Optional[float]:
    """'20mbit' -> 20e6; None, '' and 'none' -> None (unshaped)."""
    if text in (None, "", "none", 0):
        return None
    if isinstance(text, (int, float)):
        return float(text)
    found = re.fullmatch(r"([0-9.]+)\s*([kmg]?)bit", text.strip().lower())
    if not found:
        raise SystemExit("topology: not a rate: %r (say 20mbit, 1gbit or none)" % text)
    return float(found.group(1)) * {"": 1, "k": 1e3, "m": 1e6, "g": 1e9}[found.group(2)]


@dataclass
class Host:
    """One machine of the lab; rates in bits per second, None = unshaped."""
    id: str
    ns: str
    site: int
    index: int
    port: str
    ip: str
    ip6: str
    gateway: str
    gateway6: str
    up: Optional[float]
    down: Optional[float]
    bridge: str = "br0"
    prefix: int = 24


@dataclass
class Site:
    """One bridge, or one for each of its subnets, and its WAN link."""
    index: int
    ns: str
    gateway: str
    gateway6: str
    wan_down: Optional[float]
    wan_up: Optional[float]
    delay_ms: float
    snooping: int
    subnets: int = 1

    @property
    def bridges(self):
        """(name, IPv4 address, prefix length, IPv6 address) of each: the site's router stands between them and passes no multicast."""
        if self.subnets == 1:
            return [("br0", self.gateway, 24, self.gateway6)]
        return [("br%d" % number, "10.77.%d.%d" % (self.index, 128 * number + 1), 25, "fd77:%d:0:%d::1" % (self.index, number))
                for number in range(self.subnets)]


@dataclass
class Topology:
    """The plan of one lab. The JSON form is described in README.md."""
    name: str
    spec: dict
    sites: List[Site] = field(default_factory=list)
    hosts: List[Host] = field(default_factory=list)

    def __post_init__(self):
        if not re.fullmatch(r"[a-z][a-z0-9]{0,7}", self.name):
            raise SystemExit("lab name %r: 1-8 small letters and digits, a letter first" % self.name)
        spec, seed = self.spec, self.spec.get("seed", {})
        expanded = [site for site in spec["sites"] for _ in range(int(site.get("count", 1)))]
        for number, site in enumerate(expanded, 1):
            self.sites.append(Site(number, "%s-s%d" % (self.name, number), "10.77.%d.1" % number, "fd77:%d::1" % number,
                                   rate_bits(site.get("wan_down")), rate_bits(site.get("wan_up")),
                                   float(site.get("wan_delay_ms", 0)), int(bool(site.get("mcast_snooping", 0))),
                                   int(site.get("subnets", 1))))
            for index in range(1, int(site["hosts"]) + 1):
                one = dict(site, **site.get("hosts_special", {}).get(str(index), {}))
                self.hosts.append(self._host("s%dh%d" % (number, index), number, index, 10 + index, "p%d" % index,
                                             one.get("lan_up"), one.get("lan_down")))
        self.seed_site = int(seed.get("site", 0))
        self.seed = self._host("seed", self.seed_site, 0, 10 if self.seed_site else 2,
                               "p0" if self.seed_site else "seed", seed.get("up"), seed.get("down"))
        self.router = "%s-rt" % self.name
        if len(self.sites) > MAX_SITES or any(h.index > MAX_HOSTS_PER_SITE for h in self.hosts):
            raise SystemExit("topology: at most %d sites of %d hosts" % (MAX_SITES, MAX_HOSTS_PER_SITE))
        if any(s.subnets not in (1, 2) for s in self.sites) or any(h.index > 100 for h in self.hosts if h.prefix == 25):
            raise SystemExit("topology: a site has one subnet, or two with at most 100 hosts")
        if self.seed_site > len(self.sites):
            raise SystemExit("topology: seed.site is %d, there are %d sites" % (self.seed_site, len(self.sites)))

    def _host(self, host_id, site, index, last, port, up, down):
        if 0 < site <= len(self.sites) and self.sites[site - 1].subnets > 1:      # host by host in turn
            number = max(index - 1, 0) % self.sites[site - 1].subnets
            bridge, gateway, prefix, gateway6 = self.sites[site - 1].bridges[number]
            last += 128 * number
            return Host(host_id, "%s-%s" % (self.name, host_id), site, index, port, "10.77.%d.%d" % (site, last),
                        "fd77:%d:0:%d::%d" % (site, number, last), gateway, gateway6, rate_bits(up), rate_bits(down), bridge, prefix)
        return Host(host_id, "%s-%s" % (self.name, host_id), site, index, port, "10.77.%d.%d" % (site, last),
                    "fd77:%d::%d" % (site, last), "10.77.%d.1" % site, "fd77:%d::1" % site, rate_bits(up), rate_bits(down))

    @property
    def everyone(self) -> List[Host]:
        return [self.seed] + self.hosts

    @property
    def namespaces(self) -> List[str]:
        return [self.router] + [s.ns for s in self.sites] + [h.ns for h in self.everyone]

    @property
    def mtu(self) -> int:
        return int(self.spec.get("mtu", 1500))

    @property
    def wire_per_payload(self) -> float:
        """Ethernet bytes per TCP payload byte with full segments: 1514/1448 = 1.046 at MTU 1500."""
        return (self.mtu + _FRAME_EXTRA) / (self.mtu - _HEADERS)

    def host(self, host_id) -> Host:
        for one in self.everyone:
            if one.id == host_id:
                return one
        raise SystemExit("no host %s in this lab (there are: %s)" % (host_id, " ".join(h.id for h in self.everyone)))

    def link_devices(self) -> Dict[str, Tuple[str, str]]:
        """Link name -> (namespace, device) whose sending side is that link."""
        links = {}
        for site in self.sites:
            links["s%d.wan_down" % site.index] = (self.router, "wan%d" % site.index)
            links["s%d.wan_up" % site.index] = (site.ns, "wan")
        for host in self.everyone:
            links[host.id + ".up"] = (host.ns, "eth0")
            links[host.id + ".down"] = (self.sites[host.site - 1].ns if host.site else self.router, host.port)
        return links

    def optimum(self, size, nodes=None):
        """(seconds, which bound, all bounds): no scheme brings `size` bytes to all nodes sooner. Payload bits over link bits."""
        endless, bits = float("inf"), size * 8.0
        nodes = nodes or self.hosts
        seed_up = self.seed.up or endless
        bounds = {"seed_up": bits / seed_up, "node_down": max(bits / (h.down or endless) for h in nodes),
                  "sum_up": len(nodes) * bits / (seed_up + sum(h.up or endless for h in nodes))}
        used = {h.site for h in nodes}
        far = [s for s in self.sites if s.index in used and s.index != self.seed_site]
        if far:
            bounds["wan_down"] = max(bits / (s.wan_down or endless) for s in far)
            bounds["wan_sum"] = len(far) * bits / (seed_up + sum(s.wan_up or endless for s in far))
        which = max(bounds, key=lambda k: bounds[k])
        return bounds[which], which, bounds


def load(path, settings=()):
    """A topology's JSON with 'a.b.0.c=value' settings applied."""
    with open(path) as file:
        spec = json.load(file)
    for setting in settings:
        key, _, value = setting.partition("=")
        steps = key.split(".")
        at = spec
        for step in steps[:-1]:
            at = at[int(step)] if step.isdigit() else at.setdefault(step, {})
        at[int(steps[-1]) if steps[-1].isdigit() else steps[-1]] = int(value) if value.isdigit() else value
    return spec
