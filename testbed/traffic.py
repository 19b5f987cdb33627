"""What a person does on a link beside a swarm: one long TCP transfer, and small packets whose delay says how long the queue is."""
import socket
import struct
import threading
import time

from testbed.netns import inside

_TCP_CONGESTION = 13


class Foreground:
    """A TCP transfer from one host to another, as fast as TCP lets it; use as `with Foreground(...) as flow`."""

    def __init__(self, source, target, congestion=None):
        with inside(source.ns):
            listener = socket.create_server((source.ip, 0))
        with inside(target.ns):
            self._sink = socket.create_connection(listener.getsockname(), timeout=10)
        self._source = listener.accept()[0]
        listener.close()
        if congestion:
            self._source.setsockopt(socket.IPPROTO_TCP, _TCP_CONGESTION, congestion.encode())
        self.congestion = self._source.getsockopt(socket.IPPROTO_TCP, _TCP_CONGESTION, 16).split(b"\0")[0].decode()
        self.bytes = 0
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._send, self._receive)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for end in (self._source, self._sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(5)
        self._source.close()
        self._sink.close()

    def rate(self, seconds):
        """Payload bits per second that arrive during the next seconds."""
        start, before = time.monotonic(), self.bytes
        time.sleep(seconds)
        return (self.bytes - before) * 8 / (time.monotonic() - start)

    def _send(self):
        part = bytes(64 * 1024)
        try:
            while True:
                self._source.sendall(part)
        except OSError:
            pass

    def _receive(self):
        try:
            while part := self._sink.recv(256 * 1024):
                self.bytes += len(part)
        except OSError:
            pass


class Echo:
    """Round trips of a small UDP packet every 20 ms, in milliseconds with the time each was sent; use as `with Echo(...) as echo`."""

    INTERVAL = 0.02

    def __init__(self, client, server):
        with inside(server.ns):
            self._server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._server.bind((server.ip, 0))
        with inside(client.ns):
            self._client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._client.connect(self._server.getsockname())
        self.trips, self._ends = [], threading.Event()
        for end in (self._server, self._client):
            end.settimeout(0.2)
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._answer, self._ask, self._hear)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        for thread in self._threads:
            thread.join(2)
        self._server.close()
        self._client.close()

    def between(self, start, end):
        """Sorted round trips of packets sent in that time (time.monotonic)."""
        return sorted(trip for sent, trip in list(self.trips) if start <= sent < end)

    def _ask(self):
        while not self._ends.wait(self.INTERVAL):
            try:
                self._client.send(struct.pack("d", time.monotonic()))
            except OSError:
                pass

    def _answer(self):
        while not self._ends.is_set():
            try:
                self._server.sendto(*self._server.recvfrom(64))
            except OSError:
                pass

    def _hear(self):
        while not self._ends.is_set():
            try:
                sent, = struct.unpack("d", self._client.recv(64))
            except OSError:
                continue
            self.trips.append((sent, (time.monotonic() - sent) * 1000))


def quantile(ordered, share):
    """The value below which so much of a sorted list lies; None for an empty one."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None
