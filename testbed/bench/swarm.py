"""`swarm`: one transfer between two hosts, one LAN of sixteen behind a slow seed, the same with two lame nodes, and HTTP alone;
with other clients beside us. On one machine: full check, kill -9 in the middle, a very large image."""
import functools
import json
import os
import subprocess
import sys

from testbed.bench import local, plots
from testbed.bench.comparison import OURS, TESTBED, Measure, Scene


def _node_cpu(run):
    """CPU seconds of all nodes, without what a peer that waits for the go spent before it."""
    return run["node_cpu"]["total"] - run["node_cpu"]["boot_total"]


def _per_gb(seconds, run):
    return seconds / (run["payload"] * run["nodes"] / 1e9)


def _told_share(run, what):
    """A number that our nodes tell, over the payload they fetched together; None for those that do not tell it."""
    told = run.get("told", {}).get(what)
    return None if told is None else told / (run["payload"] * run["nodes"])


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
    Measure("spread_ratio", "ratio", lambda r: r["t_max"] / r["t_min"]),
    Measure("seed_copies", "copies", lambda r: r["seed_copies"]),
    Measure("duplicate_share", "ratio", lambda r: _told_share(r, "wasted")),
    Measure("control_share", "ratio", lambda r: _told_share(r, "control")),
    Measure("node_cpu_per_gb", "s/GB", lambda r: _per_gb(_node_cpu(r), r)),
    Measure("node_anon_memory", "MB", lambda r: r["node_anon_mb"]["max"]),
    Measure("first_data_seconds", "s", lambda r: r["seed_first_data_s"]),
)
# The last of sixteen good nodes, beside one with a 0.5 Mbit/s uplink and one that freezes: over the last of lan16 it is what those cost.
_LAME = (
    Measure("last_node_seconds", "s", lambda r: r["t_max"]),
    Measure("seed_copies", "copies", lambda r: r["seed_copies"]),
)
# The seed dies once each byte has left it about once: nobody needs it any more. death_copies is missing where all were done before.
_MORTAL = (
    Measure("finished_share", "ratio", lambda r: r["finished_share"]),
    Measure("death_copies", "copies", lambda r: r["death_copies"]),
    Measure("last_node_ratio", "ratio", lambda r: r["ratio_max"]),
)
# No peer at all: a web seed, on a link that is the bottleneck, beside a plain download of the same file.
_HTTP = (
    Measure("wall_seconds", "s", lambda r: r["t_max"], over="nginx-curl"),
    Measure("leech_cpu_seconds", "s", _node_cpu, over="nginx-curl"),
    Measure("first_data_seconds", "s", lambda r: r["seed_first_data_s"]),
)
# No network at all, or loopback alone (bench/local.py).
_VERIFY = (
    Measure("rate_per_core", "MB/s", lambda r: r["rate_per_core"], over="openssl"),
)
_RESUME = (
    Measure("fetched_again", "ratio", lambda r: r["fetched_again"]),
    Measure("hashed_again", "ratio", lambda r: r["hashed_again"]),
)
_CLOSED = (
    Measure("throughput", "MB/s", lambda r: r["throughput"]),
    Measure("throughput_over_plain", "ratio", lambda r: r["throughput_over_plain"]),
)
_SPARSE = (
    Measure("create_rss", "MB", lambda r: r["create_rss"]),
    Measure("seed_rss", "MB", lambda r: r["seed_rss"]),
    Measure("leech_rss", "MB", lambda r: r["leech_rss"]),
    Measure("wall_seconds", "s", lambda r: r["t_max"]),
)
_SPARSE_BYTES = 10 << 30

# Subjects that run unless --subjects says otherwise, and those that run when it names them: transmission takes minutes for the
# pair's 1 GiB (it is slow where the round trip is near zero).
_BY_DEFAULT = {"pair": (OURS, "libtorrent", "aria2", "nginx-curl"), "lan16": (OURS, "libtorrent", "aria2"), "lame16": (OURS,), "mortal": (OURS,),
               "http": (OURS, "nginx-curl"), "verify": (OURS, "openssl"), "resume": (OURS,), "closed": (OURS,), "sparse": (OURS,)}
_ON_REQUEST = ("transmission", "rtorrent")


def _described(name):
    return os.path.join(TESTBED, "peers", name + ".json")


class Comparison:
    """Payloads and scenes. size scales both: the pair's payload in MiB, the LAN's is a sixteenth of it. peers: name -> a peer
    description of the caller's, one more subject of every scene. tracker: on the seed, which is one more host of site 1."""

    tracker = "http://10.77.1.10:6969/announce"

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
                       Scene("lan16", "s2-lan16", lan, chosen("lan16"), _LAN, peers or {}),
                       Scene("lame16", "s2-lan16-slow", lan, self._only(subjects, "lame16"), _LAME, {OURS: _described("stateless-slow")}),
                       Scene("mortal", "s2-lan16", lan, self._only(subjects, "mortal"), _MORTAL, peers or {},
                             functools.partial(plots.PlottedRun, plots.SeedDies)),
                       Scene("http", "s5-uplink", max(1, pair // 8), self._only(subjects, "http"), _HTTP, {OURS: _described("stateless-web")}),
                       Scene("verify", None, pair, self._only(subjects, "verify"), _VERIFY, runner=local.verify),
                       Scene("resume", None, max(1, pair // 2), self._only(subjects, "resume"), _RESUME, runner=local.resume),
                       Scene("closed", None, pair, self._only(subjects, "closed"), _CLOSED, runner=local.closed),
                       Scene("sparse", None, 1, self._only(subjects, "sparse"), _SPARSE, runner=local.sparse))

    @staticmethod
    def _only(subjects, name):
        """The scene's own subjects, as far as they were asked for."""
        return tuple(s for s in _BY_DEFAULT[name] if not subjects or s in subjects)

    def settings(self, scene):
        """Makes the scene's payload; returns subject -> the variables its peer description wants."""
        folder = os.path.join(self._work, "payload")
        out = subprocess.run([sys.executable, os.path.join(TESTBED, "peers", "mkpayload.py"), folder, str(scene.mib),
                              "--seed", "7", "--announce", self.tracker], check=True, capture_output=True, text=True).stdout
        made = json.loads(out)
        common = {"payload": made["payload"], "sha256": made["sha256"], "torrent": made["torrent"]}
        ours = common
        if OURS in scene.subjects:      # foreign clients get a v1 torrent (one hash), ours verifies SHA-256
            hybrid = os.path.join(folder, "payload-%d-hybrid.torrent" % scene.mib)
            self._product.call("torrent", "create", made["payload"], "-o", hybrid, "--announce", self.tracker)
            ours = dict(common, torrent=hybrid, stateless=self._product.stateless, sparse_bytes=str(_SPARSE_BYTES))
        return lambda subject: dict(ours if subject == OURS else common)

    def between(self, rows):
        """Rows that compare scenes: what the two lame nodes of lame16 cost the others."""
        last = {row["measure"]: row for row in rows if row["subject"] == OURS}
        lame, whole = last.get("lame16.last_node_seconds"), last.get("lan16.last_node_seconds")
        if not lame or not whole:
            return []
        ratios = [round(value / whole["value"], 4) for value in lame["runs"]]
        return [{"measure": "lame16.last_node_over_lan16", "subject": OURS, "value": round(lame["value"] / whole["value"], 4),
                 "unit": "ratio", "runs": ratios}]
