"""What an open page costs the ingestion: lines a second of processor time, with the page open and /metrics scraped
each second, and without, by turns in one run.

    python3 bench/server/page_open.py QUIPUD

Lines come over TCP, in the largest pieces, of 1,000 series. Counts what the server took, by its own account, and the
processor time that its process used, for pages and all. The page's stream of events is read as a browser reads it.
"""

import os
import re
import socket
import sys
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "counterparts"))

from beside_statsd import datagrams, processor_seconds  # noqa: E402
from harness import LOOPBACK, Quipud, free_port, scratch_folder  # noqa: E402

TURNS = 6
SECONDS = 3.0


def lines_taken(admin: int) -> int:
    with urllib.request.urlopen(f"http://{LOOPBACK}:{admin}/api/status", timeout=10) as answer:
        return int(re.search(rb'"lines":(\d+)', answer.read())[1])


class Watching:
    """A browser with the page open, and a scraper."""

    def __init__(self, admin: int):
        self._admin = admin
        self._ended = threading.Event()
        self._events = 0
        self._threads = [threading.Thread(target=one) for one in (self._follow, self._scrape)]

    def __enter__(self):
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for one in self._threads:
            one.join()
        assert self._events > 0, "no event has come"

    def _follow(self) -> None:
        with socket.create_connection((LOOPBACK, self._admin)) as stream:
            stream.sendall(b"GET /api/events?limit=50 HTTP/1.1\r\nHost: x\r\n\r\n")
            stream.settimeout(0.2)
            while not self._ended.is_set():
                try:
                    self._events += stream.recv(1 << 20).count(b"data: ")
                except TimeoutError:
                    pass

    def _scrape(self) -> None:
        while not self._ended.wait(1):
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self._admin}/metrics", timeout=10) as page:
                page.read()


def turn(server: Quipud, admin: int, block: bytes) -> float:
    before, used = lines_taken(admin), processor_seconds(server.pid)
    with socket.create_connection((LOOPBACK, server.port)) as stream:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            stream.sendall(block)
    taken = before
    while (now := lines_taken(admin)) > taken:
        taken = now
        time.sleep(0.05)
    return (taken - before) / (processor_seconds(server.pid) - used)


def measure(quipud: Path) -> None:
    admin = free_port()
    block = b"".join(text + b"\n" for text in datagrams())
    with scratch_folder() as scratch:
        options = [f"--admin={LOOPBACK}:{admin}"]
        with Quipud(quipud, scratch / "quipud", "quipu", "none:", options=options) as server:
            turn(server, admin, block)
            found = {"closed": [], "open": []}
            for _ in range(TURNS):
                found["closed"].append(turn(server, admin, block))
                with Watching(admin):
                    found["open"].append(turn(server, admin, block))
    for name, all_turns in found.items():
        print(f"{name:7} {sorted(all_turns)[TURNS // 2]:12,.0f} lines/CPU-s, the middle of {TURNS}")
    closed, opened = (sorted(found[name])[TURNS // 2] for name in ("closed", "open"))
    print(f"open    {(1 - opened / closed) * 100:12.2f} % less")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    measure(Path(sys.argv[1]).resolve())
