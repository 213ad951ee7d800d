"""Clients of npm, Perl, Ruby and Python -> quipud -> Graphite lines: what they sent is what is written.

The interval is so long that the flush at the end is the only one: all that a client has handed
over before quipud is asked to end has to be in it.
"""

import shutil
import sys
from pathlib import Path

from harness import (
    LOOPBACK,
    Expectation,
    Failure,
    Process,
    Quipud,
    expect,
    expect_soon,
    explained,
    parse_command_line,
    run,
    same_names,
    scratch_folder,
)
from profiles import DogStatsD, Etsy, Native
from recorder import Recorder

INTERVAL_SECONDS = 60
CLIENT_SECONDS_MAX = 20.0
SCRIPTS = Path(__file__).resolve().parent

# Depends on how much of the interval is over at the end.
RATES = ("rate", "count_ps")


class HotShots:
    """hot-shots with the fields and tags of DogStatsD, over UDP and over TCP."""

    profile = Native
    transports = ("udp", "tcp")

    def clients(self, quipud: Quipud) -> list:
        return [["hot_shots.js", name, LOOPBACK, quipud.port] for name in self.transports]

    def wanted(self) -> dict:
        found = {}
        for transport in self.transports:
            key = f"{transport}.{{}};service=shop".format
            tagged = f"{transport}.orders;channel=web;country=pe;service=shop"
            counters = {key("orders"): 9, tagged: 11, key("apples"): 2, key("pears"): 2}
            counters[f"child.{transport}.jobs;service=shop;worker=1"] = 8
            gauges = {key("stock"): 32.5, key("stock") + ";shelf=a": 7}
            timers = {key("latency"): ([12.5, 250], 1), key("size"): ([1000, 24], 1)}
            timers[key("weight")] = ([7], 2)
            found |= points_of(Native, counters, gauges, timers, {key("users"): 3})
        return found


class NodeStatsd:
    """node-statsd over UDP, with names and types as Etsy's statsd takes them."""

    profile = Etsy

    def clients(self, quipud: Quipud) -> list:
        return [["node_statsd.js", LOOPBACK, quipud.port]]

    def wanted(self) -> dict:
        counters = {
            "shop.orders;zone=b": 9,
            "shop.orders;country=pe;channel=web;zone=b": 5,
            "shop.a_key-with_ymbols;zone=b": 9,
            "shop.size;zone=b": 1024,
        }
        found = points_of(
            Etsy,
            counters,
            {"shop.stock;zone=b": 7.25},
            {"shop.latency;zone=b": ([12.5, 250, 30], 1)},
            {"shop.users;zone=b": 2},
        )
        # Two values that stand for themselves, and one that stands for four.
        return found | {Etsy.timer("shop.latency;zone=b", "count"): 6}


class NetStatsd:
    """Perl's Net::Statsd over UDP."""

    profile = Etsy

    def clients(self, quipud: Quipud) -> list:
        return [["net_statsd.pl", LOOPBACK, quipud.port]]

    def wanted(self) -> dict:
        return points_of(
            Etsy,
            {"orders": 6, "apples": 5, "pears": 1, "figs": 1},
            {"stock": 7.25, "depth": 3},
            {"latency": ([12, 250], 1)},
            {},
        )


class StatsdRuby:
    """Ruby's statsd over UDP, one metric a datagram and several."""

    profile = Etsy

    def clients(self, quipud: Quipud) -> list:
        return [["statsd_ruby.rb", LOOPBACK, quipud.port]]

    def wanted(self) -> dict:
        found = points_of(
            Etsy,
            {
                "shop.orders.pe": 7,
                "shop.Model.Basket.pe": 3,
                "shop.a_b_c_d.pe": 2,
                "shop.batched.pe": 12,
            },
            {"shop.stock.pe": 10.25, "shop.depth.pe": 3},
            {"shop.latency.pe": ([12, 250], 1)},
            {"shop.users.pe": 2},
        )
        return found | any_time(Etsy, "shop.nap.pe")


