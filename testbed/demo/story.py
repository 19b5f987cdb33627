"""One story of the product: a repository, a fleet, releases published one after the other, and what each node then runs."""
import json
import os
import subprocess
import sys
import time

from testbed.demo import fingerprint
from testbed.demo.fleet import CHANNEL, PRODUCT_NAME, Fleet
from testbed.demo.progress import Watch
from testbed.demo.report import ReleaseFigures
from testbed.run import sha256_file

_SETTLE_S = 20


class Failed(RuntimeError):
    """The story went wrong; the message says how."""


class Story:
    """directory: everything the story writes. mounts: nodes mount what they activate, which wants root."""

    def __init__(self, place, programs, directory, mounts, say, display=None):
        self.place, self.programs, self.directory, self.say, self.display = place, programs, directory, say, display
        self.repository, self._key = os.path.join(directory, "repository"), os.path.join(directory, "release.key")
        self.trust = os.path.join(directory, "root.mp")
        self.fleet = Fleet(place, programs, os.path.join(directory, "fleet"), mounts)
        self.mounts = mounts

    def prepare(self):
        """A key and an empty repository; its root metadata is what nodes are shipped with."""
        call = self.programs.call
        call("key", "new", "-o", self._key)
        call("repo", "init", self.repository, "--key", self._key)
        with open(os.path.join(self.repository, "metadata", "root.mp"), "rb") as source, open(self.trust, "wb") as target:
            target.write(source.read())

    def build(self, tree, image):
        """Builds an image from a tree or a tar archive, once."""
        if not os.path.exists(image):
            self.programs.call("image", "build", tree, "-o", image + ".part")
            os.rename(image + ".part", image)

    def publish(self, version, image, files=()):
        """(digest of the release, unix time at which the channel pointed at it)."""
        self.programs.call("publish", "--repo", self.repository, "--product", PRODUCT_NAME, "--version", version, "--root", image,
                           "--channel", CHANNEL, "--key", self._key, *files)
        pointer = os.path.join(self.repository, "metadata", "channels", PRODUCT_NAME, CHANNEL + ".mp")
        for release in json.loads(self.programs.call("repo", "list", self.repository, "--json"))["releases"]:
            if release["version"] == version:
                return release["digest"], os.stat(pointer).st_mtime
        raise Failed("the repository does not list release %s after publishing it" % version)

    def publish_and_start(self, version, image):
        """The first release: it is there and served before the nodes start; their start is the beginning."""
        digest, _ = self.publish(version, image)
        self.fleet.start_seed(self.repository)
        started = time.time()
        self.fleet.start_nodes(self.trust)
        return digest, started

    def follow(self, version, image, begin, limit_s):
        """Lets `begin` set things going and waits until every node runs the release; its figures."""
        before = self.place.counters()
        digest, started = begin(version, image)
        watch = Watch(self.fleet, digest, os.path.getsize(image), started, self.display)
        last = watch.wait(limit_s)
        after = self.place.counters()
        if last is None:
            raise Failed("release %s did not reach every node in %d s; there: %s%s" % (
                version, limit_s, ", ".join(sorted(watch.finished)) or "none", "".join("\n  " + x for x in self.explain_missing(watch))))
        return ReleaseFigures.measure(version, os.path.getsize(image), self.place, before, after, watch, self._sources(digest, watch))

    def explain_missing(self, watch):
        """Lines that say what keeps the nodes that are not there."""
        for line in self.fleet.stopped():
            yield line
        for host in self.fleet.hosts:
            if host.id not in watch.finished and host.id in self.fleet.nodes:
                state = self.fleet.ask(host)
                yield "%s: %s; log: %s" % (host.id, "no answer" if state is None else "%s %d/%d %s" % (
                    state.phase, state.done, state.total, state.fault), self.fleet.nodes[host.id].tail(3))

    def _sources(self, digest, watch):
        """Bytes by source of every node, from its own record of the update."""
        found = []
        for host in self.fleet.hosts:
            records = []

            def written():
                state = self.fleet.ask(host)
                records[:] = [u for u in (state.updates if state else ()) if u.get("digest") == digest]
                return bool(records)

            if not self.fleet.wait_for(written, _SETTLE_S, 0.2):
                raise Failed("%s runs release %s but has no record of the update" % (host.id, digest[:12]))
            found.append(records[-1].get("sources") or {})
        return found

    def peak_resident(self):
        """Highest memory of every node so far, by the kernel's count."""
        for process in self.fleet.nodes.values():
            process.sample()
        return [p.rss_kb * 1024 for p in self.fleet.nodes.values()]

    def differences(self, version, source, image):
        """Lines about nodes whose root is not the source: entry by entry where it is mounted, by the image's bytes elsewhere."""
        expected = fingerprint.fingerprint(source) if self.mounts else sha256_file(image)
        lines = []
        for host in self.fleet.hosts:
            lines += ["%s: %s" % (host.id, line) for line in
                      (self._mounted_difference(host, version, expected) if self.mounts else self._staged_difference(host, expected))]
        return lines

    def _mounted_difference(self, host, version, expected):
        states = []
        mounted = lambda: states.append(self.fleet.ask(host)) or (states[-1] and states[-1].version == version and states[-1].mounted_root)
        if not self.fleet.wait_for(mounted, _SETTLE_S, 0.3):
            return ["nothing is mounted: %s" % (states[-1] and states[-1].mount_note or "the node does not say why")]
        command = [sys.executable, os.path.abspath(fingerprint.__file__), states[-1].mounted_root]
        done = subprocess.run(self.fleet.inside(host, command), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            return ["its root cannot be read: " + done.stderr.strip()[-300:]]
        return fingerprint.difference(expected, dict(json.loads(line) for line in done.stdout.splitlines()))

    def _staged_difference(self, host, expected):
        digest, _ = self.fleet.current(host)
        release = os.path.join(self.fleet.state(host), "releases", digest or "none")
        images = [os.path.join(folder, name) for folder, _, names in os.walk(release) for name in names if name.startswith("root.")]
        return [] if any(sha256_file(path) == expected for path in images) else ["no image in %s is the published one" % release]

    def close(self):
        self.fleet.close()

