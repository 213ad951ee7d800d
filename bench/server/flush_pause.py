"""How long a large flush keeps the input waiting, and what is lost meanwhile.

    python3 bench/server/flush_pause.py QUIPUD

20,000 lines a second come over UDP, of 100,000 timers, twelve samples of each in an interval of a minute, through its
flush and 5 seconds more. Says, by the server's own account, the longest time without reading, how long the flush took,
and how many lines and datagrams arrived. The sink is a file of JSON.
"""

import re
import socket
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "counterparts"))

from harness import LOOPBACK, Quipud, free_port, scratch_folder  # noqa: E402

TIMERS = 100_000
LINES_PER_SECOND = 20_000
LINES = 25  # in a datagram
INTERVAL_SECONDS = 60
SECONDS = INTERVAL_SECONDS + 5


def number(page: str, name: str) -> float:
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.M))


def measure(quipud: Path) -> None:
    admin = free_port()
    with scratch_folder() as scratch:
        server = Quipud(
            quipud,
            scratch / "quipud",
            "quipu",
            f"json://{scratch}/flushes",
            interval_seconds=INTERVAL_SECONDS,
            options=[f"--admin={LOOPBACK}:{admin}"],
        )
        with server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            begin = time.monotonic()
            sent = 0
            late = 0.0
            while (passed := time.monotonic() - begin) < SECONDS:
                if sent * LINES >= passed * LINES_PER_SECOND:
                    time.sleep(0.0005)
                    continue
                late = max(late, passed - sent * LINES / LINES_PER_SECOND)
                first = sent * LINES
                sender.sendto(
                    "\n".join(
                        f"service.timer{(first + i) % TIMERS:06}:{(first + i) // TIMERS * 7 + i}|ms"
                        for i in range(LINES)
                    ).encode(),
                    (LOOPBACK, server.port),
                )
                sent += 1
            time.sleep(1)
            url = f"http://{LOOPBACK}:{admin}/metrics"
            with urllib.request.urlopen(url, timeout=30) as answer:
                page = answer.read().decode()
    lines, packets = number(page, "quipud_lines_total"), number(page, "quipud_packets_total")
    print(f"sent        {sent * LINES} lines in {sent} datagrams, {late * 1e3:.1f} ms late at most")
    print(f"arrived     {lines:.0f} lines in {packets:.0f} datagrams")
    print(f"dropped     {number(page, 'quipud_listener_dropped_total'):.0f} datagrams")
    print(f"flush       {number(page, 'quipud_flush_seconds') * 1e3:.1f} ms")
    print(f"input gap   {number(page, 'quipud_input_gap_seconds') * 1e3:.2f} ms at most")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    measure(Path(sys.argv[1]).resolve())
