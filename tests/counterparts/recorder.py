"""A stand-in for carbon that keeps every line as it came."""

import re
import socket
import threading
import time
from dataclasses import dataclass

from harness import LOOPBACK

LINE = re.compile(r"(\S+) (-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?) (\d{10})")


@dataclass(frozen=True)
class Point:
    name: str
    value: float
    second: int


class Recorder:
    """Accepts connections and keeps what is sent, until its `with` block ends."""

    def __enter__(self):
        self._lock = threading.Lock()
        self._points = []
        self._malformed = []
        self._last = time.monotonic()
        self._connections = set()
        self.port = 0
        self.come_back()
        return self

    def __exit__(self, *_):
        self.go_away()

    def come_back(self) -> None:
        """Listens, again on the same port if it did before."""
        self._listener = socket.create_server((LOOPBACK, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def go_away(self) -> None:
        """Ends every connection, and refuses new ones."""
        self._listener.shutdown(socket.SHUT_RDWR)  # which ends the thread's accept as well
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._read, args=[connection], daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            with self._lock:
                self._connections.add(connection)
            for line in lines:
                self._keep(line.decode(errors="replace"))
            with self._lock:
                self._connections.remove(connection)

    def _keep(self, line: str) -> None:
        match = LINE.fullmatch(line.removesuffix("\n")) if line.endswith("\n") else None
        with self._lock:
            self._last = time.monotonic()
            if match is None:
                self._malformed.append(line)
            else:
                name, value, second = match.groups()
                self._points.append(Point(name, float(value), int(second)))

    def malformed(self) -> list:
        """Lines that are not `NAME NUMBER SECONDS`, and a last one that was cut off."""
        with self._lock:
            return list(self._malformed)

    def points(self) -> list:
        with self._lock:
            return list(self._points)

    def silent_seconds(self) -> float:
        """How long ago the last line came."""
        with self._lock:
            return time.monotonic() - self._last

    def names(self) -> set:
        return {point.name for point in self.points()}

    def values(self, name: str) -> list:
        """The values of one series, in the order in which they came."""
        return [point.value for point in self.points() if point.name == name]

    def said_twice(self) -> list:
        """Series and seconds with more than one value, of which Graphite would keep only one."""
        seen = set()
        twice = []
        for point in self.points():
            if (point.name, point.second) in seen:
                twice.append((point.name, point.second))
            seen.add((point.name, point.second))
        return twice
