"""A real carbon-cache in a folder of its own, and what it has written to its Whisper files."""

import hashlib
import socket
import struct
import sys
import time
from pathlib import Path

from harness import LOOPBACK, SETTLE_SECONDS_MAX, Failure, Process, free_port, wait_until

PYTHON = "/usr/bin/python3"
HISTORY_SECONDS = 3600
AHEAD_SECONDS = 5  # the flush at the end belongs to the end of its interval

CONFIGURATION = """\
[cache]
STORAGE_DIR = {folder}
LOCAL_DATA_DIR = {folder}/whisper
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {port}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {pickle}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = 0
CARBON_METRIC_INTERVAL = 0
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND = inf
ENABLE_TAGS = False
LOG_CACHE_QUEUE_SORTS = False
LOG_CREATES = False
LOG_UPDATES = False
LOG_LISTENER_CONN_SUCCESS = False
TAG_HASH_FILENAMES = False
"""

# One point for each second and no coarser archive: nothing is averaged away.
SCHEMAS = "[all]\npattern = .*\nretentions = 1s:1h\n"
AGGREGATION = "[all]\npattern = .*\nxFilesFactor = 0\naggregationMethod = last\n"


def python_packages(folder: Path) -> Path:
    """Where get.sh unpacks Debian's Python packages; makes them importable as well."""
    packages = folder / "debian/usr/lib/python3/dist-packages"
    if not packages.is_dir():
        raise Failure(f"{packages} is not there: run get.sh")
    if str(packages) not in sys.path:
        sys.path.insert(0, str(packages))
    return packages


class Carbon(Process):
    """carbon-cache with one point a second; ready when the constructor returns."""

    def __init__(self, programs: Path, folder: Path):
        packages = python_packages(programs)
        self.port, self.pickle = free_port(), free_port()
        self._data = folder / "whisper"
        self._begin = int(time.time())
        folder.mkdir(parents=True)
        configuration = CONFIGURATION.format(folder=folder, port=self.port, pickle=self.pickle)
        (folder / "carbon.conf").write_text(configuration)
        (folder / "storage-schemas.conf").write_text(SCHEMAS)
        (folder / "storage-aggregation.conf").write_text(AGGREGATION)
        command = [PYTHON, programs / "debian/usr/bin/carbon-cache"]
        command += [f"--config={folder}/carbon.conf", f"--pidfile={folder}/pid", "--nodaemon"]
        environment = {"PYTHONPATH": str(packages), "PYTHONWARNINGS": "ignore"}
        super().__init__(command + ["start"], folder, environment)
        self.wait_for(self._accepts)

    def _accepts(self) -> bool:
        try:
            for port in (self.port, self.pickle):
                socket.create_connection((LOOPBACK, port), timeout=1).close()
            return True
        except OSError:
            return False

    def settle(self) -> None:
        """Returns once everything that carbon was sent until now is in the files.

        Carbon writes in passes over what it has. The second marker is sent after the first was
        written, so it belongs to a later pass: the one that wrote the first is over by then.
        """
        for marker in ("settled.once", "settled.twice"):
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"{marker} 1 {int(time.time())}\n".encode())
            if not wait_until(lambda: self._file(marker).exists(), SETTLE_SECONDS_MAX):
                raise Failure(f"carbon has not written {marker} in {SETTLE_SECONDS_MAX:g} s")

    def refused(self) -> list:
        """What carbon has complained about: lines that it could not read, and its own errors."""
        words = ("invalid line", "invalid pickle", "Error", "Unhandled")
        return [line for line in self.output().splitlines() if any(w in line for w in words)]

    def names(self) -> set:
        """The names of all series that have a file, markers aside."""
        files = (path.relative_to(self._data) for path in self._data.rglob("*.wsp"))
        found = {self._name(str(path.with_suffix(""))) for path in files}
        return {name for name in found if not name.startswith("settled.")}

    @staticmethod
    def _name(path: str) -> str:
        if path.startswith("_tagged/"):
            return path.split("/", 3)[3].replace("_DOT_", ".")
        return path.replace("/", ".")

    def _file(self, name: str) -> Path:
        if ";" not in name:
            return self._data / (name.replace(".", "/") + ".wsp")
        digest = hashlib.sha256(name.encode()).hexdigest()
        return self._data.joinpath(
            "_tagged", digest[:3], digest[3:6], name.replace(".", "_DOT_") + ".wsp"
        )

    def series(self, name: str) -> dict:
        """The points of one series, in the order of time: second -> value."""
        import whisper  # Debian's, which is importable only once its folder is known

        path = self._file(name)
        begin = self._begin - HISTORY_SECONDS // 2
        end = int(time.time()) + AHEAD_SECONDS
        try:
            found = whisper.fetch(str(path), begin, end, now=end) if path.exists() else None
        except (whisper.WhisperException, struct.error):  # it is being created just now
            found = None
        if found is None:
            return {}
        (first, after_last, step), values = found
        points = zip(range(first, after_last, step), values)
        return {second: value for second, value in points if value is not None}
