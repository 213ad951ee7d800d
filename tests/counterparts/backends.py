"""quipud -> InfluxDB or VictoriaMetrics: what was sent is what they answer to queries.

InfluxDB gets lines over HTTP and over UDP, VictoriaMetrics those of Graphite, InfluxDB and OpenTSDB.
"""

import socket
import sys

from harness import (
    LOOPBACK,
    Expectation,
    Quipud,
    expect_soon,
    explained,
    parse_command_line,
    run,
    scratch_folder,
)
from stores import InfluxDB, VictoriaMetrics

TIMINGS = (320.0, 17.5, 4.0, 250.25, 99.0)
HOSTILE = "a b,c=d\\"  # what of it the line protocol cannot carry is '_'


def send(port: int) -> None:
    """In one datagram, so that all is of one interval."""
    lines = ["hits:3|c|#region:eu", "hits:4.5|c|@0.5|#region:eu", "queue:7.5|g", "users:ann|s"]
    lines += [f"latency:{value}|ms|#region:eu" for value in TIMINGS]
    lines += [f"{HOSTILE}:2|c|#k,=v:x = y", "both:1|c", "both:2|g", "users:bob|s"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto("\n".join(lines).encode(), (LOOPBACK, port))


def of_influxdb(quipud: Quipud, influxdb: InfluxDB) -> int:
    send(quipud.port)

    def rows(database, measurement):
        found = influxdb.points(database, measurement)
        return [{k: v for k, v in row.items() if k not in ("time", "stddev")} for row in found]

    facts = []
    for database in ("lines", "datagrams"):

        def fact(measurement, *want, database=database):
            title = f"{measurement} in {database}"
            reads = lambda: rows(database, measurement)  # noqa: E731
            facts.append(Expectation(title, reads, list(want)))

        fact("hits", {"metric_type": "counter", "region": "eu", "value": 12})
        fact("users", {"metric_type": "set", "value": 2})
        fact("a b,c=d_", {"metric_type": "counter", "k": "true", "_v": "x = y", "value": 2})
        timer = {"metric_type": "timing", "region": "eu", "count": 5, "sum": sum(TIMINGS)}
        timer |= {"lower": min(TIMINGS), "upper": max(TIMINGS), "mean": sum(TIMINGS) / 5}
        timer |= {"median": 99, "50_percentile": 99, "90_percentile": 320, "99_percentile": 320}
        fact("latency", timer)
        names = sorted(["a b,c=d_", "both", "hits", "latency", "queue", "users"])
        facts.append(
            Expectation("measurements", lambda d=database: influxdb.measurements(d), names)
        )
        facts.append(Expectation("types", lambda d=database: influxdb.field_types(d), ["float"]))
        gauge = [{"metric_type": "gauge", "value": 7.5}]  # again at each flush
        last = lambda d=database: rows(d, "queue")[-1:]  # noqa: E731
        facts.append(Expectation(f"queue in {database}", last, gauge))
    return expect_soon(facts)


def of_victoria_metrics(quipud: Quipud, store: VictoriaMetrics) -> int:
    send(quipud.port)

    def fact(selector, want):
        return Expectation(selector, lambda: store.points(selector), want)

    graphite_only = 'host=""'
    facts = [
        fact('{__name__="hits_value",metric_type="counter",region="eu",db="lines"}', [12]),
        fact('{__name__="latency_90_percentile",region="eu"}', [320]),
        fact('{__name__="latency_mean",region="eu"}', [sum(TIMINGS) / 5]),
        fact('{__name__="users_value",metric_type="set"}', [2]),
        fact('{__name__="both_value",metric_type="counter"}', [1]),
        fact(f'{{__name__="stats.counters.hits.count",region="eu",{graphite_only}}}', [12]),
        fact('{__name__="stats.counters.hits.count",region="eu",host="web01"}', [12]),
        fact('{__name__="stats.timers.latency.upper_90",region="eu",host="web01"}', [320]),
        fact(f'{{__name__="stats.sets.users.count",{graphite_only}}}', [2]),
        fact('{__name__="stats.counters.a_b_c_d_.count",host="web01"}', [2]),
    ]
    return expect_soon(facts)


def test(arguments) -> int:
    with scratch_folder() as scratch:
        folder, quipud = scratch / "store", scratch / "quipud"
        if arguments.backend == "influxdb":
            with InfluxDB(arguments.folder, folder) as store:
                sinks = [
                    f"influx://{LOOPBACK}:{store.port}/lines",
                    f"influx+udp://{LOOPBACK}:{store.udp}",
                ]
                with Quipud(arguments.quipud, quipud, "quipu", *sinks) as server:
                    return explained(lambda: of_influxdb(server, store), server, store)
        with VictoriaMetrics(arguments.folder, folder) as store:
            sinks = [
                f"graphite://{LOOPBACK}:{store.graphite}",
                f"influx://{LOOPBACK}:{store.port}/lines",
                f"opentsdb://{LOOPBACK}:{store.opentsdb}?host=web01",
            ]
            with Quipud(arguments.quipud, quipud, "quipu", *sinks) as server:
                return explained(lambda: of_victoria_metrics(server, store), server, store)


if __name__ == "__main__":
    options = parse_command_line(__doc__.splitlines()[0], backend=["influxdb", "victoria-metrics"])
    sys.exit(run(lambda: test(options)))
