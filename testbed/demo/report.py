"""The figures of one release's way through the fleet, the table people read and the JSON that scripts read."""
from dataclasses import dataclass

SOURCES = ("disk", "lan", "wan", "http")
MIB = 1 << 20


@dataclass(frozen=True)
class ReleaseFigures:
    """Figures of one release. Copies are link bytes with the framing divided out, over the image's bytes."""
    version: str
    image_bytes: int
    last_node_seconds: float
    optimum_seconds: float
    seed_egress_copies: float
    wan_copies: dict
    sources: dict
    raw: dict
    finished: dict
    samples: tuple

    @property
    def last_node_ratio(self):
        return self.last_node_seconds / self.optimum_seconds if self.optimum_seconds else None

    @staticmethod
    def measure(version, image_bytes, place, before, after, watch, sources):
        """before and after are the place's link counters; no links counted (loopback): copies are None."""
        carried = {link: after[link][0] - before[link][0] for link in after}
        copies = lambda link: round(place.payload(carried[link]) / image_bytes, 3) if link in carried else None
        optimum = place.plan.optimum(image_bytes)[0] if place.shaped else 0
        return ReleaseFigures(
            version=version, image_bytes=image_bytes, last_node_seconds=round(max(watch.finished.values()), 3),
            optimum_seconds=optimum, seed_egress_copies=copies("seed.up"),
            wan_copies={"site%d" % s.index: copies("s%d.wan_down" % s.index) for s in place.plan.sites},
            sources={key: sum(s.get(key, 0) for s in sources) for key in SOURCES}, raw=carried,
            finished={k: round(v, 3) for k, v in watch.finished.items()}, samples=tuple(watch.samples))

    def as_json(self):
        ratio = self.last_node_ratio
        return {"version": self.version, "image_bytes": self.image_bytes, "last_node_seconds": self.last_node_seconds,
                "last_node_ratio": None if ratio is None else round(ratio, 3), "seed_egress_copies": self.seed_egress_copies,
                "wan_copies": self.wan_copies, "bytes": self.sources}


def as_json(nodes, identical, releases):
    """The report as artifacts/demo/report.json holds it."""
    return {"nodes": nodes, "identical": identical, "releases": [r.as_json() for r in releases]}


def raw_json(place, releases, peak_resident):
    """What the report is computed from: bytes on every wire (headers included), times, curves, memory."""
    return {"wire_per_payload": place.plan.wire_per_payload, "congestion_control": place.congestion,
            "peak_resident_bytes": peak_resident,
            "releases": [{"version": r.version, "optimum_seconds": r.optimum_seconds, "wire_bytes": r.raw,
                          "node_seconds": r.finished, "curve": r.samples} for r in releases]}


def _text(value, pattern="%.2f"):
    return "-" if value is None else pattern % value


def table(releases, nodes, peak_resident):
    """The closing table."""
    head = ["", *("release " + r.version for r in releases)]
    rows = [["image", *("%.1f MiB" % (r.image_bytes / MIB) for r in releases)],
            ["last node", *("%.1f s" % r.last_node_seconds for r in releases)],
            ["... over the optimum", *(_text(r.last_node_ratio) for r in releases)],
            ["copies that left the seed", *(_text(r.seed_egress_copies) for r in releases)]]
    for site in releases[0].wan_copies:
        rows.append(["copies into %s over its WAN" % site, *(_text(r.wan_copies[site]) for r in releases)])
    for key, words in zip(SOURCES, ("from its own disk", "from neighbours", "from beyond the WAN", "over HTTP")):
        rows.append(["bytes " + words, *("%.2f copies" % (r.sources[key] / r.image_bytes / nodes) for r in releases)])
    rows.append(["largest memory of a node", *["%.0f MiB" % (max(peak_resident) / MIB if peak_resident else 0)] +
                 [""] * (len(releases) - 1)])
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    line = lambda row: "  " + row[0].ljust(widths[0]) + "".join("   " + cell.rjust(w) for cell, w in zip(row[1:], widths[1:]))
    return "\n".join([line(head), "  " + "-" * (sum(widths) + 3 * (len(widths) - 1))] + [line(row) for row in rows])


def explain(place):
    """How to read the table's figures."""
    if not place.shaped:
        return "  Nothing was shaped or counted: no optimum and no copies. Bytes are per node, in copies of the image."
    rate = min(s.wan_down for s in place.plan.sites) / 1e6
    return ("  Optimum = image bytes x 8 / %g Mbit/s, the WAN link of a site, which must carry every byte once (payload over raw\n"
            "  link rate: headers alone cost %.1f %%). Copies: bytes on the link with headers divided out, over the image's bytes.\n"
            "  Bytes by source are per node." % (rate, (place.plan.wire_per_payload - 1) * 100))
