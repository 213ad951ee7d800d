"""Etsy's statsd from npm and quipud print the same flush to their consoles, as text and in colours.

Members of sets are left out: quipud keeps no members.
"""

import re
import socket
import sys
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
from side_by_side import commands

FLUSHES_SECONDS_MAX = 20.0
BEGIN = "Flushing stats at "
CONFIGS = {"text": "", "colors": ", console: {prettyprint: true}"}

LINES = ["hits:3|c", "hits:1|c|@0.1", "12:1|c", "7:2.5|c", "a b/c:1|c", "queue:7.5|g", "low:-3|g"]
LINES += [f"api.latency:{value}|ms" for value in range(1, 131)]
LINES += [f"few:{value}|ms" for value in (10, 2.5, 300)] + ["one:4|ms|@0.5", "bad"]


def printed(command: list, folder: Path, config: str) -> str:
    """The flush of the lines: the second."""
    port, management = free_port(), free_port()
    folder.mkdir()
    file = folder / "config.js"
    file.write_text(
        f"{{ address: '{LOOPBACK}', port: {port}, mgmt_port: {management}, flushInterval: 1500\n"
        f", percentThreshold: [50, 90, -10], backends: ['./backends/console']\n"
        f", histogram: [{{metric: 'api', bins: [10, 50.5, 'inf']}}]{config} }}\n"
    )

    def flushes():
        return process.output().split(BEGIN)[1:]

    with Process([*command, file], folder, {"TZ": "UTC"}) as process:
        for count in (1, 3):  # the third tells that the second is whole
            if count == 3:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    sender.sendto("\n".join(LINES).encode(), (LOOPBACK, port))
            if not wait_until(lambda n=count: len(flushes()) >= n, FLUSHES_SECONDS_MAX):
                raise Failure(f"no flush\n{process.last_words()}")
        text = flushes()[1]
    text = re.sub(r"\d\d:\d\d:\d\d", "TIME", text, count=1)
    return re.sub(r"(timestamp_lag'\S*) \S+", r"\1 N", text)


def test(arguments) -> int:
    servers = commands(arguments)
    config = CONFIGS[arguments.form]
    with scratch_folder() as scratch:
        theirs = printed(servers["statsd"], scratch / "statsd", config)
        ours = printed(servers["quipud"], scratch / "quipud", config)
        lines = theirs.splitlines()
        return expect(
            [Expectation("lines", lambda: len(ours.splitlines()), len(lines))]
            + [
                Expectation(f"line {number}", lambda mine=mine: mine, line)
                for number, (line, mine) in enumerate(zip(lines, ours.splitlines()))
            ]
        )


if __name__ == "__main__":
    options = parse_command_line(__doc__.splitlines()[0], form=sorted(CONFIGS, reverse=True))
    sys.exit(run(lambda: test(options)))
