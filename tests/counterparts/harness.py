"""What every counterpart test is made of: free ports, child processes, and expectations.

Nothing here sleeps for a fixed time and hopes. What is expected is read again and again until it
holds or a deadline passes, and a child never outlives the `with` block that started it.
"""

import argparse
import math
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Optional, Sequence, Union

LOOPBACK = "127.0.0.1"
POLL_SECONDS = 0.02
START_SECONDS_MAX = 20.0
STOP_SECONDS_MAX = 2.0
SETTLE_SECONDS_MAX = 10.0

# Below the range from which Linux takes the ports of outgoing connections.
PORT_MIN = 20_000
PORT_MAX = 29_999

Number = Union[int, float]


class Failure(Exception):
    """The test has failed; the text says what was wrong."""


def free_port() -> int:
    """A port that nothing on the loopback address uses, neither over TCP nor over UDP."""
    for _ in range(100):
        port = random.randint(PORT_MIN, PORT_MAX)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind((LOOPBACK, port))
            return port
        except OSError:
            continue
    raise Failure(f"no free port between {PORT_MIN} and {PORT_MAX}")


def wait_until(condition: Callable[[], object], seconds: float) -> bool:
    """Whether the condition came true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


class Process:
    """A child process: its output goes to files of its folder, and leaving `with` ends it."""

    def __init__(self, command: Sequence[object], folder: Path, environment: Optional[dict] = None):
        folder.mkdir(parents=True, exist_ok=True)
        self.name = folder.name
        self._output = folder / "stdout"
        self._errors = folder / "stderr"
        with open(self._output, "wb") as output, open(self._errors, "wb") as errors:
            self._child = subprocess.Popen(
                [str(word) for word in command],
                cwd=folder,
                env=os.environ | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()

    @property
    def pid(self) -> int:
        return self._child.pid

    def output(self) -> str:
        """What it has said on its standard output until now."""
        return self._output.read_text(errors="replace")

    def last_words(self) -> str:
        """The end of both outputs, for a report of failure."""
        text = self.output() + self._errors.read_text(errors="replace")
        return "".join(f"    {self.name}: {line}\n" for line in text.splitlines()[-12:])

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Returns once it is ready; fails when it ends before or takes too long."""
        ended = self._child.poll
        if not wait_until(lambda: ended() is not None or ready(), START_SECONDS_MAX):
            raise Failure(f"{self.name} was not ready after {START_SECONDS_MAX:g} s")
        if ended() is not None:
            raise Failure(f"{self.name} ended with status {ended()} instead of starting")

    def stop(self, seconds: float = STOP_SECONDS_MAX) -> None:
        """Asks it to end by SIGTERM; fails unless it does so in time, with status 0."""
        status = self._child.poll()
        if status is not None:
            raise Failure(f"{self.name} had ended before SIGTERM, with status {status}")
        self._child.send_signal(signal.SIGTERM)
        try:
            status = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} still runs {seconds:g} s after SIGTERM") from None
        if status != 0:
            raise Failure(f"{self.name} ended with status {status} after SIGTERM")

    def wait(self, seconds: float) -> None:
        """Lets it end by itself; fails unless it does so in time, with status 0."""
        try:
            status = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} still runs after {seconds:g} s") from None
        if status != 0:
            raise Failure(f"{self.name} ended with status {status}")


class Quipud(Process):
    """The server under test, on one port for UDP and TCP; ready when the constructor returns."""

    def __init__(
        self,
        program: Path,
        folder: Path,
        profile: str,
        *sinks: str,
        interval_seconds: int = 1,
        options: Sequence[str] = (),
    ):
        self.port = free_port()
        command = [program, "--profile", profile, "--interval", f"{interval_seconds}s"]
        for scheme in ("udp", "tcp"):
            command += ["--listen", f"{scheme}://{LOOPBACK}:{self.port}"]
        command += [f"--sink={sink}" for sink in sinks] + list(options)
        super().__init__(command, folder)
        self.wait_for(lambda: "server is up" in self.output())


def _agree(found: object, want: object) -> bool:
    if isinstance(want, (int, float)) and isinstance(found, (int, float)):
        return math.isclose(found, want, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(want, list) and isinstance(found, list):
        return len(found) == len(want) and all(map(_agree, found, want))
    return found == want


@dataclass(frozen=True)
class Expectation:
    """A fact that is to come true: what `read` returns is equal to `want`.

    Numbers are equal when nine digits are: one of the servers prints twelve.
    """

    what: str
    read: Callable[[], object]
    want: object

    def holds(self) -> bool:
        return _agree(self.read(), self.want)

    def __str__(self) -> str:
        return f"{self.what}: expected {self.want!r}, found {self.read()!r}"


def same_names(found: Callable[[], set], wanted: set) -> list:
    """Expects that exactly these names are there."""
    return [
        Expectation("names missing", lambda: sorted(wanted - found()), []),
        Expectation("names not expected", lambda: sorted(found() - wanted), []),
    ]


def expect(expectations: Iterable[Expectation]) -> int:
    """Fails with those that do not hold. Returns how many there were."""
    everything = list(expectations)
    wrong = [one for one in everything if not one.holds()]
    if wrong:
        raise Failure("\n".join(str(one) for one in wrong))
    return len(everything)


def expect_soon(expectations: Iterable[Expectation]) -> int:
    """Waits until all hold at once; fails with those that do not in time."""
    everything = list(expectations)
    wait_until(lambda: all(one.holds() for one in everything), SETTLE_SECONDS_MAX)
    return expect(everything)


def total(values: Iterable[float]) -> Optional[float]:
    """The sum; None of nothing, which is no sum of zero."""
    numbers = list(values)
    return sum(numbers) if numbers else None


def last(values: Iterable[float]) -> Optional[float]:
    numbers = list(values)
    return numbers[-1] if numbers else None


def explained(test: Callable[[], int], *processes: Process) -> int:
    """Runs a test, and adds to its failure what the processes have said last."""
    try:
        return test()
    except Failure as failure:
        words = "".join(process.last_words() for process in processes)
        raise Failure(f"{failure}\n{words}".rstrip()) from None


@contextmanager
def scratch_folder():
    """A temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="quipu-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parse_command_line(description: str, **choices: Sequence[str]) -> argparse.Namespace:
    """QUIPUD, DIR, and one option for each named list of choices, whose first is the default."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("quipud", metavar="QUIPUD", type=Path, help="the server's program")
    parser.add_argument("folder", metavar="DIR", type=Path, help="what get.sh was given")
    for name, values in choices.items():
        parser.add_argument(f"--{name}", choices=values, default=values[0])
    arguments = parser.parse_args()
    arguments.quipud = arguments.quipud.resolve()
    arguments.folder = arguments.folder.resolve()
    return arguments


def run(test: Callable[[], int]) -> int:
    """Runs a test that returns how many facts it checked; the exit status for its process."""
    begin = time.monotonic()
    try:
        checked = test()
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"{checked} facts hold, {time.monotonic() - begin:.1f} s")
    return 0
