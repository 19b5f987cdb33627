"""Watches a fleet while it moves to a release: when each node is there, a curve of how far it was, and lines to look at."""
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

_BAR = 30
_PLAIN_EVERY_S, _LINK_EVERY_S, _ASK_EVERY_S = 5.0, 0.05, 1.0


class Display:
    """One line per node, redrawn on a terminal; plain lines every few seconds elsewhere."""

    def __init__(self, stream=None):
        self._stream = stream or sys.stdout
        self._terminal, self._drawn, self._last = self._stream.isatty(), 0, 0.0

    def show(self, lines, summary, force=False):
        if self._terminal:
            up = "\x1b[%dA" % self._drawn if self._drawn else ""
            self._stream.write(up + "".join("\x1b[2K" + line + "\n" for line in lines))
            self._drawn = len(lines)
        elif force or time.monotonic() - self._last >= _PLAIN_EVERY_S:
            self._last = time.monotonic()
            self._stream.write(summary + "\n")
        self._stream.flush()

    def done(self):
        self._drawn = 0


def _line(host, state, seconds, finished, total):
    if finished is not None:
        return "  %-5s site%d  %s  %5.1f s  done" % (host.id, host.site, "#" * _BAR, finished)
    if state is None:
        return "  %-5s site%d  %s  %5.1f s  starting" % (host.id, host.site, "." * _BAR, seconds)
    share = min(1.0, state.done / (state.total or total or 1))
    bar = "#" * int(share * _BAR) + "." * (_BAR - int(share * _BAR))
    return "  %-5s site%d  %s  %5.1f s  %3d %% %-11s peers %d %s" % (
        host.id, host.site, bar, seconds, share * 100, state.phase, state.peers, state.fault[:60])


class Watch:
    """Follows every node of a fleet until it runs the wanted release or the time is over."""

    def __init__(self, fleet, digest, total_bytes, started, display=None):
        self.fleet, self.digest, self.total, self.started = fleet, digest, total_bytes, started
        self.finished = {}          # host id -> seconds
        self.samples = []           # (seconds, host id, share done)
        self.sources = {}           # host id -> bytes by source, as last heard
        self._states, self._display = {}, display
        self._lock, self._halt = threading.Lock(), threading.Event()

    def _ask_all(self):
        pool = ThreadPoolExecutor(max_workers=len(self.fleet.hosts))
        while not self._halt.wait(_ASK_EVERY_S):
            answers = list(pool.map(self.fleet.ask, self.fleet.hosts))
            now = time.time() - self.started
            with self._lock:
                for host, state in zip(self.fleet.hosts, answers):
                    self._states[host.id] = state
                    if state and state.total and host.id not in self.finished:
                        self.samples.append((round(now, 2), host.id, round(min(1.0, state.done / state.total), 4)))
                        self.sources[host.id] = dict(state.sources)
        pool.shutdown()

    def _look_at_links(self):
        for host in self.fleet.hosts:
            if host.id not in self.finished:
                digest, moment = self.fleet.current(host)
                if digest == self.digest:
                    with self._lock:
                        self.finished[host.id] = max(0.0, moment - self.started)
                        self.samples.append((round(self.finished[host.id], 2), host.id, 1.0))

    def wait(self, limit_s, until=None):
        """Seconds of the last node, or None when the time is over, a process ended by itself, or `until` held before that."""
        asking = threading.Thread(target=self._ask_all, daemon=True)
        asking.start()
        try:
            while len(self.finished) < len(self.fleet.hosts):
                self._look_at_links()
                self._draw()
                if time.time() - self.started > limit_s or self.fleet.stopped() or (until and until(self)):
                    break
                time.sleep(_LINK_EVERY_S)
        finally:
            self._halt.set()
            asking.join(10)
        self._draw(force=True)
        if self._display:
            self._display.done()
        return max(self.finished.values()) if len(self.finished) == len(self.fleet.hosts) else None

    def _draw(self, force=False):
        if not self._display:
            return
        now = time.time() - self.started
        with self._lock:
            states, finished = dict(self._states), dict(self.finished)
        lines = [_line(h, states.get(h.id), now, finished.get(h.id), self.total) for h in self.fleet.hosts]
        shares = []
        for host in self.fleet.hosts:
            state = states.get(host.id)
            shares.append("%s %3d%%" % (host.id, 100 if host.id in finished else
                                        100 * state.done // state.total if state and state.total else 0))
        self._display.show(lines, "  %6.1f s  %s" % (now, "  ".join(shares)), force)
