"""quipud adds up traffic and hands it to Etsy's statsd from npm, over UDP or TCP, or passes it on as it came:
that server's Graphite gets the numbers that the traffic itself would have made there.
"""

import random
import socket
import sys

from harness import (
    LOOPBACK,
    Expectation,
    Quipud,
    expect_soon,
    parse_command_line,
    run,
    scratch_folder,
)
from side_by_side import Side, commands

SENDERS = 40
LINES = 25


def traffic(chance: random.Random) -> list:
    """Datagrams; and nothing in them that a rounding of sums could tell apart."""
    made = []
    for sender in range(SENDERS):
        lines = []
        for _ in range(LINES):
            lines.append(
                chance.choice(
                    [
                        f"hits.{chance.randint(0, 3)}:{chance.randint(1, 9)}|c",
                        f"hits.sampled:{chance.randint(1, 9)}|c|@0.25",
                        f"time.{chance.randint(0, 2)}:{chance.randint(1, 400) / 4}|ms",
                        f"time.sampled:{chance.randint(1, 400) / 4}|ms|@0.5",
                        f"depth.{sender}:{chance.randint(-50, 50)}|g",
                        f"users:{chance.randint(1, 60)}|s",
                    ]
                )
            )
        made.append("\n".join(lines).encode())
    return made


def numbers(texts: list) -> dict:
    """What all flushes say, but for the server's own: of counters the sum, else the last that is not 0."""
    found: dict = {}
    for text in texts:
        for line in text.splitlines():
            name, value, _ = line.split()
            if "statsd" in name or name.endswith(("_ps", ".rate")) or not name.startswith("stats"):
                continue
            if name.startswith(("stats_counts.", "stats.counters.")):
                found[name] = found.get(name, 0) + float(value)
            elif float(value) != 0 or name not in found:
                found[name] = float(value)
    return {name: round(value, 6) for name, value in found.items()}


def test(arguments) -> int:
    datagrams = traffic(random.Random(random.randrange(1 << 32)))
    own = "keyNameSanitize: true, graphite: {legacyNamespace: false}"
    with scratch_folder() as scratch:
        statsd = commands(arguments)["statsd"]
        direct = Side(scratch / "direct", statsd, own)
        behind = Side(scratch / "behind", statsd, own)
        port, scheme = {
            "udp": (behind.udp, "statsd"),
            "tcp": (behind.tcp, "statsd+tcp"),
            "repeat_udp": (behind.udp, "repeat"),
            "repeat_tcp": (behind.tcp, "repeat+tcp"),
        }[arguments.way]
        (scratch / "quipud").mkdir()
        with direct.process, behind.process:
            direct.await_flush(1)
            behind.await_flush(1)
            relay = Quipud(
                arguments.quipud,
                scratch / "quipud",
                "etsy",  # so that a rate means the same to both
                f"{scheme}://{LOOPBACK}:{port}",
                interval_seconds=3600,
            )
            with relay, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for one in datagrams:
                    sender.sendto(one, (LOOPBACK, direct.udp))
                with socket.create_connection((LOOPBACK, relay.port)) as stream:
                    stream.sendall(b"\n".join(datagrams) + b"\n")
                    stream.shutdown(socket.SHUT_WR)
                    stream.recv(1)  # all of it was read
                relay.stop()  # after a last flush
            direct_flushes, behind_flushes = len(direct.kept.texts), len(behind.kept.texts)
            direct.await_flush(direct_flushes + 2)
            behind.await_flush(behind_flushes + 2)
            theirs = numbers(direct.kept.texts)

            def differences() -> list:
                ours = numbers(behind.kept.texts)
                names = sorted(theirs.keys() | ours.keys())
                return [
                    (name, theirs.get(name), ours.get(name))
                    for name in names
                    if theirs.get(name) != ours.get(name)
                ]

            return expect_soon(
                [
                    Expectation("numbers that differ (name, direct, relayed)", differences, []),
                    Expectation("enough to compare", lambda: len(theirs) > 80, True),
                ]
            )


if __name__ == "__main__":
    options = parse_command_line(__doc__.splitlines()[0], way=["udp", "tcp", "repeat_udp", "repeat_tcp"])
    sys.exit(run(lambda: test(options)))
