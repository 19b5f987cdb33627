"""The demo's chart as SVG: how far each node was at every moment, and where its bytes came from."""
from xml.sax.saxutils import escape

from testbed.demo.report import SOURCES

_WIDTH, _LEFT, _RIGHT, _PLOT_HEIGHT, _GAP = 960, 70, 205, 230, 96
_SITES = (("#0b5cad", "#3d8bd4", "#86b9ea"), ("#b3430b", "#e0722f", "#f1ab7d"), ("#2f7d32", "#58a85b", "#98cf9a"),
          ("#6a3d9a", "#9467c4", "#c3a8e2"))
_SOURCE_COLOURS = {"disk": "#8a8f98", "lan": "#2f9e6e", "wan": "#0b5cad", "http": "#d9a400"}
_SOURCE_WORDS = {"disk": "own disk", "lan": "neighbours", "wan": "peers beyond the WAN", "http": "HTTP"}
_DASHES = ("", "7 3", "2 3")


def _nice_step(span):
    """A round distance between marks, so that there are four to nine."""
    size = 1.0
    while True:
        for factor in (1, 2, 5):
            if span / (size * factor) <= 9:
                return size * factor
        size *= 10


class _Svg:
    def __init__(self, height):
        self.parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" '
                      'font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="13">' % (_WIDTH, height, _WIDTH, height),
                      '<rect width="100%" height="100%" fill="#ffffff"/>']

    def text(self, x, y, words, anchor="start", size=13, weight="normal", colour="#23272e"):
        self.parts.append('<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d" font-weight="%s" fill="%s">%s</text>'
                          % (x, y, anchor, size, weight, colour, escape(words)))

    def line(self, x1, y1, x2, y2, colour="#d5d9df", width=1.0, dash=""):
        self.parts.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.1f" stroke-dasharray="%s"/>'
                          % (x1, y1, x2, y2, colour, width, dash or "none"))

    def rect(self, x, y, width, height, colour):
        self.parts.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (x, y, width, height, colour))

    def curve(self, points, colour, dash):
        self.parts.append('<polyline fill="none" stroke="%s" stroke-width="2" stroke-linejoin="round" stroke-dasharray="%s" points="%s"/>'
                          % (colour, dash or "none", " ".join("%.1f,%.1f" % p for p in points)))

    def done(self):
        return "\n".join(self.parts + ["</svg>"]) + "\n"


def _curves(svg, top, release, hosts):
    """One plot: share of the image against time, a line per node, the optimum as a mark."""
    right, bottom = _WIDTH - _RIGHT, top + _PLOT_HEIGHT
    end = max([release.last_node_seconds, release.optimum_seconds]) * 1.04 or 1
    x, y = lambda t: _LEFT + (right - _LEFT) * t / end, lambda share: bottom - _PLOT_HEIGHT * share
    ratio = release.last_node_ratio
    svg.text(_LEFT, top - 16, "Release %s: %.1f MiB, last node after %.1f s%s" %
             (release.version, release.image_bytes / (1 << 20), release.last_node_seconds,
              "" if ratio is None else " (%.2f x the optimum)" % ratio), size=15, weight="bold")
    for percent in (0, 25, 50, 75, 100):
        svg.line(_LEFT, y(percent / 100), right, y(percent / 100))
        svg.text(_LEFT - 8, y(percent / 100) + 4, "%d %%" % percent, "end", colour="#5a616c")
    step, moment = _nice_step(end), 0.0
    while moment <= end:
        svg.line(x(moment), bottom, x(moment), bottom + 5, "#5a616c")
        svg.text(x(moment), bottom + 20, "%g s" % moment, "middle", colour="#5a616c")
        moment += step
    if release.optimum_seconds:
        svg.line(x(release.optimum_seconds), top, x(release.optimum_seconds), bottom, "#23272e", 1.5, "4 4")
        svg.text(x(release.optimum_seconds) - 5, top + 14, "optimum", "end", 12)
    for row, host in enumerate(hosts):
        points = sorted((s[0], s[2]) for s in release.samples if s[1] == host.id)
        shown, highest = [(x(0), y(0))], 0.0
        for moment, share in points:
            highest = max(highest, share)
            shown.append((x(moment), y(highest)))
        colour, dash = _SITES[(host.site - 1) % len(_SITES)][(host.index - 1) % 3], _DASHES[(host.index - 1) % 3]
        svg.curve(shown, colour, dash)
        svg.line(right + 16, top + 12 + row * 24, right + 46, top + 12 + row * 24, colour, 2.5, dash)
        svg.text(right + 52, top + 16 + row * 24, "site %d, node %d" % (host.site, host.index), size=12)


def _bars(svg, top, releases, nodes):
    """Where the bytes came from: a stacked bar per release, in copies of the image per node."""
    right, height = _WIDTH - _RIGHT, 30
    svg.text(_LEFT, top - 16, "Where the bytes came from, per node", size=15, weight="bold")
    widest = max(sum(r.sources.values()) / nodes / r.image_bytes for r in releases) or 1
    for row, release in enumerate(releases):
        at, y = _LEFT, top + row * (height + 14)
        svg.text(_LEFT - 8, y + 20, release.version, "end", colour="#5a616c")
        for source in SOURCES:
            copies = release.sources[source] / nodes / release.image_bytes
            width = (right - _LEFT) * copies / widest
            svg.rect(at, y, width, height, _SOURCE_COLOURS[source])
            if width > 60:
                svg.text(at + width / 2, y + 20, "%.2f" % copies, "middle", 13, "bold", "#ffffff")
            at += width
    for row, source in enumerate(SOURCES):
        svg.rect(right + 16, top + row * 20, 14, 14, _SOURCE_COLOURS[source])
        svg.text(right + 36, top + 12 + row * 20, _SOURCE_WORDS[source], size=12)
    bottom = top + max(len(releases) * (height + 14), len(SOURCES) * 20)
    svg.text(_LEFT, bottom + 12, "in copies of the image; 1.00 is the whole image once", size=12, colour="#5a616c")
    return bottom + 12


def draw(releases, hosts, title):
    """The chart as a string."""
    height = 92 + len(releases) * (_PLOT_HEIGHT + _GAP) + max(len(releases) * 44, 80) + 46
    svg = _Svg(height)
    svg.text(_LEFT, 34, title, size=18, weight="bold")
    top = 92
    for release in releases:
        _curves(svg, top, release, hosts)
        top += _PLOT_HEIGHT + _GAP
    _bars(svg, top, releases, len(hosts))
    return svg.done()
