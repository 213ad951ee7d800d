"""quipud <- Prometheus: four servers with random shares of one stream, and what is asked over all.

Prometheus scrapes classic histograms as OpenMetrics, or native ones as protocol buffers; `promtool
check metrics` finds no fault with the text format.
"""

import bisect
import math
import random
import socket
import subprocess
import sys
import time
import urllib.request

from harness import (
    LOOPBACK,
    Expectation,
    Failure,
    Quipud,
    expect_soon,
    explained,
    free_port,
    parse_command_line,
    run,
    scratch_folder,
    wait_until,
)
from stores import Prometheus

SERVERS = 4
SAMPLES = 8000
BUCKETS = [round(1.25**i, 3) for i in range(-10, 45)]
QUANTILES = (0.5, 0.9, 0.99)
NATIVE_ERROR = 0.011  # of a value: the width of a bucket of schema 6
PACED_PER_SECOND = 40


def send(server: Quipud, lines: list) -> None:
    """Over TCP, which loses nothing."""
    with socket.create_connection((LOOPBACK, server.port)) as client:
        client.sendall("".join(line + "\n" for line in lines).encode())


def share_out(servers: list, samples: list) -> None:
    shares = [[] for _ in servers]
    for value in samples:
        random.choice(shares).append(f"latency:{value!r}|ms")
    for number, (server, lines) in enumerate(zip(servers, shares)):
        lines += ["hits:3|c|#region:eu", f"queue:{number}|g", f'odd "name"\\:{number + 1}|c']
        send(server, lines)


def exact_quantiles(samples: list) -> list:
    """Pairs of a quantile and its value by nearest rank, which is whose bucket Prometheus answers from.

    The value one rank further may be in a bucket far away: in the tail the gaps are wider than these.
    """
    ordered = sorted(samples)
    return [(of, ordered[math.ceil(of * len(ordered)) - 1]) for of in QUANTILES]


def of_native_quantiles(store: Prometheus, samples: list) -> list:
    facts = []
    for quantile, exact in exact_quantiles(samples):
        query = f"histogram_quantile({quantile}, sum(latency))"

        def within(query=query, exact=exact):
            return [abs(value / exact - 1) <= NATIVE_ERROR for value in store.values(query)]

        facts.append(Expectation(f"p{quantile * 100:g} over all, exactly {exact}", within, [True]))
    return facts


def of_quantiles(store: Prometheus, samples: list) -> list:
    facts = []
    for quantile, exact in exact_quantiles(samples):
        place = bisect.bisect_left(BUCKETS, exact)
        width = BUCKETS[place] - BUCKETS[place - 1]
        query = f"histogram_quantile({quantile}, sum by (le) (latency_bucket))"

        def within(query=query, exact=exact, width=width):
            return [abs(value - exact) <= width for value in store.values(query)]

        facts.append(Expectation(f"p{quantile * 100:g} over all, exactly {exact}", within, [True]))
    return facts


def of_rates(servers: list, store: Prometheus) -> int:
    """A counter that grows at a steady pace is of that rate."""
    deadline = time.monotonic() + 20

    def is_steady() -> bool:
        send(servers[0], [f"paced:{PACED_PER_SECOND // 4}|c"])
        time.sleep(max(0.0, 0.25 - time.monotonic() % 0.25))
        rates = store.values("rate(paced_total[5s])")
        return len(rates) == 1 and abs(rates[0] / PACED_PER_SECOND - 1) < 0.15

    if not wait_until(is_steady, deadline - time.monotonic()):
        raise Failure(f"rate(paced_total[5s]) is {store.values('rate(paced_total[5s])')}")
    return 1


def of_promtool(programs, port: int) -> int:
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=5) as answer:
        page = answer.read()
    command = [programs / "debian/usr/bin/promtool", "check", "metrics"]
    done = subprocess.run(command, input=page, capture_output=True, timeout=30)
    if done.returncode != 0 or done.stderr:
        raise Failure(f"promtool: {done.stdout.decode()}{done.stderr.decode()}\n{page.decode()}")
    return 1


def test(arguments) -> int:
    samples = [round(random.lognormvariate(3, 1.2), 3) for _ in range(SAMPLES)]
    ports = [free_port() for _ in range(SERVERS)]
    native = arguments.histograms == "native"
    buckets = ",".join(map(repr, BUCKETS))
    with scratch_folder() as scratch:
        servers = []
        try:
            for number, port in enumerate(ports):
                options = [f"--admin={LOOPBACK}:{port}"]
                if not native:
                    options += ["-s", f"prometheus.buckets={buckets}"]
                servers.append(
                    Quipud(
                        arguments.quipud,
                        scratch / f"quipud{number}",
                        "quipu",
                        "none:",
                        options=options,
                    )
                )
            flags = ["--enable-feature=native-histograms"] if native else []
            with Prometheus(arguments.folder, scratch / "prometheus", ports, flags) as store:
                return explained(
                    lambda: facts(arguments, servers, ports, store, samples), *servers, store
                )
        finally:
            for server in servers:
                server.__exit__()


def facts(arguments, servers, ports, store, samples) -> int:
    native = arguments.histograms == "native"
    # Native ones begin when somebody asks for them.
    expect_soon([Expectation("up", lambda: store.values("up"), [1.0] * SERVERS)])
    share_out(servers, samples)
    count, total = "sum(latency_count)", "sum(latency_sum)"
    if native:
        count, total = "histogram_count(sum(latency))", "histogram_sum(sum(latency))"
    wanted = (of_native_quantiles if native else of_quantiles)(store, samples) + [
        Expectation("count", lambda: store.values(count), [float(SAMPLES)]),
        Expectation("sum", lambda: store.values(total), [sum(samples)]),
        Expectation("hits", lambda: store.values('hits_total{region="eu"}'), [3.0] * SERVERS),
        Expectation("queue", lambda: store.values("queue"), [0.0, 1.0, 2.0, 3.0]),
        Expectation("odd", lambda: store.values("sum(odd__name___total)"), [10.0]),
        Expectation("up", lambda: store.values("up"), [1.0] * SERVERS),
        Expectation(
            "lines",
            lambda: store.values("sum(quipud_lines_total)"),
            [float(SAMPLES + 3 * SERVERS)],
        ),
    ]
    checked = expect_soon(wanted)
    checked += of_promtool(arguments.folder, ports[0])
    return checked + of_rates(servers, store)


if __name__ == "__main__":
    options = parse_command_line(__doc__.splitlines()[0], histograms=["classic", "native"])
    sys.exit(run(lambda: test(options)))
