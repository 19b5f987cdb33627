"""`sites`: branch offices behind slow WAN links, side by side with other clients: how many copies cross a WAN, when a site is done,
what late nodes bring over it, what happens to a site whose seed and tracker go away, whether a person on the WAN notices."""
import functools
import json
import os
import subprocess
import sys

from testbed.bench import background, plots
from testbed.bench.comparison import OURS, TESTBED, Measure, Scene

_TRACKER = "http://10.77.0.2:6969/announce"
_DEFAULT_MIB = 32


def _copies(run):
    """Copies into the site that took most: link bytes without the headers of full segments, over the payload."""
    return max(wan["copies"] for wan in run["wan"].values())


_BRANCHES = (
    Measure("wan_copies_max", "copies", _copies),
    Measure("wan_payload_copies_max", "copies", lambda r: r["own_copies"]),
    Measure("site_done_ratio", "ratio", lambda r: r["site_done_ratio"]),
    Measure("last_node_ratio", "ratio", lambda r: r["ratio_max"]),
    Measure("last_node_seconds", "s", lambda r: r["t_max"]),
    Measure("framing_divided_out", "ratio", lambda r: r["framing"]),
)
# Three of ours beside a libtorrent and an aria2 in one site: what ours fetch over the WAN between them.
_MIXED = (
    Measure("wan_copies_of_ours", "copies", lambda r: r["own_copies"]),
    Measure("site_done_ratio", "ratio", lambda r: r["site_done_ratio"]),
)
_KILLED = (
    Measure("wan_copies_max", "copies", _copies),
    Measure("site_done_ratio", "ratio", lambda r: r["site_done_ratio"]),
    Measure("killed_nodes", "nodes", lambda r: r["killed"]),
)
_LATE = (
    Measure("wan_bytes", "B", lambda r: r["late_wan_bytes"]),
    Measure("first_neighbour_p95_seconds", "s", lambda r: r["first_neighbour_p95"], stands_alone=True),
)
_ORPHAN = (
    Measure("finished_share", "ratio", lambda r: r["orphan_finished"]),
    Measure("seconds_after", "s", lambda r: r["orphan_seconds"]),
)
_SCENES = (("branches", "sites", plots.Plot, _BRANCHES), ("branches.killed", "sites", plots.Killed, _KILLED),
           ("mixed", "sites-mixed", plots.Plot, _MIXED), ("late", "sites", plots.Late, _LATE), ("orphan", "sites-orphan", plots.Orphan, _ORPHAN))
_SUBJECTS = (OURS, "libtorrent", "aria2")


class Comparison:
    """size: the payload of every scene in MiB, default 32 (a copy takes 27 s over 10 Mbit/s). peers: name -> a peer description of the
    caller's, one more subject of every scene."""

    NOTE = ("WAN copies are bytes on the link, counted by its shaper, divided by the framing factor (Ethernet, IP and TCP headers of\n"
            "full segments, row framing_divided_out) and by the payload; acknowledgements of what a site sends are in them.\n"
            "wan_payload_copies_max: payload alone, by the nodes' own counts, of the site that took most.\n"
            "site_done_ratio: over payload x 8 x framing / WAN rate, what a plain copy takes at best. late.wan_bytes: all bytes on the\n"
            "link, headers included, while three nodes of a site boot one after another.")

    def __init__(self, product, work, size=None, subjects=None, peers=None):
        self._product, self._work, self._mib = product, work, size or _DEFAULT_MIB
        known = _SUBJECTS + ("transmission", "rtorrent") + tuple(peers or ())
        for subject in subjects or ():
            if subject not in known:
                raise SystemExit("bench: no subject %s: %s" % (subject, ", ".join(known)))
        chosen = tuple(s for s in known if s in subjects) if subjects else _SUBJECTS + tuple(peers or ())
        described = dict(peers or {}, **{OURS: os.path.join(TESTBED, "peers", "stateless-site.json")})
        self.scenes = tuple(self._scene(*scene, chosen, described) for scene in _SCENES)
        self.scenes += (background.scene(tuple(s for s in chosen if s in _SUBJECTS)),)

    def _scene(self, name, topo, plot, measures, chosen, described):
        if name == "mixed":
            chosen = tuple(s for s in chosen if s == OURS)
            described = {OURS: os.path.join(TESTBED, "peers", "stateless-mixed.json")}
        return Scene(name, topo, self._mib, chosen, measures, described, functools.partial(plots.PlottedRun, plot))

    def settings(self, scene):
        """Makes the payload, once; returns subject -> the variables its peer description wants."""
        folder = os.path.join(self._work, "payload")
        out = subprocess.run([sys.executable, os.path.join(TESTBED, "peers", "mkpayload.py"), folder, str(scene.mib),
                              "--seed", "7", "--announce", _TRACKER], check=True, capture_output=True, text=True).stdout
        made = json.loads(out)
        common = {"payload": made["payload"], "sha256": made["sha256"], "torrent": made["torrent"]}
        ours = common
        if OURS in scene.subjects:
            hybrid = os.path.join(folder, "payload-%d-hybrid.torrent" % scene.mib)
            if not os.path.exists(hybrid):
                self._product.call("torrent", "create", made["payload"], "-o", hybrid, "--announce", _TRACKER)
            ours = dict(common, v1=made["torrent"], torrent=hybrid, stateless=self._product.stateless)
        return lambda subject: dict(ours if subject == OURS else common)
