"""`swarm`: one transfer between two hosts, and one LAN of sixteen behind a slow seed, with other clients beside us."""
import json
import os
import subprocess
import sys

from testbed.bench.comparison import OURS, TESTBED, Measure, Scene

_TRACKER = "http://10.77.1.10:6969/announce"


def _node_cpu(run):
    """CPU seconds of all nodes, without what a peer that waits for the go spent before it."""
    return run["node_cpu"]["total"] - run["node_cpu"]["boot_total"]


def _per_gb(seconds, run):
    return seconds / (run["payload"] * run["nodes"] / 1e9)


def _seed_cpu(run):
    return sum(service["cpu"] for name, service in run["services"].items() if not name.startswith("tracker"))


_PAIR = (
    Measure("wall_seconds", "s", lambda r: r["t_max"], over="libtorrent"),
    Measure("leech_cpu_seconds", "s", _node_cpu, over="libtorrent"),
    Measure("seed_cpu_seconds", "s", _seed_cpu, over="libtorrent"),
    Measure("leech_anon_memory", "MB", lambda r: r["node_anon_mb"]["max"]),
    Measure("leech_rss", "MB", lambda r: r["node_rss_mb"]["max"]),
    Measure("first_data_seconds", "s", lambda r: r["seed_first_data_s"]),
)
_LAN = (
    Measure("last_node_seconds", "s", lambda r: r["t_max"], over="libtorrent"),
    Measure("last_node_ratio", "ratio", lambda r: r["ratio_max"]),
    Measure("median_node_ratio", "ratio", lambda r: r["ratio_median"]),
    Measure("seed_copies", "copies", lambda r: r["seed_copies"]),
    Measure("node_cpu_per_gb", "s/GB", lambda r: _per_gb(_node_cpu(r), r)),
    Measure("node_anon_memory", "MB", lambda r: r["node_anon_mb"]["max"]),
    Measure("first_data_seconds", "s", lambda r: r["seed_first_data_s"]),
)


# Subjects that run unless --subjects says otherwise, and those that run when it names them: transmission takes minutes for the
# pair's 1 GiB (it is slow where the round trip is near zero).
_BY_DEFAULT = {"pair": (OURS, "libtorrent", "aria2", "nginx-curl"), "lan16": (OURS, "libtorrent", "aria2")}
_ON_REQUEST = ("transmission", "rtorrent")


class Comparison:
    """Payloads and scenes. size scales both: the pair's payload in MiB, the LAN's is a sixteenth of it. peers: name -> a peer
    description of the caller's, one more subject of every scene."""

    def __init__(self, product, work, size=None, subjects=None, peers=None):
        pair, lan = size or 1024, max(1, (size or 1024) // 16)
        self._product, self._work = product, work
        added = tuple(peers or ())
        known = {name: every + _ON_REQUEST + added for name, every in _BY_DEFAULT.items()}
        for subject in subjects or ():
            if not any(subject in every for every in known.values()):
                raise SystemExit("bench: no subject %s: %s" % (subject, ", ".join(known["pair"])))
        chosen = lambda name: (tuple(s for s in known[name] if s in subjects) if subjects else _BY_DEFAULT[name] + added)
        self.scenes = (Scene("pair", "s1-pair", pair, chosen("pair"), _PAIR, peers or {}),
                       Scene("lan16", "s2-lan16", lan, chosen("lan16"), _LAN, peers or {}))

    def settings(self, scene):
        """Makes the scene's payload; returns subject -> the variables its peer description wants."""
        folder = os.path.join(self._work, "payload")
        out = subprocess.run([sys.executable, os.path.join(TESTBED, "peers", "mkpayload.py"), folder, str(scene.mib),
                              "--seed", "7", "--announce", _TRACKER], check=True, capture_output=True, text=True).stdout
        made = json.loads(out)
        common = {"payload": made["payload"], "sha256": made["sha256"], "torrent": made["torrent"]}
        ours = common
        if OURS in scene.subjects:      # foreign clients get a v1 torrent (one hash), ours verifies SHA-256
            hybrid = os.path.join(folder, "payload-%d-hybrid.torrent" % scene.mib)
            self._product.call("torrent", "create", made["payload"], "-o", hybrid, "--announce", _TRACKER)
            ours = dict(common, torrent=hybrid, stateless=self._product.stateless)
        return lambda subject: dict(ours if subject == OURS else common)
