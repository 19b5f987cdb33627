"""The two root trees of the demo: a real, minimal Debian with a kernel, and the same with one more package and a changed file.

Made with mmdebstrap from the machine's own package sources, kept below artifacts/demo/cache by recipe. Without root there is no
owner but ours to give files, so the tree is made as a tar archive inside a user namespace; where that cannot be had either,
a copy of some of this machine's programs stands in.
"""
import getpass
import hashlib
import json
import os
import shutil
import stat
import subprocess

_RECIPE_VERSION = 4
_CHANGED_FILE = "etc/motd"
_MAX_LOG_LINES = 12
_STAND_IN_FROM, _STAND_IN_BYTES = ("usr/bin", "usr/sbin", "usr/lib"), 200 << 20


def _os_release():
    with open("/etc/os-release") as file:
        pairs = dict(line.rstrip().split("=", 1) for line in file if "=" in line)
    return {key: value.strip('"') for key, value in pairs.items()}


def recipe():
    """What decides the trees' bytes, as far as we decide it."""
    system = _os_release()
    if "VERSION_CODENAME" not in system:
        raise RuntimeError("/etc/os-release names no VERSION_CODENAME: the demo's trees are made from the machine's own Debian release")
    arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    ubuntu = system.get("ID") == "ubuntu"
    return {"version": _RECIPE_VERSION, "suite": system["VERSION_CODENAME"], "architecture": arch,
            "packages": ["linux-image-virtual" if ubuntu else "linux-image-cloud-" + arch], "added": "less",
            "kind": _kind()}


def _kind():
    """root: a Debian tree; unshare: the same as tar archives, in a user namespace; stand-in: programs of this machine."""
    if os.geteuid() == 0:
        return "root"
    try:
        with open("/etc/subuid") as file:
            mapped = any(line.split(":")[0] in (getpass.getuser(), str(os.getuid())) for line in file)
    except OSError:
        mapped = False
    return "unshare" if mapped and shutil.which("newuidmap") else "stand-in"


def key_of(what):
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def _sources():
    """The machine's source lists, handed to mmdebstrap by path."""
    found = [p for p in ["/etc/apt/sources.list"] if os.path.exists(p) and os.path.getsize(p)]
    folder = "/etc/apt/sources.list.d"
    found += sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith((".list", ".sources"))) if os.path.isdir(folder) else []
    return [path for path in found if _has_main_archive(path)] or found


def main_archive():
    """(URL of the Debian archive, URL of its security archive) that this machine uses."""
    words = []
    for path in _sources():
        with open(path, errors="replace") as file:
            words += [word for line in file if not line.lstrip().startswith("#") for word in line.split() if "://" in word]
    security = [url for url in words if "security" in url]
    plain = [url for url in words if url not in security]
    if not plain or not security:
        raise RuntimeError("no Debian archive with security updates among this machine's package sources: %s" % ", ".join(words))
    return plain[0], security[0]


def _has_main_archive(path):
    """Leaves out third-party sources, which mostly have suites of their own."""
    suite = _os_release()["VERSION_CODENAME"]
    with open(path, errors="replace") as file:
        return any(suite in line for line in file if not line.lstrip().startswith("#"))


def _run(command, log):
    with open(log, "ab") as file:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                              env=dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C"))
    if done.returncode:
        with open(log, errors="replace") as file:
            last = "".join(file.readlines()[-_MAX_LOG_LINES:])
        raise RuntimeError("%s failed with exit code %d:\n%s" % (command[0], done.returncode, last))


def _bootstrap(what, target, log, extra=()):
    _run(["mmdebstrap", "--mode=" + what["kind"], "--variant=minbase", "--include=" + ",".join(what["packages"] + list(extra)),
          # a tree need not carry the documentation, nor the machine's package sources
          "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
          "--dpkgopt=path-include=/usr/share/doc/*/copyright",
          "--customize-hook=rm -f \"$1\"/etc/apt/sources.list \"$1\"/etc/apt/sources.list.d/*",
          "--customize-hook=echo node > \"$1\"/etc/hostname",
          "--customize-hook=printf 'version 1.0\\n' > \"$1\"/" + _CHANGED_FILE if not extra else
          "--customize-hook=printf 'version 2.0\\n' > \"$1\"/" + _CHANGED_FILE,
          what["suite"], target] + _sources(), log)


