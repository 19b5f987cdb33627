"""`tracker`: what an announce costs, ours beside opentracker. One machine, loopback; every announce comes from an address of 127.0.0.0/8
of its own, on a connection that is kept, as in a swarm of --size nodes (default 2,000) that announce again and again."""
import os
import re
import select
import socket
import subprocess
import time

from testbed.bench.comparison import OURS, Measure, Scene

_ROUNDS = 10
_OPEN_AT_A_TIME = 256
_HZ = os.sysconf("SC_CLK_TCK")
_MEASURES = (
    Measure("announces_per_core_second", "1/s", lambda r: r["announces_per_core_second"], over="opentracker"),
    Measure("bytes_per_answer", "B", lambda r: r["bytes_per_answer"]),
    Measure("rss", "MB", lambda r: r["rss"]),
)


def _cpu(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(int(fields[i]) for i in (11, 12)) / _HZ


def _rss(pid):
    with open("/proc/%d/status" % pid) as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _address(node):
    return "127.%d.%d.%d" % (1 + node // 62500, node // 250 % 250, 1 + node % 250)


def _announce(info_hash, node, port):
    quoted = "".join("%%%02x" % byte for byte in info_hash)
    peer_id = "-XX0001-%012d" % node
    return ("GET /announce?info_hash=%s&peer_id=%s&port=6881&uploaded=0&downloaded=0&left=%d&compact=1&numwant=50 HTTP/1.1\r\n"
            "Host: 127.0.0.1:%d\r\n\r\n" % (quoted, peer_id, 1000, port)).encode()


def _whole(answer):
    """True when the answer's head and body are there."""
    head, mark, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return bool(mark) and (length is None or len(body) >= int(length.group(1)))


def _batch(nodes, info_hash, port):
    """One announce of every node of a batch, all at once; bytes received."""
    ears, total = {}, 0
    try:
        for node in nodes:
            sock = socket.socket()
            ears[sock] = b""
            sock.bind((_address(node), 0))
            sock.connect(("127.0.0.1", port))
            sock.sendall(_announce(info_hash, node, port))
        waiting = set(ears)
        while waiting:
            ready, _, _ = select.select(list(waiting), [], [], 30)
            if not ready:
                raise RuntimeError("the tracker does not answer")
            for sock in ready:
                part = sock.recv(65536)
                ears[sock] += part
                if not part or _whole(ears[sock]):
                    waiting.discard(sock)
        for answer in ears.values():
            body = answer.partition(b"\r\n\r\n")[2]
            if b"failure reason" in body or b"peers" not in body:
                raise RuntimeError("the tracker refuses: %r" % answer[-120:])
            total += len(answer)
        return total
    finally:
        for sock in ears:
            sock.close()


def _play(process, port, info_hash, nodes):
    """Announces of all nodes, again and again; the first round fills the tracker and is not counted."""
    received = 0
    for number in range(_ROUNDS):
        if number == 1:
            cpu, received = _cpu(process.pid), 0
        for first in range(0, nodes, _OPEN_AT_A_TIME):
            received += _batch(range(first, min(nodes, first + _OPEN_AT_A_TIME)), info_hash, port)
    counted = nodes * (_ROUNDS - 1)
    return {"ok": True, "t_max": 0.0, "announces_per_core_second": counted / max(_cpu(process.pid) - cpu, 1 / _HZ),
            "bytes_per_answer": received / counted, "rss": _rss(process.pid)}


def _await_ready(process, port, log, mark):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe, open(log, errors="replace") as file:
            if probe.connect_ex(("127.0.0.1", port)) == 0 and mark in file.read():
                return
        time.sleep(0.05)
    raise RuntimeError("the tracker did not start")


class Comparison:
    """size: nodes of the swarm."""
    NEEDS_SEED = True

    def __init__(self, product, work, size=None, subjects=None, peers=None):
        self._product, self._work, self._nodes = product, work, size or 2000
        known = (OURS, "opentracker")
        for subject in subjects or ():
            if subject not in known:
                raise SystemExit("bench: no subject %s: %s" % (subject, ", ".join(known)))
        chosen = tuple(s for s in known if not subjects or s in subjects)
        self.scenes = (Scene("tracker", None, 0, chosen, _MEASURES, runner=self._run),)

    def settings(self, scene):
        """Publishes one release, which both trackers then know."""
        folder = os.path.join(self._work, "tracker")
        tree, repo, key = (os.path.join(folder, name) for name in ("tree", "repo", "release.key"))
        os.makedirs(tree)
        with open(os.path.join(tree, "version"), "w") as file:
            file.write("1.0\n")
        call = self._product.call
        call("key", "new", "-o", key)
        call("repo", "init", repo, "--key", key)
        call("image", "build", tree, "-o", os.path.join(folder, "root.squashfs"))
        call("publish", "--repo", repo, "--product", "web", "--version", "1.0", "--root", os.path.join(folder, "root.squashfs"),
             "--channel", "stable", "--key", key)
        torrents = [os.path.join(at, name) for at, _, names in os.walk(repo) for name in names if name.endswith(".torrent")]
        info = self._product.call_json("torrent", "info", torrents[0])
        return lambda subject: {"repo": repo, "info_hash": bytes.fromhex(info["v1"]), "folder": folder}

    def _run(self, subject, settings, work):
        port, log = _free_port(), os.path.join(work, subject + ".log")
        if subject == OURS:
            argv = [self._product.seed, "--repo", settings["repo"], "--listen", "127.0.0.1", "--http-port", str(port), "--peer-port", "0",
                    "--no-mdns"]
        else:
            known = os.path.join(settings["folder"], "swarms")
            with open(known, "w") as file:
                file.write(settings["info_hash"].hex() + "\n")
            argv = ["opentracker", "-i", "127.0.0.1", "-p", str(port), "-P", str(port), "-d", settings["folder"], "-w", "swarms"]
        with open(log, "wb") as file:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            _await_ready(process, port, log, "ready" if subject == OURS else "")
            return _play(process, port, settings["info_hash"], self._nodes)
        finally:
            process.terminate()
            process.wait()
