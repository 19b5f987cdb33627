"""`delta`: what an update costs, on pairs of real Debian roots: bytes on the wire and CPU, ours beside casync, zsync, rsync and zchunk, each of
them on the image formats it may do best with; the best is taken. What they fetch of tar archives is told beside. Trees and images are kept below artifacts/delta.

Pairs: patchday (security and updates, the kernel held back), patchday.kernel (with the kernel), small (one more package, one edited file,
one package less), rebuild (the same tree made anew), unrelated (another Debian release). Ours is a whole update: a seed and a node in a network of their own,
every byte on its link counted, in both directions, headers, metadata, tracker and chunk map included. Of the others only what they report to
fetch is counted."""
import functools
import json
import os
import re
import resource
import shutil
import subprocess
import time

from testbed.bench.comparison import OURS, Measure, Scene
from testbed.demo.trees import main_archive
from testbed.product import ARTIFACTS

_HOME = os.path.join(ARTIFACTS, "delta")
_PACKAGES = "linux-image-amd64,systemd-sysv,openssh-server,python3,nginx-light,ca-certificates,less"
_SUITE, _OTHER_SUITE = "bookworm", "trixie"
_EPOCH = "1760000000"
# What an update in place does: the kernel is held back, everything else goes to what the archives have.
_UPGRADE = ("chroot \"$1\" dpkg-query -W -f '${Package} hold\\n' 'linux-image-*' | chroot \"$1\" dpkg --set-selections; "
            "printf '%s' >> \"$1/etc/apt/sources.list\"; "
            "chroot \"$1\" sh -c 'export DEBIAN_FRONTEND=noninteractive; apt-get update && apt-get --yes dist-upgrade && apt-get clean'")
# What a machine makes for itself has no place in an image that all of them run.
_OWN = ("etc/ssh/ssh_host_*", "etc/machine-id", "var/lib/dbus/machine-id", "var/cache/ldconfig/aux-cache", "var/lib/systemd/random-seed")
_PORT = 8080
_PATIENCE_S = 900
# old tree, new tree
_PAIRS = {"patchday": ("v1", "held"), "patchday.kernel": ("v1", "all"), "small": ("all", "small"), "rebuild": ("all", "again"),
          "unrelated": ("all", "other")}
_TREES = {"v1": {}, "held": {"updates": True, "hold": True}, "all": {"updates": True}, "again": {"updates": True},
          "small": {"updates": True, "more": ",redis-server", "less": "less", "edit": True}, "other": {"suite": _OTHER_SUITE}}


def _run(argv, **options):
    done = subprocess.run(argv, text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S, **options)
    if done.returncode:
        raise RuntimeError("%s: exit code %d: %s" % (" ".join(argv[:3]), done.returncode, (done.stderr or done.stdout)[-400:].strip()))
    return done.stdout