def bootstrap(packages, target, log, hooks=()):
    """A Debian tree of this machine's release with these packages, in a directory; hooks: shell lines, "$1" is the tree. Needs root."""
    _run(["mmdebstrap", "--mode=root", "--variant=minbase", "--include=" + ",".join(packages), "--dpkgopt=path-exclude=/usr/share/man/*",
          "--dpkgopt=path-exclude=/usr/share/doc/*"] + ["--customize-hook=" + line for line in hooks] + [recipe()["suite"], target] + _sources(), log)


def _second_from_first(what, first, second, work, log):
    """v2 as an administrator makes it: the same tree, a package added, a file edited."""
    _run(["cp", "-a", first, second], log)
    packages = os.path.join(work, "packages")
    os.makedirs(packages, exist_ok=True)
    download = ["sh", "-c", "cd \"$1\" && apt-get -o APT::Sandbox::User=root download \"$2\"", "sh", packages, what["added"]]
    try:
        _run(download, log)
    except RuntimeError:
        _run(["apt-get", "-o", "DPkg::Lock::Timeout=300", "update", "-qq"], log)
        _run(download, log)
    _run(["dpkg", "--root=" + second, "--force-confold", "--install"] +
         [os.path.join(packages, f) for f in sorted(os.listdir(packages)) if f.endswith(".deb")], log)
    shutil.rmtree(packages)
    with open(os.path.join(second, _CHANGED_FILE), "w") as file:
        file.write("version 2.0\n")


def _stand_in(target, version):
    """Copies readable programs and libraries of this machine, up to a limit; links as links."""
    left = _STAND_IN_BYTES
    os.makedirs(os.path.join(target, "etc"))
    with open(os.path.join(target, _CHANGED_FILE), "w") as file:
        file.write("version %s\n" % version)
    for top in _STAND_IN_FROM:
        for folder, folders, names in os.walk(os.path.join("/", top)):
            folders.sort()
            for name in sorted(names):
                source = os.path.join(folder, name)
                info = os.lstat(source)
                if stat.S_ISREG(info.st_mode) and (info.st_size > left or not os.access(source, os.R_OK)):
                    continue
                if stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode):
                    goal = target + source
                    os.makedirs(os.path.dirname(goal), exist_ok=True)
                    shutil.copyfile(source, goal, follow_symlinks=False)
                    if stat.S_ISREG(info.st_mode):
                        os.chmod(goal, stat.S_IMODE(info.st_mode) & 0o755)
                        left -= info.st_size


def _make_debian(what, first, second, home, say):
    log = os.path.join(home, "mmdebstrap.log")
    say("root trees: %s, minimal, with %s (a minute or two, log: %s)" %
        (what["suite"], what["packages"][0], os.path.relpath(log)))
    _bootstrap(what, first, log)
    say("root trees: 2.0 = 1.0 + %s + a changed /%s" % (what["added"], _CHANGED_FILE))
    if what["kind"] == "root":
        _second_from_first(what, first, second, home, log)
    else:
        _bootstrap(what, second, log, extra=[what["added"]])


def make(cache, say):
    """(tree or archive of version 1.0, the same of 2.0, key); from the cache when the recipe is the same."""
    what = recipe()
    key = key_of(what)
    home = os.path.join(cache, key)
    first, second = (os.path.join(home, name + (".tar" if what["kind"] == "unshare" else "")) for name in ("v1", "v2"))
    if os.path.exists(os.path.join(home, "complete")):
        say("root trees: from the cache (%s)" % key)
        return first, second, key
    shutil.rmtree(home, ignore_errors=True)
    os.makedirs(home)
    if what["kind"] == "stand-in":
        say("root trees: no root and no user namespace with ids of its own, so programs of this machine stand in for a Debian tree")
        for target, version in ((first, "1.0"), (second, "2.0")):
            _stand_in(target, version)
    else:
        _make_debian(what, first, second, home, say)
    with open(os.path.join(home, "complete"), "w") as file:
        json.dump(what, file)
    return first, second, key
