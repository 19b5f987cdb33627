"""What happens during a run beside everybody starting at once: fetchers are killed, nodes boot late, the seed goes away."""
import math
import re
import time

from testbed.machine import DeviceBytes
from testbed.process import end_all
from testbed.run import Run

_STEP_S = 0.02
_USEFUL_BYTES = 32 * 1024       # two blocks: more than handshakes and bitfields


class Plot:
    """Nothing but what a plain run does, and how the sites fared."""

    def __init__(self, run):
        self.run = run
        router, plan = run.lab.plan.router, run.lab.plan
        self._wan = {site.index: (router, "wan%d" % site.index) for site in plan.sites}
        self._ears = {}

    def wan_bytes(self, site):
        """Bytes that were sent into a site over its WAN link so far."""
        if site not in self._ears:
            self._ears[site] = DeviceBytes(*self._wan[site])
        return self._ears[site].sent

    def starts_later(self, host):
        """The node is not started with the others."""
        return False

    def step(self):
        """Called every few milliseconds; True while there is more to come."""
        return False

    def figures(self):
        """Figures of its own, added to those of the run."""
        run, plan = self.run, self.run.lab.plan
        size = int(run.values["payload_size"])
        done = {site.index: [p.done_at - run.began for p in run.peers if p.host.site == site.index and p.done_at] for site in plan.sites}
        # The best a plain copy could do: the link's rate without the headers of full segments.
        best = {site.index: size * 8 * plan.wire_per_payload / site.wan_down for site in plan.sites}
        own = self._own_counts()
        return {"framing": round(plan.wire_per_payload, 4),
                "own_copies": max((sum(counts) / size for counts in own.values()), default=None) if own else None,
                "site_done_ratio": max((max(times) / best[site] for site, times in done.items() if times), default=None)}

    def _own_counts(self):
        """Site -> WAN payload bytes of each node, by its own count when it says one at the end (ours does)."""
        counts = {}
        for process in self.run.peers:
            with open(process.log, errors="replace") as file:
                found = re.search(r"(?m)^complete: .* wan (\d+)", file.read())
            if found:
                counts.setdefault(process.host.site, []).append(int(found.group(1)))
        return counts

    def close(self):
        for ear in self._ears.values():
            ear.close()


class Killed(Plot):
    """The first two members of every site are killed (kill -9) when half of a copy has come in over its WAN."""

    MEMBERS = (1, 2)

    def __init__(self, run):
        super().__init__(run)
        self._at_start, self._left = {}, {site.index for site in run.lab.plan.sites}
        self.killed = []

    def step(self):
        size = int(self.run.values["payload_size"])
        for site in sorted(self._left):
            at_start = self._at_start.setdefault(site, self.wan_bytes(site))
            if self.run.lab.payload(self.wan_bytes(site) - at_start) < size / 2:
                continue
            self._left.discard(site)
            victims = [p for p in self.run.peers if p.host.site == site and p.host.index in self.MEMBERS and not p.done_at]
            for process in victims:
                process.send(9)
            end_all(victims)
            self.run.peers = [p for p in self.run.peers if p not in victims]
            self.killed += victims
        return False

    def figures(self):
        return dict(super().figures(), killed=len(self.killed))


class Late(Plot):
    """Two members of every site fetch; when they are done the others boot, one after another: what each brings over the WAN, and how
    soon it has something from a neighbour."""

    EARLY = 2

    def __init__(self, run):
        super().__init__(run)
        self._waiting = {site.index: [h for h in run.nodes if h.site == site.index and self.starts_later(h)] for site in run.lab.plan.sites}
        self._before, self._after, self._watched, self.first = {}, {}, [], []

    def starts_later(self, host):
        return host.index > self.EARLY

    def step(self):
        self._watch()
        for site, waiting in self._waiting.items():
            begun = [p for p in self.run.peers if p.host.site == site and not (p.host in waiting)]
            if not begun or any(p.done_at is None for p in begun):
                continue
            if not waiting:
                self._after.setdefault(site, self.wan_bytes(site))
                continue
            self._before.setdefault(site, self.wan_bytes(site))
            host = waiting.pop(0)
            ear = DeviceBytes(host.ns, "eth0")
            self._watched.append((host, ear, ear.received, self.wan_bytes(site), time.monotonic()))
            self.run.begin(host)
        return any(self._waiting.values())

    def _watch(self):
        for entry in list(self._watched):
            host, ear, received, wan, since = entry
            # Only one node of a site boots at a time: what came over the WAN meanwhile is its own.
            near = ear.received - received - (self.wan_bytes(host.site) - wan)
            if near >= _USEFUL_BYTES:
                self.first.append(time.monotonic() - since)
                ear.close()
                self._watched.remove(entry)

    def figures(self):
        brought = [self._after.get(site, self.wan_bytes(site)) - before for site, before in self._before.items()]
        first = sorted(self.first)
        return dict(super().figures(), late_wan_bytes=max(brought, default=None), late_first=[round(f, 3) for f in first],
                    first_neighbour_p95=first[math.ceil(0.95 * len(first)) - 1] if first and not self._watched else None)


