"""Hostile names -> quipud -> carbon: whatever a sender calls its series, those of others arrive.

Carbon closes a connection that sends what is no UTF-8, and with it goes the rest of the flush. So one
datagram could take away the numbers of everybody else.
"""

import socket
import sys

from carbon import Carbon, python_packages
from harness import (
    LOOPBACK,
    Expectation,
    Quipud,
    expect,
    expect_soon,
    explained,
    last,
    parse_command_line,
    run,
    scratch_folder,
    total,
)
from profiles import PROFILES

HOSTILE_NAMES = (
    b"\xff\xfe",
    b"cut\xe2\x82",
    b"surrogate\xed\xa0\x80",
    b"overlong\xc0\xaf",
    "line\u2028separator".encode(),
    "next\u0085line".encode(),
    "no-break\u00a0space".encode(),
    b"",
    b" ",
    b"two words",
    b"..",
    b"../../up",
    b"/",
    b"~",
    b"tagged;",
    b"tagged;=",
    b"tagged;a=",
    b"tagged;a=~b",
    b"tagged;a!b=c",
    b"n" * 300,
    b"__proto__",
)
HOSTILE_TAGS = (b"a:\xff", b"\xff:a", b":", b"a:", b"a:~b", b"a;b:c;d", b"a:b\x00c", b"name:other")

BYSTANDERS = 20


def drive(quipud: Quipud, carbon: Carbon, profile) -> int:
    hostile = [name + b":1|" + kind for name in HOSTILE_NAMES for kind in (b"c", b"g", b"ms", b"kv")]
    hostile += [b"tagged:1|c|#" + tags for tags in HOSTILE_TAGS]
    others = [f"bystander.{number}:{number + 1}|" for number in range(BYSTANDERS)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((LOOPBACK, quipud.port))
        for line in hostile:
            sender.send(line)
        for line in others:
            sender.send(line.encode() + b"c")
            sender.send(line.encode() + b"g")
    facts = []
    for number in range(BYSTANDERS):
        name = profile.count(f"bystander.{number}")
        facts.append(_expect(carbon, name, total, number + 1))
        if "gauge" in profile.kinds:
            name = profile.gauge(f"bystander.{number}")
            facts.append(_expect(carbon, name, last, number + 1))
    expect_soon(facts)
    quipud.stop()
    carbon.settle()
    return expect(facts)


def _expect(carbon: Carbon, name: str, read, want: float) -> Expectation:
    return Expectation(name, lambda: read(carbon.series(name).values()), want)


def test(arguments) -> int:
    profile = PROFILES[arguments.profile]
    python_packages(arguments.folder)
    with scratch_folder() as scratch, Carbon(arguments.folder, scratch / "carbon") as carbon:
        sink = f"graphite://{LOOPBACK}:{carbon.port}"
        with Quipud(arguments.quipud, scratch / "quipud", profile.name, sink) as quipud:
            return explained(lambda: drive(quipud, carbon, profile), quipud, carbon)


if __name__ == "__main__":
    options = parse_command_line(__doc__.splitlines()[0], profile=sorted(PROFILES))
    sys.exit(run(lambda: test(options)))
