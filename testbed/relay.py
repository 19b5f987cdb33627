"""A WAN link with latency, for kernels without netem: two TUN devices and a process that holds every packet for a while."""
import collections
import ctypes
import fcntl
import math
import os
import select
import signal
import struct
import time

from testbed.netns import inside

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI, _PR_SET_PDEATHSIG = 0x400454CA, 0x0001, 0x1000, 1
_PACKET_LIMIT, _BURST = 2048, 64


class DelayRelay:
    """Joins device a of one namespace and device b of another; dies with the process that made it."""

    def __init__(self, ns_a, dev_a, ns_b, dev_b, delay_ms):
        reader, writer = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                _become_child(parent, keep=writer)
                _relay(_open_tun(ns_a, dev_a), _open_tun(ns_b, dev_b), ns_b, delay_ms / 1000.0, writer)
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        started = os.read(reader, 1)
        os.close(reader)
        if started != b"k":
            raise RuntimeError("the delay relay between %s and %s did not start" % (ns_a, ns_b))

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except OSError:
            pass


def _become_child(parent, keep):
    """Ends with the parent, ignores Ctrl-C, and drops inherited descriptors (one of them is the lab's lock)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for fd in map(int, os.listdir("/proc/self/fd")):
        if fd > 2 and fd != keep:
            try:
                os.close(fd)
            except OSError:
                pass


def _open_tun(ns, dev):
    with inside(ns):
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22s", dev.encode(), _IFF_TUN | _IFF_NO_PI, b""))
    return fd


def _relay(fd_a, fd_b, home, delay, writer):
    # Living inside the lab means that tear-down finds this process by its namespace like any other.
    inside(home).__enter__()
    os.write(writer, b"k")
    os.close(writer)
    ends, queues = [fd_a, fd_b], [collections.deque(), collections.deque()]
    poll = select.poll()
    for fd in ends:
        poll.register(fd, select.POLLIN)
    while True:
        wait, now = 1000, time.monotonic()
        for side in (0, 1):
            queue = queues[side]
            while queue and queue[0][0] <= now:
                try:
                    os.write(ends[1 - side], queue.popleft()[1])
                except OSError:
                    pass
            if queue:
                wait = min(wait, max(0, math.ceil((queue[0][0] - now) * 1000)))
        for fd, _ in poll.poll(wait):
            due = time.monotonic() + delay
            try:
                for _ in range(_BURST):
                    queues[ends.index(fd)].append((due, os.read(fd, _PACKET_LIMIT)))
            except BlockingIOError:
                pass
            except OSError:
                return