class Orphan(Plot):
    """Seed and tracker are killed (kill -9) when the first member of the site is complete."""

    def __init__(self, run):
        super().__init__(run)
        self.orphaned_at = None
        self.complete = 0

    def step(self):
        self.complete = sum(1 for p in self.run.peers if p.done_at)
        if self.orphaned_at is None and self.complete:
            self.orphaned_at = time.time()
            for process in self.run.services:
                process.send(9)
        return False

    def figures(self):
        times = [p.done_at for p in self.run.peers if p.done_at]
        known = self.orphaned_at is not None
        return dict(super().figures(), orphan_finished=len(times) / len(self.run.nodes) if known else None,
                    orphan_seconds=max(times) - self.orphaned_at if known and times else None)


class SeedDies(Plot):
    """The seed is killed (kill -9) once its uplink has carried as much as COPIES of the payload; the tracker stays."""

    COPIES = 1.02

    def __init__(self, run):
        super().__init__(run)
        self._ear, self._at_start, self.copies = None, 0, None

    def _sent(self):
        seed = self.run.lab.plan.seed
        if self._ear is None:
            self._ear = DeviceBytes(seed.ns, "eth0")
            self._at_start = self._ear.sent
        return self.run.lab.payload(self._ear.sent - self._at_start) / int(self.run.values["payload_size"])

    def step(self):
        if self.copies is None and self._sent() >= self.COPIES:
            self.copies = self._sent()
            for process in self.run.services:
                if process.role == "seeder":
                    process.send(9)
        return False

    def figures(self):
        done = sum(1 for p in self.run.peers if p.done_at)
        return {"finished_share": done / len(self.run.nodes), "death_copies": self.copies}

    def close(self):
        super().close()
        if self._ear is not None:
            self._ear.close()


class PlottedRun(Run):
    """A run with a plot; see testbed/run.py for the rest."""

    def __init__(self, plot, *arguments):
        super().__init__(*arguments)
        self.began = None
        self.plot = plot(self)

    def _values_of(self, host):
        values = super()._values_of(host)
        if self.plot.starts_later(host):        # it waits for a go of its own
            values["go"] = values["dir"] + "/go"
        return values

    def begin(self, host):
        """Starts a node that was held back."""
        if self.spec.get("go"):
            open(self._values_of(host)["go"], "w").close()
        else:
            self.peers.append(self._start(host, "node", self.spec["node"]["cmd"]))

    def _start_nodes(self, watch=None):
        everybody = self.nodes
        if not self.spec.get("go"):
            self.nodes = [host for host in everybody if not self.plot.starts_later(host)]
        try:
            super()._start_nodes(watch)
        finally:
            self.nodes = everybody

    def _wait_all(self, started):
        self.began = started
        deadline, more = started + float(self.spec.get("deadline", 300)), True
        while time.time() < deadline and (more or any(p.done_at is None and p.failed is None for p in self.peers)):
            for peer in self.peers:
                if peer.done_at is None and peer.failed is None:
                    self._check_done(peer)
            more = self.plot.step()
            time.sleep(_STEP_S)

    def _measure(self):
        try:
            out = super()._measure()
            out.update(self.plot.figures())
            return out
        finally:
            self.plot.close()
