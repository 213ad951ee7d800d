"""pystatsd -> quipud -> carbon: what the client counted is what Whisper's files say.

Clients send over UDP and TCP at once, through several flushes; then a last time, and quipud is
asked to end in the same moment. Every number is read back from the files of a real carbon-cache.
"""

import random
import sys
import time

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
    same_names,
    scratch_folder,
    total,
)
from profiles import PROFILES

TRANSPORTS = ("udp", "tcp")

# Sent through several flushes: so many steps, so far apart.
STEPS = 48
STEP_SECONDS = 0.05

# An odd number of them, so that every definition of the median agrees.
TIMINGS = (320.0, 17.5, 4.0, 250.25, 99.0, 61.0, 12.0, 3000.0, 45.5, 8.0, 130.0)
SAMPLED_TIMINGS = (10.0, 20.0, 30.0)
SAMPLING_RATE = 0.5

# A second's share of the interval.
RATES = ("rate", "count_ps")


class Traffic:
    """What the clients send, and the facts that must be found afterwards."""

    def __init__(self, profile, carbon: Carbon, port: int):
        import statsd  # pystatsd, which is importable only once its folder is known

        self._profile = profile
        self._carbon = carbon
        self._clients = {
            "udp": statsd.StatsClient(LOOPBACK, port),
            "tcp": statsd.TCPStatsClient(LOOPBACK, port, timeout=5),
        }
        self.facts = {}  # a later fact about the same thing takes the place of the earlier
        self.names = set()
        self.lines = 0

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _understands(self, kind: str) -> bool:
        return kind in self._profile.kinds

    def _raw(self, transport: str, *lines: str) -> None:
        """Sends lines that pystatsd has no method for, in one packet."""
        self.lines += len(lines)
        self._clients[transport]._send("\n".join(lines))

    def _expect(self, what: str, name: str, read, want) -> None:
        """Expects that `read` makes `want` of the points of the series `name`."""
        self.names.add(name)
        title = f"{name}: {what}"
        self.facts[title] = Expectation(title, lambda: read(self._carbon.series(name)), want)

    def _expect_total(self, key: str, want: float) -> None:
        profile = self._profile
        self._expect("total", profile.count(key), lambda points: total(points.values()), want)
        if profile.rate is not None:
            name = profile.rate(key)
            self._expect("total", name, lambda points: total(points.values()), want)

    def _expect_idle_in_the_end(self, key: str) -> None:
        """The counter has gone idle, and the profile's word for that has arrived."""

        def word_for_idle(points):
            if self._profile.idle_counter is None:
                return next((value for value in points.values() if value == 0), None)
            return last(points.values())

        name = self._profile.count(key)
        self._expect("when idle", name, word_for_idle, self._profile.idle_counter)

    def _expect_timer(self, key: str, values, weight: float = 1, is_cut: bool = False) -> None:
        """All values arrived in one interval, whose statistics are those of the values.

        One that is cut has a length that nobody knows, and so have its rates.
        """
        counts = self._profile.timer(key, "count")

        def at_its_second(points):
            seconds = [s for s, count in self._carbon.series(counts).items() if count]
            found = [points.get(second) for second in seconds]
            return found[0] if len(found) == 1 else found

        for statistic, want in self._profile.timer_statistics(values, weight).items():
            name = self._profile.timer(key, statistic)
            if is_cut and statistic in RATES:
                self.names.add(name)
                continue
            self._expect("in its only interval", name, at_its_second, want)

    def send_at_once(self, transport: str) -> None:
        """What belongs to one interval goes in one packet: a pipeline."""
        client = self._clients[transport]
        with client.pipeline() as pipe:
            for milliseconds in TIMINGS:
                pipe.timing(f"{transport}.latency", milliseconds)
        self._expect_timer(f"{transport}.latency", TIMINGS)
        with client.pipeline() as pipe:
            for milliseconds in SAMPLED_TIMINGS:
                pipe.timing(f"{transport}.sampled", milliseconds, rate=SAMPLING_RATE)
        self._expect_timer(f"{transport}.sampled", SAMPLED_TIMINGS, 1 / SAMPLING_RATE)
        with client.pipeline() as pipe:
            for user in ("ann", "bob", "ann", "cleo", "ann"):
                pipe.set(f"{transport}.users", user)
        self.lines += len(TIMINGS) + len(SAMPLED_TIMINGS) + 5
        if self._understands("set"):
            name = self._profile.members(f"{transport}.users")
            self._expect("members", name, lambda points: [n for n in points.values() if n], [3])

    def send_gauges(self, transport: str) -> None:
        client = self._clients[transport]
        client.gauge(f"{transport}.queue", 10)
        client.gauge(f"{transport}.queue", 5.5, delta=True)
        client.gauge(f"{transport}.queue", -3, delta=True)
        client.gauge(f"{transport}.below", 4)
        client.gauge(f"{transport}.below", -7)  # sent as 0, then -7
        client.gauge(f"{transport}.level", 1000)
        self.lines += 7
        self._expect_gauge(f"{transport}.queue", 12.5)
        self._expect_gauge(f"{transport}.below", -7)
        self._expect_gauge(f"{transport}.level", 1000 - STEPS)
        self._expect_gauge("shared.level", len(TRANSPORTS) * STEPS)

    def _expect_gauge(self, key: str, want: float) -> None:
        if self._understands("gauge"):
            name = self._profile.gauge(key)
            self._expect("last value", name, lambda points: last(points.values()), want)

    def send_keyvalues(self, transport: str) -> None:
        if not self._understands("keyvalue"):
            return
        past = int(time.time()) - 600
        key = f"{transport}.answer"
        self._raw(transport, f"{key}:42|kv|@{past}", f"{key}:-1.5|kv|@{past + 7}", f"{key}:7|kv")

        def past_and_now(points):
            seconds = [second - past for second in points]
            return list(points.values()), seconds[:2], all(s >= 600 for s in seconds[2:])

        name = self._profile.keyvalue(key)
        self._expect("points", name, past_and_now, ([42, -1.5, 7], [0, 7], True))

    def send_tags(self, transport: str) -> None:
        """Natively the order of tags does not split a series. (Carbon sorts them too, so that two
        orders of Etsy's statsd would be two values for one second.)"""
        if not self._understands("tags"):
            return
        other_order = "region:eu,az:b" if self._profile.sorts_tags else "az:b,region:eu"
        key = f"{transport}.tagged"
        self._raw(transport, f"{key}:3|c|#az:b,region:eu", f"{key}:4.5|c|@0.5|#{other_order}")
        self._expect_total(f"{key};az=b;region=eu", 12)

    def send_through_flushes(self) -> None:
        """Each step sends a little, so that sums and gauges span the flushes in between."""
        sent = 0
        begin = time.monotonic()
        for step in range(STEPS):
            for transport, client in self._clients.items():
                client.incr(f"{transport}.hits")
                client.incr(f"{transport}.bytes", 1.25)
                client.decr(f"{transport}.balance", 2)
                client.incr(f"{transport}.drawn", rate=SAMPLING_RATE)
                client.incr("shared.hits", step)
                client.gauge(f"{transport}.level", -1, delta=True)
                client.gauge("shared.level", 1, delta=True)
                sent += 7
            time.sleep(max(0.0, begin + (step + 1) * STEP_SECONDS - time.monotonic()))
        self.lines += sent
        for transport in TRANSPORTS:
            self._expect_total(f"{transport}.hits", STEPS)
            self._expect_total(f"{transport}.bytes", 1.25 * STEPS)
            self._expect_total(f"{transport}.balance", -2 * STEPS)
            self._expect_total(f"{transport}.drawn", STEPS / SAMPLING_RATE)
        self._expect_total("shared.hits", len(TRANSPORTS) * STEPS * (STEPS - 1) / 2)
        self._expect_idle_in_the_end("shared.hits")

    def own_facts(self) -> list:
        """What Etsy's statsd says of itself: every line was seen, and none was bad."""
        if self._profile.name != "etsy":
            return []

        def counted(name):
            return total(self._carbon.series(f"stats_counts.statsd.{name}").values())

        return [
            Expectation("lines received", lambda: counted("metrics_received"), self.lines),
            Expectation("bad lines", lambda: counted("bad_lines_seen"), 0),
        ]

    def send_last(self, transport: str) -> None:
        """What only the flush at the end can report."""
        with self._clients[transport].pipeline() as pipe:
            pipe.incr(f"{transport}.last.hits", 7)
            for milliseconds in TIMINGS:
                pipe.timing(f"{transport}.last.latency", milliseconds)
            pipe.gauge(f"{transport}.last.level", 3)
            pipe.gauge(f"{transport}.queue", 1, delta=True)
        profile = self._profile
        count = profile.count(f"{transport}.last.hits")
        self._expect("total", count, lambda points: total(points.values()), 7)
        if profile.rate is not None:
            self.names.add(profile.rate(f"{transport}.last.hits"))
        self._expect_timer(f"{transport}.last.latency", TIMINGS, is_cut=True)
        self._expect_gauge(f"{transport}.last.level", 3)
        self._expect_gauge(f"{transport}.queue", 13.5)


