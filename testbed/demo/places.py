"""Where the demo runs: a lab of namespaces as root, the loopback interface without."""
from dataclasses import replace

from testbed.lab import Lab
from testbed.topology import Topology


class LabPlace(Lab):
    """Sites and shaped links; multicast works inside a site, every host has its own address."""

    seed_options = []
    shaped = True

    def node_options(self, host):
        return []


class Loopback:
    """Every host an address of 127.77/16 on the one loopback interface: no shaping, no counters, no multicast."""

    seed_options = ["--no-mdns"]
    shaped = False
    congestion = None

    def __init__(self, spec, name):
        self.plan = Topology(name, spec)
        hosts = [replace(h, ns="", ip=h.ip.replace("10.77.", "127.77.", 1)) for h in self.plan.everyone]
        self.plan.seed, self.plan.hosts = hosts[0], hosts[1:]

    def host(self, host_id):
        return self.plan.host(host_id)

    def node_options(self, host):
        return ["--no-mdns"]

    def up(self):
        return self

    def counters(self):
        return {}

    def payload(self, wire_bytes):
        return wire_bytes

    def close(self):
        """Nothing was built."""
