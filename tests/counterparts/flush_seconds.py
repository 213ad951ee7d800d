"""quipud -> Graphite lines: each flush has a second of its own.

Graphite keeps one value for a series and a second. So no second may be said twice, which would
lose the first value, and none may be left out, which would be a hole in a graph. The end comes in
the middle of an interval: its flush must not take the second of the one before.
"""

import socket
import sys
import time

from harness import (
    LOOPBACK,
    Expectation,
    Quipud,
    expect,
    expect_soon,
    explained,
    parse_command_line,
    run,
    scratch_folder,
    total,
)
from profiles import PROFILES
from recorder import Recorder

FLUSHES = 4
PAUSE_SECONDS = 0.02
REST_SECONDS = 0.3  # of the interval that the end cuts short
SECONDS_MAX = 15.0


def trickle(port: int, until) -> int:
    """Counts one hit after the other until the condition holds; returns how many."""
    hits = 0
    deadline = time.monotonic() + SECONDS_MAX
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while not until() and time.monotonic() < deadline:
            sender.sendto(b"hits:1|c", (LOOPBACK, port))
            hits += 1
            time.sleep(PAUSE_SECONDS)
    return hits


def drive(quipud: Quipud, recorder: Recorder, name: str) -> int:
    begin = int(time.time())
    hits = trickle(quipud.port, lambda: len(recorder.values(name)) >= FLUSHES)
    hits += trickle(quipud.port, lambda: recorder.silent_seconds() > REST_SECONDS)
    quipud.stop()
    checked = expect_soon([Expectation("hits", lambda: total(recorder.values(name)), hits)])
    said = sorted({point.second for point in recorder.points() if point.name == name})
    return checked + expect(
        [
            Expectation("flushes and one at the end", lambda: len(said) > FLUSHES, True),
            Expectation("said twice", recorder.said_twice, []),
            Expectation("seconds", lambda: said, list(range(said[0], said[0] + len(said)))),
            Expectation("first second", lambda: begin <= said[0] <= begin + 2, True),
            Expectation("lines that are none", recorder.malformed, []),
        ]
    )


def test(arguments) -> int:
    profile = PROFILES[arguments.profile]
    with scratch_folder() as scratch, Recorder() as recorder:
        sink = f"graphite://{LOOPBACK}:{recorder.port}"
        with Quipud(arguments.quipud, scratch / "quipud", profile.name, sink) as quipud:
            return explained(lambda: drive(quipud, recorder, profile.count("hits")), quipud)


if __name__ == "__main__":
    options = parse_command_line(__doc__.splitlines()[0], profile=sorted(PROFILES))
    sys.exit(run(lambda: test(options)))
