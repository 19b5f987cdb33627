"""The seed and the nodes of a demo: started in their hosts, asked for their state, killed and started again."""
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import Optional

from testbed.process import Process, end_all
from testbed.run import wait_ready

PRODUCT_NAME, CHANNEL = "web", "stable"
SEED_HTTP, PEER_PORT = 8080, 6881
_STATUS_TIMEOUT_S = 5


@dataclass(frozen=True)
class NodeState:
    """What `stateless status --json` says of one node, as far as the demo looks at it."""
    phase: str
    version: str                # of the release it runs, "" before the first
    done: int
    total: int
    target: str                 # version under way
    sources: dict               # disk, lan, wan, http of the release under way or, when idle, of the last update
    peers: int
    fault: str
    mounted_root: Optional[str]
    mounted_image: Optional[str]
    mount_note: Optional[str]
    peak_resident: int
    updates: tuple

    @staticmethod
    def read(status):
        current, progress, fault = status.get("current") or {}, status.get("progress") or {}, status.get("last_fault") or {}
        return NodeState(
            phase=status.get("phase", ""), version=current.get("version", ""), done=progress.get("done_bytes", 0),
            total=progress.get("total_bytes", 0), target=progress.get("version", ""), sources=progress.get("sources") or {},
            peers=progress.get("peers", 0), fault=fault if isinstance(fault, str) else fault.get("message", ""),
            mounted_root=status.get("mounted_root"), mounted_image=status.get("mounted_image"),
            mount_note=status.get("mount_note"), peak_resident=status.get("peak_resident_bytes", 0),
            updates=tuple(status.get("updates") or ()))


class Fleet:
    """place: a Lab or a Loopback. directory: where states and logs go. mounts: nodes mount what they activate (root)."""

    node_options = ()   # more options of every node

    def __init__(self, place, programs, directory, mounts=True):
        self.place, self.programs, self.directory, self.mounts = place, programs, directory, mounts
        self.nodes = {}
        self.seed = None
        self._run = None

    @property
    def hosts(self):
        return self.place.plan.hosts

    def folder(self, host):
        return os.path.join(self.directory, host.id)

    def state(self, host):
        return os.path.join(self.folder(host), "state")

    def run_directory(self, host):
        if not self._run:       # a Unix socket's path has room for 107 bytes, a checkout may lie deep
            self._run = tempfile.mkdtemp(prefix="stateless-")
        return os.path.join(self._run, host.id)

    def start_seed(self, repository, options=()):
        host = self.place.host("seed")
        self.seed = Process(host, "seed", [self.programs.seed, "--repo", repository, "--listen", host.ip, "--http-port", str(SEED_HTTP),
                                           "--peer-port", str(PEER_PORT)] + self.place.seed_options + list(options), self.folder(host))
        wait_ready({"log": r"stateless-seed ready"}, self.seed, host, 60)

    def start_node(self, host, trust):
        folder, seed = self.folder(host), self.place.host("seed")
        argv = [self.programs.stateless, "node", "--server", "http://%s:%d/" % (seed.ip, SEED_HTTP),
                "--follow", "%s/%s" % (PRODUCT_NAME, CHANNEL), "--trust", trust, "--state", self.state(host),
                "--run", self.run_directory(host), "--listen", host.ip, "--port", str(PEER_PORT),
                "--site", "site%d" % host.site, "--poll-interval", "1s"] + self.place.node_options(host) + list(self.node_options)
        argv += ["--mount", os.path.join(folder, "mounts")] if self.mounts else ["--no-mount"]
        self.nodes[host.id] = Process(host, "node", argv, folder, own_mounts=self.mounts)

    def start_nodes(self, trust):
        for host in self.hosts:
            self.start_node(host, trust)

    def ask(self, host):
        """The node's state, or None while it does not answer."""
        command = [self.programs.stateless, "status", "--run", self.run_directory(host), "--state", self.state(host),
                   "--json"]
        try:
            done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=_STATUS_TIMEOUT_S)
            return NodeState.read(json.loads(done.stdout)) if done.returncode == 0 else None
        except (subprocess.TimeoutExpired, ValueError):
            return None

    def current(self, host):
        """(digest, unix time of the link) of the node's current root, read from its state directory; (None, None) before."""
        link = os.path.join(self.state(host), "roots", "current")
        try:
            return os.path.basename(os.readlink(link)), os.lstat(link).st_mtime
        except OSError:
            return None, None

    def stopped(self):
        """Lines about processes that ended though nobody told them to."""
        return ["%s on %s ended with code %s: %s" % (p.role, p.host.id, p.code, p.tail(4))
                for p in [self.seed, *self.nodes.values()] if p and p.poll() is not None]

    def kill(self, host):
        """kill -9, as a power cut would."""
        process = self.nodes.pop(host.id)
        process.send(9)
        end_all([process])

    def kill_seed(self):
        self.seed.send(9)
        end_all([self.seed])
        self.seed = None

    def inside(self, host, argv):
        """argv run where the node sees its own mounts."""
        if not self.mounts:
            return argv
        return ["nsenter", "--mount=/proc/%d/ns/mnt" % self.nodes[host.id].pid, "--"] + argv

    def stop(self):
        end_all([p for p in self.nodes.values()], grace=12)
        end_all([self.seed] if self.seed else [], grace=12)
        self.nodes, self.seed = {}, None

    def close(self):
        self.stop()
        if self._run:
            shutil.rmtree(self._run, ignore_errors=True)

    def wait_for(self, condition, limit_s, step_s=0.1):
        """True as soon as the condition holds; False when the time is over."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(step_s)
        return False
