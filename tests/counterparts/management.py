"""Etsy's statsd from npm and quipud answer the commands of the management port alike."""

import re
import socket
import sys

from harness import LOOPBACK, Expectation, expect, parse_command_line, run, scratch_folder, wait_until
from side_by_side import Side, commands

# Short and long objects, names that need quotes, and lists of values.
TRAFFIC = (
    b"hits:3|c\nweb.hits:0.5|c\nfolder.a:1|c\nfolder.b.c:2|c\nfolder.b.d:2|c\nfolder:1|c\n"
    b"t:5|ms\nfolder.t:7|ms\nt:1.5|ms\nq:70|g\nfolder.q:-2|g\nodd-one:1|g"
)
COMMANDS = [
    "help",
    "health",
    "health down",
    "health sideways",
    "health",
    "health up",
    "counters",
    "timers",
    "gauges",
    "delcounters hits nothing folder.b.*",
    "delcounters folder.b.*",
    "counters",
    "deltimers folder.t",
    "timers",
    "delgauges folder.* q",
    "gauges",
    "stats",
    "HELP",
    "nonsense with words",
]
SILENCE_SECONDS = 0.3
ONE_INTERVAL = "flushInterval: 600000"  # for all that is asked


class Management:
    """A connection on which one command is asked after the other."""

    def __init__(self, port: int):
        self._socket = socket.create_connection((LOOPBACK, port))
        self._socket.settimeout(SILENCE_SECONDS)

    def ask(self, command: str) -> str:
        """All that comes until nothing comes any more."""
        self._socket.sendall(command.encode() + b"\n")
        answer = b""
        try:
            while piece := self._socket.recv(65536):
                answer += piece
        except socket.timeout:
            pass
        return answer.decode()

    def ends(self) -> bool:
        self._socket.sendall(b"quit\n")
        return self._socket.recv(1) == b""


def accepts(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port)).close()
        return True
    except OSError:
        return False


def comparable(command: str, answer: str) -> str:
    if command != "stats":
        return answer
    # Seconds differ, and what a sink says beside.
    names = re.findall(r"(?m)^(uptime|messages\.\S+|graphite\.last_\S+): \d+$", answer)
    return ",".join(names)


def converse(side: Side) -> list:
    with side.process:
        side.process.wait_for(lambda: accepts(side.management))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(TRAFFIC, (LOOPBACK, side.udp))
        management = Management(side.management)
        wait_until(lambda: "odd-one" in management.ask("gauges"), 5)
        answers = [comparable(one, management.ask(one)) for one in COMMANDS]
        return [*answers, management.ends()]


def test(arguments) -> int:
    with scratch_folder() as scratch:
        found = {
            name: converse(Side(scratch / name, command, ONE_INTERVAL))
            for name, command in commands(arguments).items()
        }
    return expect(
        Expectation(f"answer to {command!r}", lambda ours=ours: ours, theirs)
        for command, ours, theirs in zip([*COMMANDS, "quit"], found["quipud"], found["statsd"])
    )


if __name__ == "__main__":
    options = parse_command_line(__doc__.splitlines()[0])
    sys.exit(run(lambda: test(options)))
