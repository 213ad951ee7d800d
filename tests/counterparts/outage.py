"""quipud -> Graphite lines: what could not be written while Graphite was away arrives later.

Each flush keeps the second that it belongs to, so that the graph has no hole.
"""

import sys
import time

from flush_seconds import FLUSHES, SECONDS_MAX, trickle
from harness import (
    LOOPBACK,
    Expectation,
    Failure,
    Quipud,
    expect,
    expect_soon,
    explained,
    parse_command_line,
    run,
    scratch_folder,
    wait_until,
)
from profiles import PROFILES
from recorder import Recorder

OUTAGE_SECONDS = 2.5
REST_SECONDS = 0.2  # after a flush: nothing is on its way when Graphite goes


def drive(quipud: Quipud, recorder: Recorder, name: str) -> int:
    def by_second():
        return {point.second: point.value for point in recorder.points() if point.name == name}

    hits = trickle(quipud.port, lambda: len(by_second()) >= 2)
    hits += trickle(quipud.port, lambda: recorder.silent_seconds() > REST_SECONDS)
    recorder.go_away()
    until = time.monotonic() + OUTAGE_SECONDS
    hits += trickle(quipud.port, lambda: time.monotonic() > until)
    arrived = len(by_second())
    recorder.come_back()
    hits += trickle(quipud.port, lambda: len(by_second()) >= arrived + FLUSHES)
    if not wait_until(lambda: recorder.silent_seconds() > REST_SECONDS, SECONDS_MAX):
        raise Failure("the flushes do not pause")
    quipud.stop()
    total_by_second = Expectation("hits", lambda: sum(by_second().values()), hits)
    checked = expect_soon([total_by_second])
    said = sorted(by_second())
    return checked + expect(
        [
            Expectation("seconds", lambda: said, list(range(said[0], said[0] + len(said)))),
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
