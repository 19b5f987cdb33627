"""Network namespaces: entering one, running a command, finding and ending what lives inside."""
import ctypes
import os
import signal
import subprocess
import time

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
NETNS_DIR = "/run/netns"


def sh(command, data=None, check=True):
    """Standard output of a command; RuntimeError with its own words when it fails and check is on."""
    done = subprocess.run(command, input=data, text=True, capture_output=True)
    if check and done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(command), (done.stderr or done.stdout).strip()[:600]))
    return done.stdout


def write(path, value):
    """Writes a /proc or /sys value; False when the kernel refuses it."""
    try:
        with open(path, "w") as file:
            file.write(str(value))
        return True
    except OSError:
        return False


class inside:
    """with inside('lab-s1h1'): this thread's network namespace is that one (sockets opened there stay there)."""

    def __init__(self, ns):
        self.path = os.path.join(NETNS_DIR, ns)

    def __enter__(self):
        self.back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        fd = os.open(self.path, os.O_RDONLY)
        rc = _LIBC.setns(fd, _CLONE_NEWNET)
        os.close(fd)
        if rc:
            os.close(self.back)
            raise OSError(ctypes.get_errno(), "setns " + self.path)

    def __exit__(self, *_):
        _LIBC.setns(self.back, _CLONE_NEWNET)
        os.close(self.back)


def command_in(ns, argv, own_mounts=False, dies_with_parent=True):
    """argv that runs a command inside a namespace; '' stands for the machine's own.

    own_mounts: in its own mount namespace too, so that what it mounts never shows on the machine and goes away with
    the last process inside. dies_with_parent: the kernel ends it when the thread that started it ends, kill -9 included.
    Each wrapper execs the next one, so the process id stays the one that was started.
    """
    out = ["setpriv", "--pdeathsig", "KILL", "--"] if dies_with_parent else []
    if ns:
        out += ["nsenter", "--net=" + os.path.join(NETNS_DIR, ns), "--"]
    if own_mounts:
        out += ["unshare", "--mount", "--propagation", "slave", "--"]
    return out + list(argv)


def existing():
    """Names of the named network namespaces of this machine."""
    return [line.split()[0] for line in sh(["ip", "netns", "list"]).splitlines() if line.strip()]


def processes_in(names):
    """Ids of the processes whose network namespace is one of these, this process left out."""
    inodes = set()
    for ns in names:
        try:
            inodes.add(os.stat(os.path.join(NETNS_DIR, ns)).st_ino)
        except OSError:
            pass
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat("/proc/%s/ns/net" % pid).st_ino in inodes and int(pid) != os.getpid():
                found.append(int(pid))
        except OSError:
            pass
    return found


def end_processes_in(names, grace=3.0):
    """Asks every process inside to end, and kills what is left after the grace time."""
    if not names:
        return
    for sig, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 3.0)):
        left = processes_in(names)
        for pid in left:
            try:
                os.kill(pid, sig)
            except OSError:
                pass
        end = time.monotonic() + patience
        while left and time.monotonic() < end:
            time.sleep(0.05)
            left = [pid for pid in processes_in(names) if not is_zombie(pid)]
        if not left:
            return


def is_zombie(pid):
    """True for a process that has ended (its parent has not looked yet) or is gone."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
