#!/usr/bin/env python3
"""Draws the time line of one boot from its boot.json: timeline.py BOOT_JSON OUT.svg [--until SECONDS=WORDS]

The first bar is everything before the agent (firmware, kernel, initramfs); WORDS name what came at the end, a login prompt say.
"""
import argparse
import json
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 150, 40, 30, 44
COLOURS = {"kernel": "#b0b7c3", "cache": "#7aa6c2", "network": "#7aa6c2", "update": "#3d7a5a", "mount": "#c2803d", "ledger": "#c2803d", "slots": "#c2803d",
           "root": "#8d8db8"}
WORDS = {"cache": "find the cache", "network": "network", "update": "fetch and verify", "ledger": "count the try", "mount": "mount", "slots": "activate"}


def draw(record, until=None, words="root runs"):
    """SVG text for a boot record; until: seconds at which `words` came."""
    begun = record["agent_start_ms"] / 1000
    rows = [("kernel and initramfs", "kernel", 0.0, begun)]
    rows += [(WORDS.get(step["name"], step["name"]), step["name"], begun + step["start_ms"] / 1000, step["ms"] / 1000) for step in record["steps"]]
    end = rows[-1][2] + rows[-1][3]
    if until:
        rows.append((words, "root", end, until - end))
        end = until
    scale = (WIDTH - LEFT - RIGHT) / end
    height = TOP + ROW * len(rows) + 34
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">' % (WIDTH, height),
           '<rect width="100%" height="100%" fill="#fff"/>',
           '<text x="12" y="24" font-size="15">%s %s, %s, %.1f MB fetched</text>' % (
               escape(record["product"]), escape(record["version"]), escape(record["reason"]),
               (record["sources"]["lan"] + record["sources"]["wan"] + record["sources"]["http"]) / 1e6)]
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 50, 100) if end / s <= 12)
    tick = 0.0
    while tick <= end:
        x = LEFT + tick * scale
        out.append('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#e3e6ea"/><text x="%.1f" y="%d" text-anchor="middle" fill="#667">%g s</text>' % (
            x, TOP - 8, x, height - 26, x, height - 10, tick))
        tick += step
    for index, (name, kind, start, seconds) in enumerate(rows):
        y = TOP + index * ROW
        out.append('<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%.1f" y="%d" width="%.1f" height="18" fill="%s"/><text x="%.1f" y="%d" fill="#445">%s</text>' % (
            LEFT - 10, y + 14, escape(name), LEFT + start * scale, y, max(1.5, seconds * scale), COLOURS.get(kind, "#999"),
            min(LEFT + (start + seconds) * scale + 6, WIDTH - 48), y + 14, "%.2f s" % seconds if seconds >= 0.01 else "%.0f ms" % (seconds * 1000)))
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record")
    parser.add_argument("output")
    parser.add_argument("--until", default="", metavar="SECONDS=WORDS")
    options = parser.parse_args()
    with open(options.record) as file:
        record = json.load(file)
    seconds, _, words = options.until.partition("=")
    with open(options.output, "w") as file:
        file.write(draw(record.get("boot", record), float(seconds) if seconds else None, words or "root runs"))


if __name__ == "__main__":
    main()
