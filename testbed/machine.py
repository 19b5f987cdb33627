"""The machine under the lab: is it quiet, was a figure spoilt by a full CPU, and a CPU group that keeps others out."""
import os
import re
import statistics
import sys
import threading
import time

from testbed.netns import inside, write

HZ = os.sysconf("SC_CLK_TCK")
_FIRST_DATA_BYTES = 300_000


def cpu_ticks():
    """user nice system idle iowait irq softirq steal"""
    with open("/proc/stat") as file:
        return [int(v) for v in file.readline().split()[1:9]]


def busy_share(before, after):
    delta = [b - a for a, b in zip(before, after)]
    return 1 - (delta[3] + delta[4]) / (sum(delta) or 1)


def backlog_drops():
    with open("/proc/net/softnet_stat") as file:
        return sum(int(line.split()[1], 16) for line in file)


def wait_quiet(limit_s, below=0.15):
    """Waits until the rest of the machine leaves the CPU alone for 2 s; (share seen last, seconds waited)."""
    start, calm, last = time.monotonic(), 0, cpu_ticks()
    while True:
        time.sleep(0.5)
        now = cpu_ticks()
        busy, last = busy_share(last, now), now
        calm = calm + 1 if busy < below else 0
        if calm >= 4 or time.monotonic() - start > limit_s:
            return round(busy, 3), round(time.monotonic() - start, 1)


class DeviceBytes:
    """Bytes a network device has sent and received so far, from the kernel's table: cheap enough to look at all the time. Headers
    that segmentation offload adds later are not in them."""

    def __init__(self, ns, device):
        self._device = device
        with inside(ns):
            self._file = open("/proc/thread-self/net/dev")

    def _field(self, index):
        self._file.seek(0)
        return int(re.search(re.escape(self._device) + r":\s*((?:\d+\s+){9})", self._file.read()).group(1).split()[index])

    @property
    def received(self):
        return self._field(0)

    @property
    def sent(self):
        return self._field(8)

    def close(self):
        self._file.close()


class Watch(threading.Thread):
    """Samples the whole machine and the memory of the processes; sees when the seed first sent data."""

    def __init__(self, processes, seed_ns, step=0.25):
        super().__init__(daemon=True)
        self.processes, self._seed_ns, self._step = processes, seed_ns, step
        self._halt, self._rows = threading.Event(), []
        self.first_data, self.started_at = None, None

    def run(self):
        last = cpu_ticks()
        device = DeviceBytes(self._seed_ns, "eth0")
        try:
            sent_before = device.sent
            while not self._halt.wait(self._step):
                if self.first_data is None and self.started_at and device.sent - sent_before > _FIRST_DATA_BYTES:
                    self.first_data = time.time() - self.started_at
                now = cpu_ticks()
                delta = [b - a for a, b in zip(last, now)]
                total = sum(delta) or 1
                self._rows.append((busy_share(last, now), delta[6] / total, delta[7] / total))
                last = now
                for process in list(self.processes):
                    process.sample()
        finally:
            device.close()

    def stop(self):
        self._halt.set()

    def result(self):
        self.stop()
        self.join(2)
        rows = self._rows or [(0, 0, 0)]
        busy = [row[0] for row in rows]
        return {"busy_mean": round(statistics.mean(busy), 3), "busy_max": round(max(busy), 3),
                "share_of_time_over_85": round(sum(b > .85 for b in busy) / len(busy), 3),
                "softirq_mean": round(statistics.mean(row[1] for row in rows), 3),
                "steal_mean": round(statistics.mean(row[2] for row in rows), 3)}


class CpuGroup:
    """This process and its children in a CPU group of the given weight (1024: one ordinary session), v1 or v2."""

    def __init__(self, name, shares):
        self._restore = None
        if not shares:
            return
        v1, v2 = "/sys/fs/cgroup/cpu/stateless-" + name, "/sys/fs/cgroup/stateless-" + name
        for path, key, value, tasks in ((v1, "cpu.shares", shares, "tasks"),
                                        (v2, "cpu.weight", max(1, min(10000, shares * 100 // 1024)), "cgroup.procs")):
            if not os.path.exists(os.path.join(os.path.dirname(path), tasks)):
                continue
            os.makedirs(path, exist_ok=True)
            if write(os.path.join(path, key), value) and write(os.path.join(path, tasks), os.getpid()):
                self._restore = (path, os.path.join(os.path.dirname(path), tasks))
                return
            os.rmdir(path)
        print("no CPU group to be had here: other work on the machine is in the figures", file=sys.stderr)

    def close(self):
        if self._restore:
            path, tasks = self._restore
            write(tasks, os.getpid())
            try:
                os.rmdir(path)
            except OSError:
                pass
            self._restore = None
