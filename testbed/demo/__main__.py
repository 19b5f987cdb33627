"""From a directory to the running read-only root of six nodes in two branch offices, then an update: tools/demo

  --product DIR   programs published already, instead of publishing now
  --name NAME     name of the lab, for two demos on one machine (default demo)
  --keep          leave states and images of the run in artifacts/demo/run (default: only logs stay)
Writes artifacts/demo/report.json (figures), raw.json (what they are computed from) and chart.svg. Exit code 0 only when all
nodes run both releases and every entry of their roots is that of the source.
"""
import argparse
import json
import os
import shutil
import signal
import sys
import time

from testbed import product, topology
from testbed.demo import chart, report, trees
from testbed.demo.leftovers import leftovers
from testbed.demo.places import LabPlace, Loopback
from testbed.demo.progress import Display
from testbed.demo.story import Story

HOME = os.path.join(product.ARTIFACTS, "demo")
TOPOLOGY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "topo", "demo.json")
LIMIT_S = 600


def say(text):
    print(text, flush=True)


def _programs(options):
    if options.product:
        return product.published(options.product)
    say("programs: publishing stateless (NativeAOT) and stateless-seed (a minute or two the first time)")
    return product.publish()


def _image_key(tree_key):
    """An image is made again when the tree's recipe or the code that builds images changes."""
    sources = []
    for folder, _, names in os.walk(os.path.join(product.ROOT, "src", "StatelessSwarm.Cli", "Images")):
        for name in sorted(names):
            with open(os.path.join(folder, name), errors="replace") as file:
                sources.append(file.read())
    return trees.key_of([tree_key, sorted(sources)])


def _tell_what_is_left_out():
    say("not root: the same on the loopback interface. Left out: sites and shaped links (so no optimum and no copies per link),\n"
        "  neighbours by multicast, mounting, and with it the comparison of the mounted roots (image bytes are compared instead)")


def _play(options, programs, releases):
    """The story itself; (report, raw, chart), and a list of what was wrong."""
    as_root = os.geteuid() == 0
    run = os.path.join(HOME, "run")
    # the lab's name is the lock: another demo that runs keeps its lab and its files
    place = (LabPlace if as_root else Loopback)(topology.load(TOPOLOGY), options.name).up()
    story, figures, wrong = Story(place, programs, run, as_root, say, Display()), [], []
    try:
        shutil.rmtree(run, ignore_errors=True)
        os.makedirs(run)
        story.prepare()
        for number, (version, tree, image) in enumerate(releases):
            say("release %s: %s" % (version, "published to a running fleet, which follows the channel" if number else
                                    "published and served; %d nodes start empty" % len(place.plan.hosts)))
            figures.append(story.follow(version, image, story.publish if number else story.publish_and_start, LIMIT_S))
            started = time.monotonic()
            differences = story.differences(version, tree, image)
            say("release %s: every node %s (%.1f s)" % (version, ("has a root that is the source, entry by entry" if as_root else
                                                                  "staged the published image") if not differences else
                                                        "was compared, and there are differences", time.monotonic() - started))
            wrong += differences
        problems = story.fleet.stopped()
        peak = story.peak_resident()
    finally:
        story.close()
        place.close()
        wrong += leftovers(run, options.name)
        if not options.keep:
            _keep_only_logs(run)
    hosts = place.plan.hosts
    title = "%d nodes in %d sites%s" % (len(hosts), len(place.plan.sites), "" if not as_root else
                                        ", each site behind %g Mbit/s, the seed behind %g" % (
                                            place.plan.sites[0].wan_down / 1e6, place.plan.seed.up / 1e6))
    return (report.as_json(len(hosts), not wrong, figures), report.raw_json(place, figures, peak),
            chart.draw(figures, hosts, title), report.table(figures, len(hosts), peak) + "\n\n" + report.explain(place), wrong + problems)


def _keep_only_logs(run):
    for folder, _, names in os.walk(run):
        for name in names:
            if not name.endswith(".log"):
                os.unlink(os.path.join(folder, name))


def _write(name, text):
    path = os.path.join(HOME, name)
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(prog="tools/demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--product", metavar="DIR")
    parser.add_argument("--name", default="demo")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.makedirs(HOME, exist_ok=True)
    for name in ("report.json", "raw.json", "chart.svg"):
        if os.path.exists(os.path.join(HOME, name)):
            os.unlink(os.path.join(HOME, name))
    try:
        if os.geteuid():
            _tell_what_is_left_out()
        programs = _programs(options)
        first, second, key = trees.make(os.path.join(HOME, "cache"), say)
        releases, image_key = [], _image_key(key)
        for version, tree in (("1.0", first), ("2.0", second)):
            image = os.path.join(HOME, "cache", key, "root-%s-%s.squashfs" % (version, image_key))
            if not os.path.exists(image):
                say("image %s: stateless image build" % version)
                programs.call("image", "build", tree, "-o", image + ".part")
                os.rename(image + ".part", image)
            releases.append((version, tree, image))
        started = time.monotonic()
        summary, raw, svg, text, wrong = _play(options, programs, releases)
    except (RuntimeError, OSError) as error:
        print("demo: %s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: stopped; everything was taken down", file=sys.stderr)
        return 130
    _write("report.json", json.dumps(summary, indent=1) + "\n")
    _write("raw.json", json.dumps(raw, indent=1) + "\n")
    _write("chart.svg", svg)
    say("\n" + text)
    say("\n  %.0f s after set-up; artifacts/demo/report.json, raw.json, chart.svg" % (time.monotonic() - started))
    for line in wrong[:40]:
        print("demo: " + line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
