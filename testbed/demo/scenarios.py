#!/usr/bin/env python3
"""Small versions of the demo, seconds each, with what may go wrong on the way: what EndToEnd.Tests runs.

  scenarios.py NAME --work DIR [--name LAB] [--product DIR]
prints one line of JSON as its last line: {"scenario":..,"problems":[..], figures}
"""
import argparse
import json
import os
import random
import shutil
import signal
import stat
import sys

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from testbed import product
from testbed.demo.leftovers import leftovers
from testbed.demo.places import LabPlace, Loopback
from testbed.demo.progress import Watch
from testbed.demo.story import Failed, Story

LIMIT_S = 150
MIB = 1 << 20
TOPOLOGY = {"seed": {"up": "100mbit", "down": "100mbit"},
            "sites": [{"count": 2, "hosts": 2, "lan_up": "200mbit", "lan_down": "200mbit", "wan_down": "20mbit", "wan_up": "20mbit"}]}


def make_tree(path, seed, mib, change=None):
    """A tree with one of everything an image can hold, and `mib` MiB that do not compress. change: a file's new text."""
    bytes_of = random.Random(seed).randbytes
    for folder in ("etc", "usr/bin", "usr/lib/empty", "var/tmp"):
        os.makedirs(os.path.join(path, folder))
    for index in range(mib):
        with open(os.path.join(path, "usr/lib", "library-%02d.so" % index), "wb") as file:
            file.write(bytes_of(MIB))
    for name, text, mode in (("etc/hostname", "node\n", 0o644), ("etc/shadow", "root:*\n", 0o640), ("usr/bin/su", "#!\n", 0o4755),
                             ("etc/motd", change or "version 1.0\n", 0o644), ("etc/empty", "", 0o600)):
        with open(os.path.join(path, name), "w") as file:
            file.write(text)
        os.chmod(os.path.join(path, name), mode)
    os.symlink("../usr/bin/su", os.path.join(path, "etc/link"))
    os.link(os.path.join(path, "etc/hostname"), os.path.join(path, "etc/hardlink"))
    os.chmod(os.path.join(path, "var/tmp"), 0o1777)
    os.mkfifo(os.path.join(path, "etc/fifo"))
    if os.geteuid() == 0:
        os.mknod(os.path.join(path, "etc/null"), stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.chown(os.path.join(path, "etc/shadow"), 0, 42)
        os.setxattr(os.path.join(path, "usr/bin/su"), "user.origin", b"scenario")


class Scenario:
    """What the scenarios share: two small releases and a story on a small lab."""

    def __init__(self, work, name, programs, spec=TOPOLOGY, mib=12, loopback=False, node_options=()):
        self.work, self.name, self.mib = work, name, mib
        self.place = (Loopback if loopback else LabPlace)(spec, name)
        self.story = Story(self.place, programs, work, not loopback, lambda text: print(text, flush=True))
        self.story.fleet.node_options = node_options
        self.fleet, self.problems, self.figures = self.story.fleet, [], {}

    def release(self, version, change=None):
        tree, image = os.path.join(self.work, "tree-" + version), os.path.join(self.work, "root-%s.squashfs" % version)
        make_tree(tree, 1, self.mib, change)
        self.story.build(tree, image)
        return tree, image

    def expect(self, what, ok):
        if not ok:
            self.problems.append(what)

    def ask(self, host_id):
        return self.fleet.ask(self.place.host(host_id))

    def watch(self, digest, image, started, until):
        watch = Watch(self.fleet, digest, os.path.getsize(image), started)
        watch.wait(LIMIT_S, until)
        return watch

    def flow(self):
        """Two releases, one after the other, to every node; each root is the source's, entry by entry."""
        earlier = None
        for version, change, begin in (("1.0", None, self.story.publish_and_start), ("2.0", "version 2.0\n", self.story.publish)):
            tree, image = self.release(version, change)
            one = self.story.follow(version, image, begin, LIMIT_S)
            self.problems += self.story.differences(version, tree, image)
            self.figures[version] = one.as_json()
            if earlier:
                noticed = self.story.differences(version, *earlier)
                self.expect("comparing with the wrong source is noticed on every node, said: %s" % noticed,
                            {line.split(":")[0] for line in noticed} == {host.id for host in self.fleet.hosts})
            earlier = tree, image

    def seed_killed(self):
        """The seed goes away when one member of each site is complete: the slow members finish from their neighbours."""
        tree, image = self.release("1.0")
        digest, started = self.story.publish_and_start("1.0", image)
        watch = self.watch(digest, image, started, lambda w: {"s1h1", "s2h1"} <= set(w.finished))
        self.expect("the fast members finish first, had: %s" % sorted(watch.finished), set(watch.finished) == {"s1h1", "s2h1"})
        self.figures["seconds"] = {host: round(seconds, 1) for host, seconds in sorted(watch.finished.items())}
        self.fleet.kill_seed()
        self.figures["share_when_the_seed_went"] = [x.done / x.total if x and x.total else None for x in map(self.ask, ("s1h2", "s2h2"))]
        rest = self.watch(digest, image, started, None)
        self.expect("every node finishes without the seed, had: %s%s" % (
            sorted(rest.finished), "".join("; " + x for x in self.story.explain_missing(rest)) if len(rest.finished) < 4 else ""),
            len(rest.finished) == len(self.fleet.hosts))
        self.problems += self.story.differences("1.0", tree, image)

    def killed_node(self):
        """kill -9 at about the half: the next start goes on where it was."""
        tree, image = self.release("1.0")
        digest, started = self.story.publish_and_start("1.0", image)
        host = self.place.host("s1h1")
        shares = []

        def half(_):
            state = self.fleet.ask(host)
            shares[:] = [state.done / state.total] if state and state.total else []
            return bool(shares) and shares[0] >= 0.45

        self.watch(digest, image, started, half)
        self.fleet.kill(host)
        self.figures["share_when_killed"] = shares[0] if shares else None
        self.expect("the node was killed under way, at %s" % shares, bool(shares) and 0.4 < shares[0] < 1)
        self.fleet.start_node(host, self.story.trust)
        rest = self.watch(digest, image, started, None)
        self.expect("every node finishes", len(rest.finished) == len(self.fleet.hosts))
        self.problems += self.story.differences("1.0", tree, image)
        record = [u for u in self.fleet.ask(host).updates if u.get("digest") == digest][-1]
        kept = record["sources"]["disk"] / os.path.getsize(image)
        self.figures["share_kept"] = kept
        self.expect("what was there is kept: %.2f of the image, killed at %s" % (kept, shares), bool(shares) and kept > shares[0] - 0.1)

    def two_subnets(self):
        """One site, two subnets with a router between and no multicast: by their site's name the nodes are one, and fetch one copy."""
        tree, image = self.release("1.0")
        one = self.story.follow("1.0", image, self.story.publish_and_start, LIMIT_S)
        self.figures["1.0"] = one.as_json()
        subnets = {host.bridge for host in self.fleet.hosts}
        self.expect("there are two subnets, had: %s" % sorted(subnets), len(subnets) == 2)
        size = os.path.getsize(image)
        self.figures["wan_payload_copies"] = round(one.sources["wan"] / size, 3)
        self.expect("all nodes together fetch one copy over the WAN, had: %.3f" % (one.sources["wan"] / size), one.sources["wan"] <= 1.02 * size)
        self.problems += self.story.differences("1.0", tree, image)


ROUTED = dict(TOPOLOGY, sites=[dict(TOPOLOGY["sites"][0], count=1, hosts=4, subnets=2)])
SLOW_MEMBERS = dict(TOPOLOGY, sites=[dict(TOPOLOGY["sites"][0], hosts_special={"2": {"lan_down": "5mbit"}})])
SCENARIOS = {"flow": (Scenario.flow, {}), "loopback": (Scenario.flow, {"loopback": True}),
             # Not in the background: beside far members with slow ports that mode may hold a fast member up (docs/limits.md).
             "seed-killed": (Scenario.seed_killed, {"spec": SLOW_MEMBERS}), "killed-node": (Scenario.killed_node, {"mib": 16}),
             "two-subnets": (Scenario.two_subnets, {"spec": ROUTED})}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", choices=sorted(SCENARIOS))
    parser.add_argument("--work", required=True)
    parser.add_argument("--name", default="scene")
    parser.add_argument("--product", help="folder of published programs; default the debug build")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    play, settings = SCENARIOS[options.scenario]
    if os.geteuid() and not settings.get("loopback"):
        raise SystemExit("the lab needs root: it is made of network namespaces")
    work = os.path.abspath(options.work)
    scene = Scenario(work, options.name, product.published(options.product) if options.product else product.built(), **settings)
    scene.place.up()
    try:
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        scene.story.prepare()
        play(scene)
        scene.problems += scene.fleet.stopped()
        scene.figures["peak_resident_mib"] = round(max(scene.story.peak_resident(), default=0) / MIB, 1)
    except Failed as error:
        scene.problems.append(str(error))
    finally:
        scene.story.close()
        scene.place.close()
        scene.problems += leftovers(work, options.name)
    print(json.dumps({"scenario": options.scenario, "problems": scene.problems, **scene.figures}))
    return 1 if scene.problems else 0


if __name__ == "__main__":
    sys.exit(main())
