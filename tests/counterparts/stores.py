"""A real InfluxDB, VictoriaMetrics and Prometheus, each in a folder of its own, and what they have."""

import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Iterable, List

from harness import LOOPBACK, Process, free_port

CONFIGURATION = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{http}"
  log-enabled = false
[[udp]]
  enabled = true
  bind-address = "127.0.0.1:{udp}"
  database = "datagrams"
  batch-timeout = "100ms"
"""


def fetch(url: str, form: dict) -> str:
    """The answer to a POST of a form; fails with OSError."""
    body = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(url, body, timeout=5) as answer:
        return answer.read().decode()


class InfluxDB(Process):
    """InfluxDB with two databases: `lines`, and `datagrams`, which its UDP port fills."""

    def __init__(self, programs: Path, folder: Path):
        self.port, self.udp = free_port(), free_port()
        folder.mkdir(parents=True)
        text = CONFIGURATION.format(folder=folder, rpc=free_port(), http=self.port, udp=self.udp)
        (folder / "influxdb.conf").write_text(text)
        program = programs / "debian/usr/bin/influxd"
        super().__init__([program, "-config", folder / "influxdb.conf"], folder)
        self.wait_for(self._makes_databases)

    def _makes_databases(self) -> bool:
        try:
            for name in ("lines", "datagrams"):
                self._query("", f"CREATE DATABASE {name}")
            return True
        except OSError:
            return False

    def _query(self, database: str, query: str) -> list:
        form = {"db": database, "q": query, "epoch": "s"}
        answer = json.loads(fetch(f"http://{LOOPBACK}:{self.port}/query", form))
        return answer["results"][0].get("series", [])

    def points(self, database: str, measurement: str) -> list:
        """The rows of a measurement in the order of time: each a dict of its tags and fields."""
        quoted = measurement.replace("\\", "\\\\").replace('"', '\\"')
        found = self._query(database, f'SELECT * FROM "{quoted}"')
        rows = [dict(zip(one["columns"], values)) for one in found for values in one["values"]]
        return [{k: v for k, v in row.items() if v is not None} for row in rows]

    def measurements(self, database: str) -> list:
        return [v[0] for one in self._query(database, "SHOW MEASUREMENTS") for v in one["values"]]

    def field_types(self, database: str) -> list:
        """The types of all fields there are."""
        found = self._query(database, "SHOW FIELD KEYS")
        return sorted({kind for one in found for _, kind in one["values"]})


class VictoriaMetrics(Process):
    """VictoriaMetrics with the ports of Graphite and OpenTSDB; InfluxDB's lines come by HTTP."""

    def __init__(self, programs: Path, folder: Path):
        self.port, self.graphite, self.opentsdb = free_port(), free_port(), free_port()
        command = [programs / "debian/usr/bin/victoria-metrics", f"-storageDataPath={folder}/data"]
        for flag, port in (
            ("httpListenAddr", self.port),
            ("graphiteListenAddr", self.graphite),
            ("opentsdbListenAddr", self.opentsdb),
        ):
            command.append(f"-{flag}={LOOPBACK}:{port}")
        super().__init__(command, folder)
        self.wait_for(self._is_well)

    def _is_well(self) -> bool:
        try:
            return fetch(f"http://{LOOPBACK}:{self.port}/health", {}) == "OK"
        except OSError:
            return False

    def points(self, selector: str) -> list:
        """All values of the series that a selector such as `{__name__="a.b",k="v"}` finds."""
        base = f"http://{LOOPBACK}:{self.port}"
        fetch(f"{base}/internal/force_flush", {})
        text = fetch(f"{base}/api/v1/export", {"match[]": selector})
        return [v for line in text.splitlines() for v in json.loads(line)["values"]]


class Prometheus(Process):
    """Prometheus, which scrapes `/metrics` of some ports each second."""

    def __init__(
        self, programs: Path, folder: Path, targets: Iterable[int], options: Iterable[str] = ()
    ):
        self.port = free_port()
        folder.mkdir(parents=True)
        addresses = [f"{LOOPBACK}:{port}" for port in targets]
        job = {"job_name": "quipud", "static_configs": [{"targets": addresses}]}
        configuration = {"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}
        (folder / "prometheus.yml").write_text(json.dumps(configuration))  # JSON is YAML
        command = [
            programs / "debian/usr/bin/prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={LOOPBACK}:{self.port}",
            *options,
        ]
        super().__init__(command, folder)
        self.wait_for(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.port}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def values(self, query: str) -> List[float]:
        """What a query answers at this moment."""
        text = fetch(f"http://{LOOPBACK}:{self.port}/api/v1/query", {"query": query})
        return sorted(float(one["value"][1]) for one in json.loads(text)["data"]["result"])
