#!/usr/bin/env python3
"""Runs one peer in every host of a lab, waits until all are done, checks the bytes, prints one JSON summary.

  run.py --topo topo/s2-lan16.json --peer peers/libtorrent.json --work DIR [--repeat 3] [--out F.json]
         [--set payload=... --set torrent=... --set sha256=...] [--set topo.seed.up=50mbit] [--quiet 30]
README.md describes the two JSON forms and every figure.
"""
import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import sys
import time

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from testbed import topology
from testbed.figures import figures, summary
from testbed.lab import Lab
from testbed.machine import CpuGroup, Watch, backlog_drops, cpu_ticks, wait_quiet
from testbed.netns import inside, sh
from testbed.process import Process, end_all, fill, split

TESTBED = os.path.dirname(os.path.abspath(__file__))


def wait_ready(condition, process, host, limit_s):
    """condition: {'tcp': port} | {'log': regex} | {'file': path} | {'sleep': s} | {'exit': code}"""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        code = process.poll()
        if code is not None and "exit" not in condition:
            raise RuntimeError("%s on %s ended early with code %s: %s" % (process.role, host.id, code, process.tail()))
        if "sleep" in condition:
            time.sleep(float(condition["sleep"]))
            return
        if "log" in condition and log_matches(process, condition["log"]):
            return
        if "file" in condition and os.path.exists(condition["file"]):
            return
        if "tcp" in condition and accepts(host, int(condition["tcp"])):
            return
        if "exit" in condition and code is not None:
            if code != int(condition["exit"]):
                raise RuntimeError("%s on %s: exit code %s: %s" % (process.role, host.id, code, process.tail()))
            return
        time.sleep(0.05)
    raise RuntimeError("%s on %s was not ready in %s s: %s" % (process.role, host.id, limit_s, process.tail()))


def log_matches(process, pattern):
    with open(process.log, errors="replace") as file:
        return re.search(pattern, file.read()) is not None


def accepts(host, port):
    """True when the host takes a connection on its own address."""
    with inside(host.ns):
        probe = socket.socket()
    with probe:
        probe.settimeout(0.5)
        try:
            probe.connect((host.ip, port))
            return True
        except OSError:
            return False


def sha256_file(path):
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()