def _timed(argv, **options):
    """(standard output, CPU seconds of the process and its children)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = _run(argv, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return text, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _once(path, make):
    """Makes a file unless it is there; a half made one has another name."""
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        part = path + ".part"
        if os.path.isdir(part):
            shutil.rmtree(part)
        elif os.path.exists(part):
            os.remove(part)
        make(part)
        os.rename(part, path)
    return path


def tree(name):
    """A Debian root as a tar archive."""
    what = _TREES[name]
    suite = what.get("suite", _SUITE)
    debian, security = main_archive()
    sources = ["deb %s %s main" % (debian, suite)]
    if what.get("updates"):
        sources += ["deb %s %s-updates main" % (debian, suite), "deb %s %s-security main" % (security, suite)]

    def make(path):
        argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", "--include=" + _PACKAGES + what.get("more", "")]
        if what.get("hold"):
            argv += ["--customize-hook=" + _UPGRADE % "".join(line + "\\n" for line in sources[1:])]
        if what.get("less"):
            argv += ["--customize-hook=chroot \"$1\" dpkg --purge " + what["less"]]
        argv += ["--customize-hook=cd \"$1\" && rm -f " + " ".join(_OWN)]
        if what.get("edit"):
            argv += ["--customize-hook=echo maintained >> \"$1/etc/motd\""]
        _run(argv + [suite, path] + (sources[:1] if what.get("hold") else sources), env=dict(os.environ, SOURCE_DATE_EPOCH=_EPOCH))

    return _once(os.path.join(_HOME, name + ".tar"), make)


def image(name, kind, stateless=None):
    """An image of a tree: squashfs (ours: zstd, 128 KiB), erofs (as mkfs.erofs makes it by itself), tar."""
    if kind == "tar":
        return tree(name)

    def make(path):
        if kind == "squashfs":
            _run([stateless, "image", "build", tree(name), "-o", path])
            return
        folder = path + ".tree"
        os.makedirs(folder)
        try:
            _run(["tar", "-xf", tree(name), "-C", folder, "--xattrs", "--xattrs-include=*"])
            _run(["mkfs.erofs", "--quiet", "-T" + _EPOCH, path, folder])
        finally:
            shutil.rmtree(folder)

    return _once(os.path.join(_HOME, "%s.%s" % (name, kind)), make)


class _Namespace:
    """A network of its own: loopback, and what has crossed it."""

    def __init__(self):
        self._name = "delta%d" % os.getpid()
        _run(["ip", "netns", "add", self._name])
        self._inside(["ip", "link", "set", "lo", "mtu", "1500", "up"])

    def _inside(self, argv):
        return _run(["ip", "netns", "exec", self._name] + argv)

    def argv(self, argv):
        return ["ip", "netns", "exec", self._name] + argv

    def bytes(self):
        return json.loads(self._inside(["ip", "-j", "-s", "link", "show", "lo"]))[0]["stats64"]["rx"]["bytes"]

    def close(self):
        _run(["ip", "netns", "del", self._name])


def _ours(pair, settings, work):
    old, new = (image(name, "squashfs", settings["stateless"]) for name in _PAIRS[pair])
    folder = os.path.join(work, "ours")
    os.makedirs(folder)
    key, repository, state = (os.path.join(folder, name) for name in ("release.key", "repository", "state"))
    call = lambda *argv: _run([settings["stateless"], *argv])
    publish = lambda version, path: _timed([settings["stateless"], "publish", "--repo", repository, "--product", "web", "--version", version, "--root",
                                            path, "--channel", "stable", "--key", key])[1]
    network, seed = _Namespace(), None
    try:
        call("key", "new", "-o", key)
        call("repo", "init", repository, "--key", key)
        publish("1.0", old)
        with open(os.path.join(folder, "seed.log"), "wb") as log:
            seed = subprocess.Popen(network.argv([settings["seed"], "--repo", repository, "--listen", "127.0.0.1", "--http-port", str(_PORT)]),
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        update = network.argv([settings["stateless"], "update", "--server", "http://127.0.0.1:%d/" % _PORT, "--follow", "web/stable", "--trust",
                               os.path.join(repository, "metadata", "root.mp"), "--state", state, "--run", os.path.join(folder, "run"), "--port", "0",
                               "--listen", "127.0.0.1", "--no-mdns", "--no-mount"])
        _until(lambda: "ready" in open(os.path.join(folder, "seed.log"), errors="replace").read(), "the seed is ready")
        before = network.bytes()
        _run(update)
        fresh = network.bytes() - before
        publish_cpu = publish("2.0", new)
        _until(lambda: open(os.path.join(folder, "seed.log"), errors="replace").read().count("serving web-") >= 2, "the seed serves the update")
        before, started = network.bytes(), time.monotonic()
        _, cpu = _timed(update)
        seconds, sent = time.monotonic() - started, network.bytes() - before
        status = json.loads(call("status", "--state", state, "--run", os.path.join(folder, "run"), "--json"))
        sources = status["updates"][-1]["sources"]
    finally:
        if seed:
            seed.terminate()
            seed.wait()
        network.close()
        shutil.rmtree(folder, ignore_errors=True)
    changed = json.loads(call("image", "diff", old, new, "--json"))
    return {"bytes": sent, "cpu": cpu, "t_max": seconds, "new": changed["missing_bytes"], "fresh": fresh, "publish_cpu": publish_cpu,
            "payload": sum(sources[name] for name in ("lan", "wan", "http")), "image": os.path.getsize(new), "format": "squashfs"}


def _until(holds, what):
    end = time.monotonic() + 60
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError("not within a minute: " + what)
        time.sleep(0.05)


def _casync(old, new, folder):
    stores = []
    for path in (old, new):
        store = _once(path + ".castr", lambda part: (os.makedirs(part), _timed_make(["casync", "make", "--store=" + part, os.path.join(part, "index.caibx"),
                                                                                     path], part)))
        stores.append({name: size for name, size in _sizes(store) if name.endswith(".cacnk")})
    index = os.path.join(store, "index.caibx")
    fetched = sum(size for name, size in stores[1].items() if name not in stores[0]) + os.path.getsize(index)
    _, cpu = _timed(["casync", "extract", "--store=" + store, "--seed=" + old, index, os.path.join(folder, "out")])
    return fetched, cpu, _made(store)


def _timed_make(argv, part):
    """Runs what makes a folder, and leaves a note there how long it took."""
    started = time.monotonic()
    _run(argv)
    with open(os.path.join(part, "seconds"), "w") as file:
        file.write("%f" % (time.monotonic() - started))


def _made(folder):
    with open(os.path.join(folder, "seconds")) as file:
        return float(file.read())


def _sizes(folder):
    for place, _, names in os.walk(folder):
        for name in names:
            yield name, os.path.getsize(os.path.join(place, name))


def _zsync(old, new, folder):
    control = os.path.join(folder, "image.zsync")
    started = time.monotonic()
    _run(["zsyncmake", "-u", "http://127.0.0.1:%d/%s" % (_PORT, os.path.basename(new)), "-o", control, new])
    made = time.monotonic() - started
    network = _Namespace()
    server = None
    try:
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w") as file:
            file.write("daemon off; pid %s/pid; error_log %s/error; events {} http { access_log off; client_body_temp_path %s/a; proxy_temp_path %s/b; "
                       "fastcgi_temp_path %s/c; uwsgi_temp_path %s/d; scgi_temp_path %s/e; server { listen 127.0.0.1:%d; root %s; } }"
                       % (*[folder] * 7, _PORT, os.path.dirname(new)))
        server = subprocess.Popen(network.argv(["nginx", "-c", config]), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)
        text, cpu = _timed(network.argv(["zsync", "-i", old, "-o", os.path.join(folder, "out"), control]), cwd=folder)
    finally:
        if server:
            server.terminate()
            server.wait()
        network.close()
    return int(re.search(r"fetched (\d+)", text).group(1)) + os.path.getsize(control), cpu, made


def _rsync(old, new, folder):
    out = os.path.join(folder, "out")
    shutil.copyfile(old, out)
    text, cpu = _timed(["rsync", "--no-whole-file", "--checksum", "--compress", "--stats", "--inplace", "--block-size=4096", new, out])
    total = [int(re.search(r"Total bytes %s: ([\d,]+)" % way, text).group(1).replace(",", "")) for way in ("sent", "received")]
    return sum(total), cpu, 0


def _zchunk(old, new, _):
    folders = [_once(path + ".zckd", lambda part: (os.makedirs(part), _timed_make(["zck", "-o", os.path.join(part, "image.zck"), path], part)))
               for path in (old, new)]
    text = _run(["zck_delta_size", *(os.path.join(folder, "image.zck") for folder in folders)])
    return int(re.search(r"Would download (\d+) of", text).group(1)), None, _made(folders[1])


_TOOLS = {"casync": (_casync, ("erofs", "squashfs", "tar")), "zsync": (_zsync, ("squashfs", "erofs", "tar")),
          "rsync": (_rsync, ("squashfs", "erofs", "tar")), "zchunk": (_zchunk, ("erofs", "tar", "squashfs"))}


def _theirs(pair, tool, settings, work):
    call, formats = _TOOLS[tool]
    best = None
    every = {}
    for kind in formats:
        old, new = (image(name, kind, settings["stateless"]) for name in _PAIRS[pair])
        folder = os.path.join(work, tool)
        os.makedirs(folder)
        try:
            started = time.monotonic()
            fetched, cpu, made = call(old, new, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        one = {"bytes": fetched, "cpu": cpu, "made": made, "t_max": time.monotonic() - started, "format": kind}
        every["on_" + kind] = fetched
        # A tar archive is nothing that a machine can run from: told, not compared.
        if kind != "tar" and (best is None or one["bytes"] < best["bytes"]):
            best = one
    return dict(best, **every)


def _pair(pair, subject, settings, work):
    one = _ours(pair, settings, work) if subject == OURS else _theirs(pair, subject, settings, work)
    return dict(one, ok=True)


def _mb(name):
    return lambda run: run[name] / 1e6 if run.get(name) is not None else None


def _measures(pair):
    ours = [Measure("bytes", "MB", _mb("bytes"), over="casync"), Measure("new_bytes", "MB", _mb("new")),
            Measure("fetched_payload", "MB", _mb("payload")), Measure("cpu_seconds", "s", lambda r: r["cpu"], over="casync"),
            Measure("on_squashfs", "MB", _mb("on_squashfs")), Measure("on_stock_erofs", "MB", _mb("on_erofs")), Measure("on_tar", "MB", _mb("on_tar"))]
    if pair == "unrelated":
        return tuple(ours + [Measure("bytes_over_full", "ratio", lambda r: r["bytes"] / r["full"] if "full" in r else None)])
    if pair == "rebuild":
        return tuple(ours)
    return tuple(ours + [Measure("bytes_over_new", "ratio", lambda r: r["bytes"] / r["new"] if r.get("new") else None)])


class Comparison:
    """What tools/bench delta runs. size: not used."""
    NEEDS_SEED = True
    NOTE = ("bytes: ours all that crossed the link in both directions; theirs what each says to fetch, on the image format where that is least. new_bytes:\n"
            "chunks of the new image that the old one lacks. on_...: theirs by format; a tar archive has to be unpacked and packed before a machine runs it.")

    def __init__(self, programs, work, size, subjects, peers):
        os.makedirs(_HOME, exist_ok=True)
        wanted = [s for s in (OURS, *_TOOLS) if not subjects or s in subjects]
        self._settings = {"stateless": programs.stateless, "seed": programs.seed}
        self._fresh = {}
        self.scenes = [Scene(pair, None, 0, tuple(wanted), _measures(pair), runner=functools.partial(self._one, pair)) for pair in _PAIRS]

    def settings(self, scene):
        return lambda subject: self._settings

    def _one(self, pair, subject, settings, work):
        one = _pair(pair, subject, settings, work)
        if subject == OURS and pair == "unrelated":
            one["full"] = self._full(settings, work)
        return one

    def _full(self, settings, work):
        """Bytes of a fresh download of the unrelated image: what an update from it to itself takes first."""
        if "full" not in self._fresh:
            _PAIRS["fresh"] = (_PAIRS["unrelated"][1], _PAIRS["unrelated"][1])
            self._fresh["full"] = _ours("fresh", settings, work)["fresh"]
        return self._fresh["full"]
