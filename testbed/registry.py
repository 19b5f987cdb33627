"""Which labs stand on this machine and who holds them, so that a lab whose process was killed is found and removed.

One file per lab, locked by its holder for as long as it lives (the kernel drops the lock with the process). A kept lab
(`lab.py up`) has no holder; its file says so and carries the topology.
"""
import fcntl
import json
import os

DIRECTORY = "/run/stateless-testbed"


class Hold:
    """The lock on one lab's file."""

    def __init__(self, name, fd):
        self.name, self._fd = name, fd

    def release(self):
        forget(self.name)
        os.close(self._fd)


def _path(name):
    return os.path.join(DIRECTORY, name + ".json")


def _read(name):
    try:
        with open(_path(name)) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def _try_lock(name):
    """A locked descriptor of the lab's file, or None when somebody alive holds it."""
    os.makedirs(DIRECTORY, mode=0o755, exist_ok=True)
    while True:
        fd = os.open(_path(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        try:
            if os.stat(_path(name)).st_ino == os.fstat(fd).st_ino:
                return fd
        except FileNotFoundError:
            pass
        os.close(fd)        # somebody removed the file between open and lock: take the new one


def claim(name, keep, spec=None):
    fd = _try_lock(name)
    if fd is None:
        raise RuntimeError("lab %s is in use by process %s; choose another --name" % (name, _read(name).get("pid", "?")))
    text = json.dumps({"pid": os.getpid(), "keep": keep, "spec": spec}).encode()
    os.ftruncate(fd, 0)
    os.pwrite(fd, text, 0)
    return Hold(name, fd)


def forget(name):
    try:
        os.unlink(_path(name))
    except FileNotFoundError:
        pass


def names():
    try:
        return sorted(entry[:-5] for entry in os.listdir(DIRECTORY) if entry.endswith(".json"))
    except FileNotFoundError:
        return []


def sweep(remove):
    """Removes every lab whose holder is gone, kept ones left standing."""
    for name in names():
        fd = _try_lock(name)
        if fd is None:
            continue
        if not _read(name).get("keep"):
            remove(name)
            forget(name)
        os.close(fd)


def kept_spec(name):
    return _read(name).get("spec")


def describe():
    for name in names():
        fd, state = _try_lock(name), _read(name)
        if fd is not None:
            os.close(fd)
        yield "%-8s %s" % (name, "held by process %s" % state.get("pid") if fd is None else
                           "kept (lab.py up)" if state.get("keep") else "stale (lab.py down --stale removes it)")