class Run:
    """One execution of one peer description on one topology."""

    def __init__(self, spec_topology, spec, work, name, settings, quiet=0, nice=0, keep=False):
        self.spec, self.name, self.quiet, self.nice, self.keep = spec, name, quiet, nice, keep
        self.directory = os.path.join(work, "run-" + name)
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        self.lab = Lab(spec_topology, name)
        chosen = spec["node"].get("hosts", "all")
        self.nodes = [h for h in self.lab.plan.hosts if chosen == "all" or h.id in chosen or "s%d" % h.site in chosen]
        self.services, self.peers, self.failure = [], [], {}
        self.values = self._values(work, settings)

    def _values(self, work, settings):
        plan = self.lab.plan
        values = dict(self.spec.get("vars", {}), **settings)
        values.update(tools=os.path.join(TESTBED, "peers"), work=work, run=self.directory, seed_ip=plan.seed.ip,
                      python=sys.executable, go=os.path.join(self.directory, "go"), nodes=len(self.nodes),
                      seed_up_kbit=int((plan.seed.up or 0) / 1000),
                      node_down_kbit=int(min(h.down or 0 for h in self.nodes) / 1000),
                      wan_down_kbit=int(min(s.wan_down or 0 for s in plan.sites) / 1000))
        for key in settings:
            values[key] = fill(values[key], values)
        if values.get("payload"):
            values.setdefault("payload_name", os.path.basename(values["payload"]))
            values.setdefault("payload_dir", os.path.dirname(values["payload"]))
            values.setdefault("payload_size", os.path.getsize(values["payload"]))
        return values

    def _values_of(self, host):
        number = next(i for i, one in enumerate(self.lab.plan.everyone) if one is host)
        return dict(self.values, host=host.id, ip=host.ip, site=host.site, idx=host.index, n=number, gw=host.gateway,
                    dir=os.path.join(self.directory, host.id))

    def _prepare(self, part, host):
        values = self._values_of(host)
        os.makedirs(values["dir"], exist_ok=True)
        for path, text in part.get("files", {}).items():
            path = fill(path, values)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(fill(text, values))
        for command in part.get("prepare", []):
            sh(split(command, values))

    def _start(self, host, role, command):
        values = self._values_of(host)
        env = {key: fill(text, values) for key, text in self.spec.get("env", {}).items()}
        return Process(host, role, split(command, values), values["dir"], env, self.nice)

    def _await_ready(self, part, process, default_s):
        if part.get("ready"):
            values = self._values_of(process.host)
            condition = {k: fill(v, values) if isinstance(v, str) else v for k, v in part["ready"].items()}
            wait_ready(condition, process, process.host, float(part.get("ready_s", default_s)))

    def _start_services(self):
        for service in self.spec.get("services", []):
            where = service.get("host", "seed")
            hosts = self.nodes if where == "nodes" else [self.lab.host(where)]
            for host in hosts:
                self._prepare(service, host)
                process = self._start(host, service["name"], service["cmd"])
                self.services.append(process)
                self._await_ready(service, process, 30)

    def _start_nodes(self, watch=None):
        for host in self.nodes:
            self.peers.append(self._start(host, "node", self.spec["node"]["cmd"]))
            if watch:
                watch.processes.append(self.peers[-1])

    def _check_done(self, peer):
        """Marks a peer done or failed; True while it is neither."""
        done, code = self.spec["node"]["done"], peer.poll()
        if "file" in done:
            try:
                peer.done_at = os.stat(fill(done["file"], self._values_of(peer.host))).st_mtime
            except OSError:
                pass
        elif "log" in done:
            if log_matches(peer, done["log"]):
                peer.done_at = time.time()
        elif code == int(done.get("exit", 0)):
            peer.done_at = time.time()
        if peer.done_at is None and code is not None:
            peer.failed = code
        return peer.done_at is None and peer.failed is None

    def _wait_all(self, started):
        waiting, deadline = list(self.peers), started + float(self.spec.get("deadline", 300))
        while waiting and time.time() < deadline:
            waiting = [peer for peer in waiting if self._check_done(peer)]
            time.sleep(0.05)

    def _wrong_bytes(self):
        """Ids of the nodes that do not hold the right file."""
        verify = self.spec.get("verify")
        if not verify:
            return []
        want, bad = fill(verify["sha256"], self.values), []
        for peer in self.peers:
            try:
                if sha256_file(fill(verify["path"], self._values_of(peer.host))) != want:
                    bad.append(peer.host.id)
            except OSError:
                bad.append(peer.host.id + " (no file)")
        return bad

    def _measure(self):
        go, node = bool(self.spec.get("go")), self.spec["node"]
        for host in self.nodes:
            self._prepare(node, host)
        service_cpu = [p.cpu for p in self.services]
        if go:      # start everything first, then let all begin at once: start-up is not in the figure
            self._start_nodes()
            for peer in self.peers:
                self._await_ready(node, peer, 60)
        boot_cpu = [p.cpu for p in self.peers]
        before = self.lab.counters(), backlog_drops(), cpu_ticks()
        watch = Watch(self.services + self.peers, self.lab.plan.seed.ns)
        watch.start()
        try:
            started = watch.started_at = time.time()
            if go:
                open(self.values["go"], "w").close()
            else:
                self._start_nodes(watch)
            spread = time.time() - started
            self._wait_all(started)
            ended = max([p.done_at for p in self.peers if p.done_at] or [time.time()])
            after = self.lab.counters(), backlog_drops(), cpu_ticks()
            machine = watch.result()
        finally:
            watch.stop()
        live_cpu = sum(p.cpu for p in self.peers) - sum(boot_cpu) + sum(p.cpu for p in self.services) - sum(service_cpu)
        stop = getattr(signal, self.spec.get("stop_signal", "SIGTERM"))
        end_all(self.peers, stop)
        service_cpu = [p.cpu - cpu for p, cpu in zip(self.services, service_cpu)]
        end_all(self.services, stop)
        return figures(self, started, ended, spread, before, after, watch.first_data, machine, live_cpu,
                       sum(boot_cpu), service_cpu, self._wrong_bytes())

    def _drop_payloads(self):
        """Removes what the peers downloaded; logs stay."""
        for folder, _, files in os.walk(self.directory):
            for file in files:
                if not file.endswith(".log"):
                    os.unlink(os.path.join(folder, file))

    def execute(self):
        result = {"label": self.spec.get("label")}
        try:
            self.lab.up()
            result["cc"] = self.lab.congestion
            if self.quiet:
                result["quiet_before"] = wait_quiet(self.quiet)
            self._start_services()
            result.update(self._measure())
        except (RuntimeError, OSError) as error:
            result.update(ok=False, error=str(error))
        finally:
            end_all(self.peers + self.services, grace=1.0)
            self.lab.close()
            if not self.keep:
                self._drop_payloads()
        return result


def repeat(spec_topology, spec, work, name, settings, times=1, quiet=0, nice=0, keep=False, say=None):
    """The same run several times; a list of results."""
    runs = []
    for number in range(1, times + 1):
        runs.append(Run(spec_topology, spec, os.path.abspath(work), name, settings, quiet, nice, keep).execute())
        if say:
            last = runs[-1]
            say("run %d/%d %s ok=%s t_max=%s %s" % (number, times, last["label"], last.get("ok"), last.get("t_max"),
                                                    last.get("error", "")))
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topo", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--work", required=True, help="scratch folder; on a tmpfs, else the disk is what is measured")
    parser.add_argument("--out")
    parser.add_argument("--name", default="run")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="K=V")
    parser.add_argument("--keep", action="store_true", help="keep every file of the last run")
    parser.add_argument("--quiet", type=float, default=0, help="wait up to so many seconds for an idle machine before each run")
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("--cpu-shares", type=int, default=0, help="CPU group weight, 1024 being one ordinary session")
    options = parser.parse_args()
    if os.geteuid():
        raise SystemExit("the lab needs root: it is made of network namespaces")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    spec_topology = topology.load(options.topo, [s[5:] for s in options.set if s.startswith("topo.")])
    settings = dict(s.split("=", 1) for s in options.set if not s.startswith("topo."))
    with open(options.peer) as file:
        spec = json.load(file)
    os.makedirs(options.work, exist_ok=True)
    group = CpuGroup(options.name, options.cpu_shares)
    try:
        runs = repeat(spec_topology, spec, options.work, options.name, settings, options.repeat, options.quiet,
                      options.nice, options.keep, lambda text: print(text, file=sys.stderr, flush=True))
    finally:
        group.close()
    out = {"summary": summary(runs), "topo": spec_topology, "runs": runs}
    if options.out:
        with open(options.out, "w") as file:
            json.dump(out, file, indent=1)
    print(json.dumps(out["summary"] if options.out else out, indent=1))
    return 0 if all(r.get("ok") for r in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
