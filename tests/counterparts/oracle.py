"""quipud, given the config file of another server, puts out what that server was recorded to.

The inputs and outputs are those of tests/oracle; here they pass through the whole program: its
config file, its socket, its clock and its connection or command.
"""

import difflib
import re
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
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

ORACLE = Path(__file__).resolve().parent.parent / "oracle"
FLUSHES_SECONDS_MAX = 20.0

# As tests/oracle/*/README.md tells them.
ETSY = {
    "etsy": "percentThreshold: 90",
    "etsy-modern": "percentThreshold: [50, 90, 95, 99.9, -10, 0, 100], prefixStats: 'self',"
    " graphite: {legacyNamespace: false, globalSuffix: 'suf'}",
    "etsy-delete": "deleteIdleStats: true, flush_counts: false, percentThreshold: 90",
}
STATSITE = {
    "statsite": "",
    "statsite-legacyext": "extended_counters=true\ntimers_include=count,sum,upper\n",
    "statsite-extended": "extended_counters=true\nlegacy_extended_counters=false\n"
    "input_counter=numStats\nquantiles=0.5, 0.90, 0.999\nglobal_prefix=stats.\n"
    "use_type_prefix=false\n"
    "timers_include=COUNT,MEAN,STDEV,SUM,SUM_SQ,LOWER,UPPER,RATE,MEDIAN,SAMPLE_RATE\n",
}

# What depends on the clock, or on what that server sent before.
MOMENTARY = re.compile(
    r"(\S*(?:calculationtime|processing_time|last_flush|flush_time|flush_length)\S*) \S+"
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\"}


def unescape(line: str) -> bytes:
    """The bytes that a line of an input stands for."""
    text = re.sub(
        r"\\(x[0-9a-fA-F]{2}|.)",
        lambda found: ESCAPES.get(found[1]) or chr(int(found[1][1:], 16)),
        line,
    )
    return text.encode("latin-1")


def read(path: Path) -> str:
    """The bytes of a file, one character each."""
    return path.read_bytes().decode("latin-1")


class Flushes:
    """Keeps what comes on each connection: Etsy's statsd has a new one for each flush."""

    def __init__(self):
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = self._listener.getsockname()[1]
        self.texts = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection, connection.makefile("rb") as stream:
                self.texts.append(stream.read().decode("latin-1"))


def start(quipud: Path, folder: Path, config: Path) -> Process:
    process = Process([quipud, config], folder)
    process.wait_for(lambda: "server is up" in process.output())
    return process


def send(port: int, source: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for line in read(source).split("\n")[:-1]:
            sender.sendto(unescape(line), (LOOPBACK, port))


def without_time(text: str, separator: str) -> list:
    return [line.rsplit(separator, 1)[0] for line in text.split("\n")[:-1]]


def etsy_lines(text: str) -> list:
    lines = [MOMENTARY.sub(r"\1 *", line) for line in without_time(text, " ")]
    # As a member of a set, `__proto__` is lost there; here it counts as any other.
    return [re.sub(r"^(stats\.sets\.s\.proto\.count\S*) 2$", r"\1 3", line) for line in lines]


def etsy(quipud: Path, folder: Path, source: Path, config: str) -> list:
    """The flushes after an input."""
    kept = Flushes()
    port = free_port()
    file = folder / "config.js"
    folder.mkdir(parents=True)
    file.write_text(
        "// as that server is told\n"
        f"{{ port: {port}, address: '{LOOPBACK}', mgmt_port: 0, mgmt_address: '{LOOPBACK}'\n"
        f", flushInterval: 2000, graphiteHost: '{LOOPBACK}', graphitePort: {kept.port}\n"
        f", backends: ['./backends/graphite'], {ETSY[config]} }}\n"
    )
    with start(quipud, folder, file) as process:

        def await_flush(count: int) -> None:
            if not wait_until(lambda: len(kept.texts) >= count, FLUSHES_SECONDS_MAX):
                raise Failure(f"{source.name} {config}: no flush\n{process.last_words()}")

        await_flush(1)  # from the second on there is a lag to tell
        send(port, source)
        await_flush(3)
        return [etsy_lines(text) for text in kept.texts[1:3]]


def statsite(quipud: Path, folder: Path, source: Path, config: str) -> list:
    port = free_port()
    file = folder / "config.ini"
    out = folder / "flushes"
    folder.mkdir(parents=True)
    file.write_text(
        f"[statsite]\nport = {port}\nudp_port = {port}\nbind_address = {LOOPBACK}\n"
        f"flush_interval = 2\nstream_cmd = cat >> {out}; echo @ >> {out}\n{STATSITE[config]}"
    )
    with start(quipud, folder, file) as process:
        send(port, source)

        def flushes() -> list:
            return read(out).split("@\n")[:-1] if out.exists() else []

        if not wait_until(lambda: len(flushes()) >= 2, FLUSHES_SECONDS_MAX):
            raise Failure(f"{source.name} {config}: no flush\n{process.last_words()}")
        # Their order there is that of a hash table.
        return [sorted(without_time(text, "|")) for text in flushes()[:2]]


def differences(found: list, wanted: list) -> list:
    """The lines that one of them has, a few of them."""
    return list(difflib.unified_diff(wanted, found, "wanted", "found", n=0))[:20]


def compare(quipud: Path, folder: Path, recorded: Path) -> list:
    """What is to be found of one recorded output."""
    name, config = recorded.name[: -len(".out")].split(".", 1)
    source = recorded.with_name(name + ".txt")
    second = recorded.with_name(f"{name}.{config}.2.out")
    of_etsy = config in ETSY
    found = (etsy if of_etsy else statsite)(quipud, folder / recorded.name, source, config)

    def wanted(path: Path) -> list:
        text = read(path) if path.exists() else ""
        return etsy_lines(text) if of_etsy else sorted(without_time(text, "|"))

    def same(path: Path, lines: list) -> Expectation:
        return Expectation(path.name, lambda: differences(lines, wanted(path)), [])

    facts = [same(recorded, found[0])]
    if second.exists() or not of_etsy:  # an idle statsite says nothing
        facts.append(same(second, found[1]))
    return facts


def test(arguments) -> int:
    outputs = [
        path
        for path in sorted((ORACLE / arguments.server).glob("*.out"))
        if not path.name.endswith(".2.out")
    ]
    with scratch_folder() as scratch, ThreadPoolExecutor(len(outputs)) as pool:
        facts = pool.map(lambda path: compare(arguments.quipud, scratch, path), outputs)
        checked = expect([fact for some in facts for fact in some])
    return checked


if __name__ == "__main__":
    options = parse_command_line(__doc__.splitlines()[0], server=["etsy", "statsite"])
    sys.exit(run(lambda: test(options)))
