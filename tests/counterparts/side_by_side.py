"""Etsy's statsd from npm and quipud, each told by the same config file, get the same traffic over UDP
and TCP: what they send to Graphite is the same, line for line.
"""

import random
import shutil
import socket
import sys
import threading
import time
from pathlib import Path

from harness import (
    LOOPBACK,
    Expectation,
    Failure,
    Process,
    expect,
    free_port,
    parse_command_line,
    run,
    scratch_folder,
    wait_until,
)
from oracle import Flushes, differences, etsy_lines

FLUSHES_SECONDS_MAX = 20.0
DATAGRAMS = 400
PAUSE_SECONDS = 0.001  # that server loses what comes too quickly

CONFIGS = {
    "default": "",
    "modern": "percentThreshold: [50, 90, 99.9, -10], prefixStats: 'self', deleteCounters: true,"
    " graphite: {legacyNamespace: false, globalPrefix: 'g', prefixCounter: 'c', prefixTimer: '',"
    " globalSuffix: 'suf'}",
    "chosen": "flush_counts: false, keyNameSanitize: false, deleteTimers: true, deleteGauges: true,"
    " calculatedTimerMetrics: ['count', 'upper', 'mean_percent', 'histogram'],"
    " histogram: [{metric: 'none', bins: []}, {metric: 'api', bins: [10, 50.5, 'inf']}]",
}

KEYS = ["api.hits", "api.time", "web/front page", "none.of it", "q~ueue", "users", "a..b", "ünï"]


def line(chance: random.Random) -> str:
    """A line as clients send them, and now and then one that is bad."""
    key = chance.choice(KEYS)
    number = chance.choice(["1", "7", "0.25", "-3", "1e2", "+4", "100", "12.5"])
    timing = number.lstrip("-+")
    rate = chance.choice(["", "", "|@0.1", "|@0.5"])
    tags = chance.choice(["", "", "", "|#env:prod", "|#b:2,a:1"])
    return chance.choice(
        [
            f"{key}:{number}|c{rate}{tags}",
            f"{key}:{timing}|ms{rate}{tags}",
            f"{key}:{number}|g{tags}",
            f"{key}:{chance.randint(1, 40)}|s{tags}",
            f"{key}:{number}|c{rate}:{timing}|ms{rate}:{timing}|g",
            f"{key}:{number}|h",
            chance.choice(["bad", f"{key}:x|c", f"{key}:1|c|0.1", f"{key}:|ms", f"{key}:1"]),
        ]
    )


def send(udp: int, tcp: int, seed: int) -> None:
    chance = random.Random(seed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(DATAGRAMS):
            text = "\n".join(line(chance) for _ in range(chance.randint(1, 8)))
            sender.sendto(text.encode(), (LOOPBACK, udp))
            time.sleep(PAUSE_SECONDS)
    with socket.create_connection((LOOPBACK, tcp)) as stream:
        # In one piece, which is one packet for both. Of a stream that server drops the eighth bit.
        lines = "".join(line(chance) + "\n" for _ in range(20))
        stream.sendall(lines.replace("ünï", "uni").encode())


class Side:
    """One of the two servers, with a Graphite and ports of its own."""

    def __init__(self, folder: Path, command: list, config: str):
        self.kept = Flushes()
        self.udp, self.tcp, self.management = free_port(), free_port(), free_port()
        folder.mkdir()
        file = folder / "config.js"
        file.write_text(
            f"{{ servers: [{{server: './servers/udp', address: '{LOOPBACK}', port: {self.udp}}},\n"
            f"             {{server: './servers/tcp', address: '{LOOPBACK}', port: {self.tcp}}}]\n"
            f", mgmt_address: '{LOOPBACK}', mgmt_port: {self.management}, flushInterval: 2000\n"
            f", graphiteHost: '{LOOPBACK}', graphitePort: {self.kept.port}\n, {config} }}\n"
        )
        self.process = Process([*command, file], folder)

    def await_flush(self, count: int) -> None:
        if not wait_until(lambda: len(self.kept.texts) >= count, FLUSHES_SECONDS_MAX):
            raise Failure(f"no flush\n{self.process.last_words()}")

    def flushes(self, seed: int) -> list:
        """The flush of the traffic and the one after."""
        with self.process:
            self.await_flush(1)
            send(self.udp, self.tcp, seed)
            self.await_flush(3)
            return [etsy_lines(text) for text in self.kept.texts[1:3]]


def commands(arguments) -> dict:
    """How either server is started, but for its config file."""
    statsd = arguments.folder / "npm" / "node_modules" / "statsd" / "stats.js"
    return {"statsd": [shutil.which("node"), statsd], "quipud": [arguments.quipud]}


def test(arguments) -> int:
    seed = random.randrange(1 << 32)
    with scratch_folder() as scratch:
        config = CONFIGS[arguments.config]
        sides = {
            name: Side(scratch / name, command, config)
            for name, command in commands(arguments).items()
        }
        found = {}

        def serve(name: str) -> None:
            try:
                found[name] = sides[name].flushes(seed)
            except Failure as failure:
                found[name] = failure

        threads = [threading.Thread(target=serve, args=[name]) for name in sides]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one in found.values():
            if isinstance(one, Failure):
                raise one
    theirs, ours = found["statsd"], found["quipud"]
    facts = [
        Expectation(
            f"flush {i} with seed {seed}", lambda i=i: differences(ours[i], theirs[i]), []
        )
        for i in range(2)
    ]
    enough = Expectation("lines that were compared", lambda: len(theirs[0]) > 60, True)
    return expect([*facts, enough])


if __name__ == "__main__":
    options = parse_command_line(__doc__.splitlines()[0], config=sorted(CONFIGS))
    sys.exit(run(lambda: test(options)))