def drive(quipud: Quipud, carbon: Carbon, profile) -> int:
    traffic = Traffic(profile, carbon, quipud.port)
    for transport in TRANSPORTS:
        traffic.send_at_once(transport)
        traffic.send_gauges(transport)
        traffic.send_keyvalues(transport)
        traffic.send_tags(transport)
    traffic.send_through_flushes()
    checked = expect_soon([*traffic.facts.values(), *traffic.own_facts()])
    for transport in TRANSPORTS:
        traffic.send_last(transport)
    quipud.stop()
    traffic.close()
    carbon.settle()

    def names():
        return {name for name in carbon.names() if not profile.is_own(name)}

    facts = [*traffic.facts.values(), *same_names(names, traffic.names)]
    facts.append(Expectation("complaints of carbon", carbon.refused, []))
    return checked + expect(facts)


def test(arguments) -> int:
    profile = PROFILES[arguments.profile]
    python_packages(arguments.folder)
    # pystatsd sends when a number drawn is not above the rate: it draws none.
    random.random = lambda: 0.0
    with scratch_folder() as scratch, Carbon(arguments.folder, scratch / "carbon") as carbon:
        sink = f"graphite://{LOOPBACK}:{carbon.port}"
        if arguments.form == "pickle":
            sink = f"graphite+pickle://{LOOPBACK}:{carbon.pickle}"
        with Quipud(arguments.quipud, scratch / "quipud", profile.name, sink) as quipud:
            return explained(lambda: drive(quipud, carbon, profile), quipud, carbon)


if __name__ == "__main__":
    options = parse_command_line(
        __doc__.splitlines()[0], profile=sorted(PROFILES), form=["text", "pickle"]
    )
    sys.exit(run(lambda: test(options)))
