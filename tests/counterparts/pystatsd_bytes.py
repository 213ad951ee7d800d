#!/usr/bin/python3
"""What pystatsd sends for each call of a table: tests/client/pystatsd/operations.

Usage   pystatsd_bytes.py OPERATIONS            prints the golden file
        pystatsd_bytes.py OPERATIONS GOLDEN     compares with it; status 1 if they differ

A line of the table is a session: `TRANSPORT PREFIX: CALL; CALL; ...`. A line of the golden file is
what was sent, the datagrams (of TCP: all bytes) as Python prints strings, behind the session.
"""

import datetime
import random
import socket
import sys

import statsd


class Recorder:
    """Stands for a socket."""

    def __init__(self, *_):
        self.sent = []

    def sendto(self, data, _):
        self.sent.append(data.decode())

    def sendall(self, data):
        self.sent.append(data.decode())

    def settimeout(self, _):
        pass

    def connect(self, _):
        pass

    def close(self):
        pass


def number(text):
    try:
        return int(text)
    except ValueError:
        return float(text)


def call(client, words):
    """Makes one call: NAME of the method, and its arguments."""
    what, name, value, *more = words
    rate = number(more[0]) if more else 1
    if what in ("incr", "decr"):
        getattr(client, what)(name, number(value), rate)
    elif what == "gauge":
        client.gauge(name, number(value), rate)
    elif what == "delta":
        client.gauge(name, number(value), rate, delta=True)
    elif what == "timing":
        client.timing(name, number(value), rate)
    elif what == "timedelta":
        client.timing(name, datetime.timedelta(microseconds=int(value)), rate)
    elif what == "set":
        client.set(name, value, rate)
    else:
        raise ValueError(what)


def run(session):
    head, calls = session.split(":", 1)
    transport, *prefix = head.split()
    recorder = Recorder()
    socket.socket = lambda *_: recorder
    prefix = prefix[0] if prefix else None
    if transport.startswith("tcp"):
        client = statsd.TCPStatsClient(prefix=prefix)
    else:
        client = statsd.StatsClient("127.0.0.1", prefix=prefix)
    outer = client.pipeline() if transport.endswith(("pipeline", "nested")) else client
    target = outer.pipeline() if transport.endswith("nested") else outer
    for words in calls.split(";"):
        words = words.split()
        to = target
        if words[0] == "outer":
            to = outer
            words.pop(0)
        times = int(words.pop(0)[:-1]) if words[0].endswith("*") else 1
        for _ in range(times):
            call(to, words)
    for pipeline in (target, outer):
        if pipeline is not client:
            pipeline.send()
    if transport.startswith("tcp"):
        return ["".join(recorder.sent)]
    return recorder.sent


def main():
    random.random = lambda: 0.0  # no call is left out
    lines = []
    with open(sys.argv[1], encoding="ascii") as operations:
        for session in operations.read().splitlines():
            if session and not session.startswith("#"):
                sent = run(session)
                lines.append(session + " => " + " ".join(map(ascii, sent)) + "\n")
    if len(sys.argv) < 3:
        sys.stdout.writelines(lines)
        return 0
    with open(sys.argv[2], encoding="ascii") as golden:
        expected = golden.readlines()
    wrong = [pair for pair in zip(lines, expected) if pair[0] != pair[1]]
    for ours, theirs in wrong:
        print("pystatsd:", ours, "golden:  ", theirs, sep="", end="")
    if len(lines) != len(expected):
        print(len(lines), "sessions, and", len(expected), "in the golden file")
    return 0 if not wrong and len(lines) == len(expected) else 1


if __name__ == "__main__":
    sys.exit(main())
