"""`background`: does a swarm give way to a person on the same WAN link? A 10 Mbit/s link with a buffer of 250 ms; a seed beyond it, nodes
behind it, and a person's transfer over it, alone and beside them. With other clients beside us, which do not try to give way."""
import os
import time

from testbed import run
from testbed.bench import swarm
from testbed.bench.comparison import OURS, TESTBED, Measure, Scene
from testbed.traffic import Echo, Foreground, quantile

_NODES = ("s1h1", "s1h2", "s1h3")
_PERSON = "s1h4"
_WARM_S, _MEASURE_S, _START_S = 3, 12, 8


class Run(run.Run):
    """Nodes that fetch an image too large to be done in time, and a person who comes and goes."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.nodes = [host for host in self.nodes if host.id in _NODES]

    def _measure(self):
        plan = self.lab.plan
        person, capacity = plan.host(_PERSON), plan.sites[0].wan_down
        for host in self.nodes:
            self._prepare(self.spec["node"], host)
        with Echo(person, plan.seed) as echo:
            idle = self._over(_WARM_S, echo, None)
            with Foreground(plan.seed, person) as flow:
                time.sleep(_WARM_S)
                solo = self._over(_MEASURE_S, echo, flow)
            time.sleep(1)
            if self.spec.get("go"):
                open(self.values["go"], "w").close()
            self._start_nodes()
            time.sleep(_START_S)
            alone = self._over(_MEASURE_S, echo, None)
            with Foreground(plan.seed, person) as flow:
                time.sleep(_WARM_S)
                beside = self._over(_MEASURE_S, echo, flow)
            after = self._over(_MEASURE_S, echo, None)
        wrong = [peer.role + "@" + peer.host.id for peer in self.peers + self.services if peer.poll() is not None]
        base = quantile(idle["trips"], 0.05)
        return {
            "ok": not wrong, "failed": wrong, "t_max": _MEASURE_S, "congestion": flow.congestion, "base_ms": base,
            "foreground_solo": solo["flow"], "foreground_beside": beside["flow"],
            "foreground_loss": 1 - beside["flow"] / solo["flow"],
            "added_delay_ms": quantile(alone["trips"], 0.95) - base, "added_delay_median_ms": quantile(alone["trips"], 0.5) - base,
            "idle_use": alone["link"] / capacity, "recovered_use": after["link"] / capacity,
        }

    def _over(self, seconds, echo, flow):
        """Bits per second on the WAN and of the person's transfer, and the echo's round trips, during so many seconds."""
        start, before = time.monotonic(), self.lab.counters()["s1.wan_down"][0]
        rate = flow.rate(seconds) if flow else time.sleep(seconds)
        end, carried = time.monotonic(), self.lab.counters()["s1.wan_down"][0] - before
        return {"flow": rate, "link": carried * 8 / (end - start), "trips": echo.between(start, end)}


MEASURES = (
    Measure("foreground_loss", "ratio", lambda r: r["foreground_loss"]),
    Measure("added_delay_ms", "ms", lambda r: r["added_delay_ms"]),
    Measure("added_delay_median_ms", "ms", lambda r: r["added_delay_median_ms"]),
    Measure("idle_use", "ratio", lambda r: r["idle_use"]),
    Measure("recovered_use", "ratio", lambda r: r["recovered_use"]),
)


def scene(subjects):
    """The scene `background`, for any comparison that wants its rows."""
    described = {OURS: os.path.join(TESTBED, "peers", "stateless-background.json")}
    return Scene("background", "s6-background", 256, subjects, MEASURES, described, run=Run)


class Comparison(swarm.Comparison):
    """The scene alone; its seed hangs on the router."""

    tracker = "http://10.77.0.2:6969/announce"

    def __init__(self, product, work, size=None, subjects=None, peers=None):
        super().__init__(product, work, size, None, peers)
        known = (OURS, "libtorrent", "aria2")
        for subject in subjects or ():
            if subject not in known:
                raise SystemExit("bench: no subject %s: %s" % (subject, ", ".join(known)))
        self.scenes = (scene(tuple(s for s in known if not subjects or s in subjects)),)