class AioDogStatsD:
    """aiodogstatsd over UDP, as Datadog's agent takes its lines."""

    profile = DogStatsD

    def clients(self, quipud: Quipud) -> list:
        return [["aiodogstatsd_client.py", LOOPBACK, quipud.port]]

    def wanted(self) -> dict:
        key = "shop.{};zone=b".format
        found = points_of(
            DogStatsD,
            {key("orders"): 10, "shop.orders;channel=web;country=pe;zone=b": 7},
            {key("stock"): -7.25},
            {key("latency"): ([12.5, 250], 1), key("size"): ([1024], 1), key("weight"): ([7], 2)},
            {},
        )
        return found | any_time(DogStatsD, key("nap"))


def any_time(profile, key: str) -> dict:
    """The points of a timer with one value that nobody knows."""
    found = {name: None for name in points_of(profile, {}, {}, {key: ([1], 1)}, {})}
    return found | {profile.timer(key, "count"): 1}


def points_of(profile, counters: dict, gauges: dict, timers: dict, sets: dict) -> dict:
    """Name -> value of all points that must be written; None where any value will do."""
    found = {}
    for key, value in counters.items():
        found |= {profile.count(key): value, profile.rate(key): None}
    for key, (values, weight) in timers.items():
        for statistic, value in profile.timer_statistics(values, weight).items():
            found[profile.timer(key, statistic)] = None if statistic in RATES else value
    found |= {profile.gauge(key): value for key, value in gauges.items()}
    return found | {profile.members(key): value for key, value in sets.items()}


def interpreter(script: str, folder: Path) -> tuple:
    """The program that runs a script, and the environment in which it finds its packages."""
    if script.endswith(".pl"):
        return "perl", {"PERL5LIB": str(folder / "debian/usr/share/perl5")}
    if script.endswith(".rb"):
        return "ruby", {"RUBYLIB": str(folder / "debian/usr/lib/ruby/vendor_ruby")}
    if script.endswith(".py"):
        packages = folder / "debian/usr/lib/python3/dist-packages"
        return "/usr/bin/python3", {"PYTHONPATH": str(packages)}
    return "node", {"NODE_PATH": str(folder / "npm/node_modules"), "NODE_NO_WARNINGS": "1"}


def send_all(clients: list, folder: Path, scratch: Path) -> None:
    for number, (script, *words) in enumerate(clients):
        name, environment = interpreter(script, folder)
        program = shutil.which(name)
        if program is None:
            raise Failure(f"{name} is not here: run get.sh")
        command = [program, SCRIPTS / script, *words]
        with Process(command, scratch / f"{script}-{number}", environment) as client:
            explained(lambda: client.wait(CLIENT_SECONDS_MAX), client)


def drive(client, quipud: Quipud, recorder: Recorder, folder: Path, scratch: Path) -> int:
    send_all(client.clients(quipud), folder, scratch)
    quipud.stop()
    wanted = client.wanted()

    def names():
        return {name for name in recorder.names() if not client.profile.is_own(name)}

    checked = expect_soon(same_names(names, set(wanted)))
    facts = [
        Expectation(name, lambda name=name: recorder.values(name), [value])
        for name, value in wanted.items()
        if value is not None
    ]
    facts.append(Expectation("lines that are none", recorder.malformed, []))
    if client.profile is Etsy:
        bad = "stats_counts.statsd.bad_lines_seen"
        facts.append(Expectation(bad, lambda: recorder.values(bad), [0]))
    return checked + expect(facts)


CLIENTS = {
    "aiodogstatsd": AioDogStatsD,
    "hot-shots": HotShots,
    "net-statsd": NetStatsd,
    "node-statsd": NodeStatsd,
    "statsd-ruby": StatsdRuby,
}


def test(arguments) -> int:
    client = CLIENTS[arguments.client]()
    with scratch_folder() as scratch, Recorder() as recorder:
        sink = f"graphite://{LOOPBACK}:{recorder.port}"
        folder, profile = scratch / "quipud", client.profile.name
        with Quipud(arguments.quipud, folder, profile, sink, interval_seconds=INTERVAL_SECONDS) as quipud:
            return explained(
                lambda: drive(client, quipud, recorder, arguments.folder, scratch), quipud
            )


if __name__ == "__main__":
    options = parse_command_line(__doc__.splitlines()[0], client=sorted(CLIENTS))
    sys.exit(run(lambda: test(options)))
