"""Commands started inside a lab: their log, end, CPU seconds and peak memory."""
import os
import re
import shlex
import signal
import subprocess
import time

from testbed.netns import command_in

_HZ = os.sysconf("SC_CLK_TCK")


def fill(text, values):
    """{name} -> its value (values may hold names again); braces around anything else stay as they are."""
    for _ in range(3):
        text = re.sub(r"\{([a-z_0-9]+)\}", lambda m: str(values[m.group(1)]) if m.group(1) in values else m.group(0), text)
    return text


class Process:
    """One command in one host; figures are those of the one process started, not of its children."""

    def __init__(self, host, role, argv, directory, env=None, nice=0, own_mounts=False):
        self.host, self.role, self.argv = host, role, list(argv)
        os.makedirs(directory, exist_ok=True)
        self.log = os.path.join(directory, role + ".log")
        command = command_in(host.ns, (["nice", "-n", str(nice)] if nice else []) + self.argv, own_mounts)
        self.started_at = time.time()
        with open(self.log, "ab") as log:
            self._popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory,
                                           env=dict(os.environ, HOME=directory, TMPDIR=directory, **(env or {})),
                                           start_new_session=True)
        self.pid, self.code = self._popen.pid, None
        self.cpu_user = self.cpu_system = 0.0
        self.rss_kb = self.anon_kb = 0
        self.done_at = self.failed = None

    def sample(self):
        """Keeps the highest memory figures seen."""
        if self.code is not None:
            return
        try:
            with open("/proc/%d/status" % self.pid) as file:
                text = file.read()
        except OSError:
            return
        for key, attribute in (("VmHWM", "rss_kb"), ("RssAnon", "anon_kb")):
            found = re.search(key + r":\s+(\d+)", text)
            if found:
                setattr(self, attribute, max(getattr(self, attribute), int(found.group(1))))

    @property
    def cpu(self):
        """User and system seconds so far."""
        if self.code is not None:
            return self.cpu_user + self.cpu_system
        try:
            with open("/proc/%d/stat" % self.pid) as file:
                fields = file.read().rsplit(")", 1)[1].split()
            return sum(int(fields[i]) for i in (11, 12, 13, 14)) / _HZ
        except OSError:
            return 0.0

    def poll(self):
        """The exit code, or None while it runs."""
        if self.code is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.code = self._popen.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_user, self.cpu_system = usage.ru_utime, usage.ru_stime
        return self.code

    def send(self, sig):
        if self.poll() is None:
            os.kill(self.pid, sig)

    def tail(self, lines=8):
        try:
            with open(self.log, errors="replace") as file:
                return "".join(file.readlines()[-lines:]).strip()
        except OSError:
            return ""


def end_all(processes, sig=signal.SIGTERM, grace=6.0):
    """Asks all to end at once, waits, kills what is left."""
    for process in processes:
        process.sample()
        process.send(sig)
    for patience, last in ((grace, False), (3.0, True)):
        if last:
            for process in processes:
                process.send(signal.SIGKILL)
        end = time.monotonic() + patience
        while time.monotonic() < end and any(process.poll() is None for process in processes):
            time.sleep(0.02)


def split(command, values):
    """A run file's command as an argument list; no shell takes part."""
    return shlex.split(fill(command, values))
