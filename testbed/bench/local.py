"""Scenes of `swarm` that need no lab: one machine, loopback. Full check of a torrent, kill -9 in the middle, a very large image.

Each runner is called with (subject, settings, work) and returns a dict as a lab's run does: ok, t_max, and its own figures."""
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time

from testbed.product import ARTIFACTS

_PATIENCE = 600


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Program:
    """A running `stateless torrent ...` with its log and the highest memory figures seen."""

    def __init__(self, argv, log):
        self.log, self.rss_kb, self.read_bytes = log, 0, 0
        with open(log, "wb") as file:
            self._popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file)

    def text(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def sample(self):
        try:
            with open("/proc/%d/status" % self._popen.pid) as file:
                found = re.search(r"VmHWM:\s+(\d+)", file.read())
            with open("/proc/%d/io" % self._popen.pid) as file:
                read = re.search(r"rchar: (\d+)", file.read())
        except OSError:
            return
        self.rss_kb = max(self.rss_kb, int(found.group(1)) if found else 0)
        self.read_bytes = int(read.group(1)) if read else self.read_bytes

    def wait_for(self, pattern):
        """The last match of the pattern in the log, as soon as there is one."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            self.sample()
            found = list(re.finditer(pattern, self.text(), re.M))
            if found:
                return found[-1]
            if self._popen.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError("%s: no %s: %s" % (os.path.basename(self.log), pattern, self.text()[-300:].strip()))

    def end(self, sig=signal.SIGTERM):
        if self._popen.poll() is None:
            self._popen.send_signal(sig)
            self._popen.wait()


def _transfer(settings, work, serve_options=(), get_options=()):
    """Starts a seed of the payload; returns (seed, function that starts a leech with a given log, folder of the leech)."""
    port = _free_port()
    seed = _Program([settings["stateless"], "torrent", "serve", settings["torrent"], os.path.dirname(settings["payload"]),
                     "--port", str(port), "--no-lsd", *serve_options], os.path.join(work, "seed.log"))
    seed.wait_for(r"^ready:")
    target = os.path.join(work, "dl")
    leech = lambda log: _Program([settings["stateless"], "torrent", "get", settings["torrent"], "-o", target, "--port", "0", "--no-lsd",
                                  "--peer", "127.0.0.1:%d" % port, *get_options], os.path.join(work, log))
    return seed, leech, target


def verify(subject, settings, work):
    """All of a file that is in memory, one SHA-256 of each byte: ours of a v2 torrent (of a hybrid one we check the SHA-1 of v1 as well), openssl's
    of the file. rate_per_core is bytes per CPU second, so that neither the number of cores nor another program's share of them counts."""
    size, payload = os.path.getsize(settings["payload"]), settings["payload"]
    torrent = os.path.join(work, "verify-v2.torrent")
    if not os.path.exists(torrent):
        subprocess.run([settings["stateless"], "torrent", "create", "--v2", payload, "-o", torrent], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    argv = (["openssl", "dgst", "-sha256", payload] if subject == "openssl" else
            [settings["stateless"], "torrent", "verify", torrent, os.path.dirname(payload)])
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"ok": True, "t_max": time.monotonic() - started, "rate_per_core": size / cpu / 1e6}


def resume(_, settings, work):
    """A leech killed with SIGKILL at half, and started again."""
    size = os.path.getsize(settings["payload"])
    seed, leech, target = _transfer(settings, work, ("--upload-limit", "%dM" % max(1, size // 8 >> 20)))
    try:
        first, started = leech("first.log"), time.monotonic()
        first.wait_for(r"^\S+: (?:5\d|6\d)% ")
        first.end(signal.SIGKILL)
        second = leech("second.log")
        done = second.wait_for(r"^complete: .* disk (\d+), lan (\d+)")
        read = second.read_bytes
        seconds = time.monotonic() - started
        second.end()
        sent = seed.wait_for(r"sent ([\d.]+) MiB, 0 peers")
        kept, fetched = int(done.group(1)), int(done.group(2))
        return {"ok": kept + fetched >= size, "t_max": seconds, "kept": kept / size,
                "fetched_again": float(sent.group(1)) * (1 << 20) / size - 1, "hashed_again": read / size}
    finally:
        seed.end()
        shutil.rmtree(target, ignore_errors=True)


def closed(_, settings, work):
    """The payload over loopback in plaintext, and in a closed swarm (TLS 1.3, a certificate at both ends), one after the other."""
    call = lambda *argv: subprocess.run([settings["stateless"], *argv], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder, size = os.path.join(work, "closed"), os.path.getsize(settings["payload"])
    torrent, authority = os.path.join(folder, "closed.torrent"), os.path.join(folder, "authority")
    if not os.path.exists(torrent):
        call("identity", "authority", authority)
        for name in ("seed", "node"):
            call("identity", "issue", "--authority", authority, "--name", name, "-o", os.path.join(folder, name))
        call("torrent", "create", settings["payload"], "-o", torrent, "--authority", os.path.join(authority, "authority.pem"))
    walls = []
    for options in ((settings, (), ()), (dict(settings, torrent=torrent), ("--identity", os.path.join(folder, "seed")), ("--identity", os.path.join(folder, "node")))):
        seed, leech, target = _transfer(options[0], work, *options[1:])
        try:
            started = time.monotonic()
            one = leech("leech.log")
            one.wait_for(r"^complete: ")
            walls.append(time.monotonic() - started)
            one.end()
        finally:
            seed.end()
            shutil.rmtree(target, ignore_errors=True)
    return {"ok": True, "t_max": walls[1], "throughput": size / walls[1] / 1e6, "throughput_over_plain": walls[0] / walls[1]}


def sparse(_, settings, work):
    """A 10 GiB image (its file has holes, the leech's has none): memory of both sides. On disk, not on a tmpfs."""
    size = int(settings["sparse_bytes"])
    folder = os.path.join(ARTIFACTS, "bench-sparse")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "seed"))
    payload, torrent = os.path.join(folder, "seed", "root.img"), os.path.join(folder, "root.torrent")
    try:
        with open(payload, "wb") as file:
            file.truncate(size)
        made = _Program([settings["stateless"], "torrent", "create", payload, "-o", torrent], os.path.join(work, "create.log"))
        made.wait_for(r"v2 [0-9a-f]{64}")
        seed, leech, _ = _transfer(dict(settings, payload=payload, torrent=torrent), folder)
        started = time.monotonic()
        try:
            one = leech("leech.log")
            one.wait_for(r"^complete: ")
            one.sample()
            seed.sample()
            seconds = time.monotonic() - started
            one.end()
        finally:
            seed.end()
        return {"ok": True, "t_max": seconds, "create_rss": made.rss_kb / 1024, "seed_rss": seed.rss_kb / 1024,
                "leech_rss": one.rss_kb / 1024}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
