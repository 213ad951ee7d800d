"""Lines per second of processor time: quipud, told by a config file of Etsy's statsd, beside that server
from npm, over UDP (34 lines in a datagram that fits an Ethernet frame) and TCP, one after the other in one run.

    python3 bench/server/beside_statsd.py QUIPUD DIR       DIR as tests/counterparts/get.sh makes it

Counts what each server took, by its own account, and the processor time that its process used.
"""

import os
import re
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "counterparts"))

from harness import LOOPBACK, parse_command_line, scratch_folder  # noqa: E402
from management import Management, accepts  # noqa: E402
from side_by_side import Side, commands  # noqa: E402

LINES = 34
SECONDS = 4.0
KINDS = ["c", "ms", "g", "c|@0.1"]
SERIES = 1000
ONE_INTERVAL = "flushInterval: 600000"


def datagrams() -> list:
    """Datagrams that together have each series several times."""
    made = []
    number = 0
    for _ in range(SERIES):
        lines = []
        for _ in range(LINES):
            number += 1
            name = f"servers.north.web{number % SERIES:03}.requests.time"
            lines.append(f"{name}:{number % 97}|{KINDS[number % 4]}")
        made.append("\n".join(lines).encode())
    return made


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle_processor_seconds(pid: int) -> float:
    """The same, once the process has nothing left to do."""
    used = processor_seconds(pid)
    while True:
        time.sleep(0.3)
        before, used = used, processor_seconds(pid)
        if used == before:
            return used


def lines_taken(management: Management) -> int:
    found = re.search(r"statsd\.metrics_received': (\d+)", management.ask("counters"))
    return int(found[1]) if found else 0


def send_udp(side: Side, texts: list, per_second: float) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        begin = time.monotonic()
        sent = 0
        while (passed := time.monotonic() - begin) < SECONDS:
            while sent < passed * per_second:
                sender.sendto(texts[sent % len(texts)], (LOOPBACK, side.udp))
                sent += 1
            time.sleep(0.0005)


def send_tcp(side: Side, texts: list, _: float) -> None:
    block = b"".join(text + b"\n" for text in texts)
    with socket.create_connection((LOOPBACK, side.tcp)) as stream:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            stream.sendall(block)


def measure(side: Side, send, texts: list, per_second: float) -> tuple:
    """Lines a second of processor time, and how many lines."""
    with side.process as process:
        process.wait_for(lambda: accepts(side.management))
        management = Management(side.management)
        before = lines_taken(management)
        used = idle_processor_seconds(process.pid)
        send(side, texts, per_second)
        used = idle_processor_seconds(process.pid) - used
        taken = lines_taken(management) - before
        return taken / used, taken


def main(arguments) -> int:
    texts = datagrams()
    print(f"{len(texts[0])} bytes a datagram of {LINES} lines, {SERIES} names")
    with scratch_folder() as scratch:
        for name, send, rates in (
            ("udp", send_udp, {"statsd": 2_000.0, "quipud": 60_000.0}),
            ("tcp", send_tcp, {"statsd": 0.0, "quipud": 0.0}),
        ):
            found = {}
            for server, command in commands(arguments).items():
                side = Side(scratch / f"{server}-{name}", command, ONE_INTERVAL)
                found[server], lines = measure(side, send, texts, rates[server])
                print(f"{name} {server:7} {found[server]:12,.0f} lines/CPU-s of {lines:,} lines")
            print(f"{name} ratio   {found['quipud'] / found['statsd']:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(parse_command_line(__doc__.splitlines()[0])))
