"""Runs a named comparison and prints a table: tools/bench NAME [--json FILE] [--size MIB] [--rounds N]

  --json FILE    rows as JSON: {"measure":"pair.wall_seconds","subject":"stateless","value":..,"unit":"s","runs":[..]}
  --size MIB     swarm: payload of the pair (default 1024), the LAN's is a sixteenth of it (64); sites: payload (default 32)
  --rounds N     runs of every subject, alternating; the table holds medians (default 3)
  --subjects A,B only these: stateless, libtorrent, aria2, nginx-curl; transmission and rtorrent run only when named here
  --peer NAME=FILE.json  one more subject, from a peer description (testbed/README.md); may be given again
Names: swarm, sites, background, tracker, delta
"""
import argparse
import json
import os
import shutil
import signal
import sys
import tempfile

from testbed import product
from testbed.bench import background, comparison, delta, sites, swarm, tracker
from testbed.machine import CpuGroup

COMPARISONS = {"background": background.Comparison, "delta": delta.Comparison, "sites": sites.Comparison, "swarm": swarm.Comparison, "tracker": tracker.Comparison}
SCRATCH_BYTES = 6 << 30


def _scratch():
    """A folder on a tmpfs with room, else below artifacts: then the disk is in the figures."""
    shm = "/dev/shm"
    roomy = os.path.isdir(shm) and shutil.disk_usage(shm).free > SCRATCH_BYTES
    if not roomy:
        os.makedirs(product.ARTIFACTS, exist_ok=True)
        print("no tmpfs with %d GiB free: the disk is in the figures" % (SCRATCH_BYTES >> 30), file=sys.stderr)
    return tempfile.mkdtemp(prefix="stateless-bench-", dir=shm if roomy else product.ARTIFACTS)


def _described(text):
    """NAME=FILE.json -> (name, path of a peer description)."""
    name, _, path = text.partition("=")
    if not name or not path:
        raise argparse.ArgumentTypeError("%s: NAME=FILE.json expected" % text)
    if os.path.exists(os.path.join(comparison.TESTBED, "peers", name + ".json")):
        raise argparse.ArgumentTypeError("%s: that subject is there already" % name)
    try:
        with open(path) as file:
            spec = json.load(file)
    except (OSError, ValueError) as fault:
        raise argparse.ArgumentTypeError("%s: %s" % (path, fault))
    if not isinstance(spec, dict) or not isinstance(spec.get("node"), dict) or "cmd" not in spec["node"]:
        raise argparse.ArgumentTypeError("%s: a peer description has a node with a cmd" % path)
    return name, os.path.abspath(path)


def main():
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comparison", choices=sorted(COMPARISONS))
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--size", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--subjects", type=lambda text: text.split(","))
    parser.add_argument("--peer", type=_described, action="append", default=[], metavar="NAME=FILE.json")
    parser.add_argument("--scenes", type=lambda text: text.split(","), help="only these scenes: swarm: pair, lan16, lame16, mortal, http, verify, resume, closed, sparse; sites: branches, branches.killed, mixed, late, orphan, background; delta: patchday, patchday.kernel, small, rebuild, unrelated")
    parser.add_argument("--product", metavar="DIR", help="a folder with published programs, instead of publishing now")
    options = parser.parse_args()
    if os.geteuid():
        raise SystemExit("bench needs root: the lab is made of network namespaces")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    say = lambda text: print(text, file=sys.stderr, flush=True)
    ours = not options.subjects or comparison.OURS in options.subjects
    programs = None
    if ours:
        if not options.product:
            say("publishing stateless (NativeAOT)")
        seed = getattr(COMPARISONS[options.comparison], "NEEDS_SEED", False)
        programs = product.published(options.product, seed) if options.product else product.publish(seed)
    work, name = _scratch(), "b%d" % (os.getpid() % 1000000)
    group, rows, failures = CpuGroup(name, 65536), [], []
    try:
        chosen = COMPARISONS[options.comparison](programs, work, options.size, options.subjects,
                                                 dict(options.peer))
        for scene in chosen.scenes:
            if options.scenes and scene.name not in options.scenes:
                continue
            result = comparison.execute(scene, chosen.settings(scene), work, name, options.rounds, say)
            rows += comparison.rows(result)
            failures += result.failures
        rows += getattr(chosen, "between", lambda _: [])(rows)
    finally:
        group.close()
        shutil.rmtree(work, ignore_errors=True)
    print(comparison.table(rows))
    if rows and hasattr(chosen, "NOTE"):
        print(chosen.NOTE)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file, indent=1)
    for failure in failures:
        say("failed: " + failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
