"""What a call of the client costs, in nanoseconds, beside pystatsd in a Python process: the one after the
other in one run, over UDP to a socket that nobody reads.

    python3 bench/client/beside_pystatsd.py QUIPU_BENCH DIR     DIR as tests/counterparts/get.sh makes it
"""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

CALLS = 200_000
NAME = "api.requests.count"


def nanoseconds_a_call(call, finish=lambda: None) -> float:
    """The best of three rounds, in processor time."""
    best = float("inf")
    for _ in range(3):
        begin = time.process_time_ns()
        for _ in range(CALLS):
            call()
        finish()
        best = min(best, (time.process_time_ns() - begin) / CALLS)
    return best


def pystatsd(folder: str) -> dict:
    sys.path.insert(0, str(Path(folder) / "debian/usr/lib/python3/dist-packages"))
    import statsd  # noqa: E402, the one in that folder

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody_reads:
        nobody_reads.bind(("127.0.0.1", 0))
        client = statsd.StatsClient("127.0.0.1", nobody_reads.getsockname()[1], prefix="app")
        pipe = client.pipeline()
        return {
            "unbatched": nanoseconds_a_call(lambda: client.incr(NAME)),
            "batched": nanoseconds_a_call(lambda: pipe.incr(NAME), pipe.send),
            "sampled_1_in_10": nanoseconds_a_call(lambda: client.incr(NAME, rate=0.1)),
        }


def ours(bench: str) -> dict:
    told = subprocess.run(
        [bench, "--benchmark_filter=client/udp/.*threads:1", "--benchmark_format=json"],
        check=True,
        capture_output=True,
        text=True,
    )
    return {
        one["name"].split("/")[2]: one["cpu_time"] for one in json.loads(told.stdout)["benchmarks"]
    }


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    theirs = pystatsd(sys.argv[2])
    print(f"{'ns a call':18} {'quipu':>10} {'pystatsd':>10} {'times':>8}")
    for name, cost in ours(sys.argv[1]).items():
        other = theirs.get(name)
        tail = f"{other:10.0f} {other / cost:8.1f}" if other else f"{'-':>10}"
        print(f"{name:18} {cost:10.1f} {tail}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
