"""The peers of the sample store, Prometheus and VictoriaMetrics, as Debian has them.

Where they are not installed, their packages are fetched by `apt-get download` and unpacked into a
temporary folder; no rights are needed. They listen on loopback only and end with the measurement.
"""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Peer:
    """A running peer."""

    name: str
    address: str
    folder: Path
    pid: int

    def get(self, path: str, **asked: object) -> bytes:
        """Return what it answers."""
        query = urllib.parse.urlencode(asked)
        with urllib.request.urlopen(f"{self.address}{path}?{query}", timeout=300) as answer:
            return answer.read()

    def post(self, path: str, body: bytes = b"", **headers: str) -> bytes:
        """Return what it answers to a body."""
        request = urllib.request.Request(self.address + path, body, headers, method="POST")
        with urllib.request.urlopen(request, timeout=300) as answer:
            return answer.read()

    def write(self, body: bytes) -> None:
        """Hand it a remote-write body."""
        self.post(
            "/api/v1/write",
            body,
            **{"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"},
        )

    def bytes_of_samples(self) -> int:
        """Return how much the samples alone take on the disk, once they are compacted."""
        if self.name == "Prometheus":
            self.post("/api/v1/admin/tsdb/snapshot")
            return _size((self.folder / "snapshots").glob("*/*/chunks/*"))
        self.get("/internal/force_flush")
        self.get("/internal/force_merge")
        time.sleep(5)  # merging goes on behind the answer
        return _size((self.folder / "data").rglob("*"))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[list[Peer]]:
    """Start the peers that can be had, and end them."""
    with contextlib.ExitStack() as stack:
        peers = []
        for start in (_prometheus, _victoria_metrics):
            try:
                peers.append(stack.enter_context(start(folder)))
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"without {start.__name__.strip('_')}: {error}")
        yield peers


@contextlib.contextmanager
def _prometheus(folder: Path) -> Iterator[Peer]:
    program, place = _program("prometheus", folder), folder / "prometheus-data"
    settings = folder / "prometheus.yml"
    settings.write_text("global: {}\n")
    port = _free_port()
    command = [
        program,
        f"--config.file={settings}",
        f"--storage.tsdb.path={place}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--web.enable-admin-api",
        "--log.level=error",
    ]
    with _started(command, port, "/-/ready") as pid:
        yield Peer("Prometheus", f"http://127.0.0.1:{port}", place, pid)


@contextlib.contextmanager
def alertmanager(folder: Path) -> Iterator[Peer]:
    """Run an Alertmanager that notifies nobody."""
    program, place = _program("prometheus-alertmanager", folder), folder / "alertmanager-data"
    settings = folder / "alertmanager.yml"
    settings.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    port = _free_port()
    command = [
        program,
        f"--config.file={settings}",
        f"--storage.path={place}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    with _started(command, port, "/-/ready") as pid:
        yield Peer("Alertmanager", f"http://127.0.0.1:{port}", place, pid)


@contextlib.contextmanager
def _victoria_metrics(folder: Path) -> Iterator[Peer]:
    program, place = _program("victoria-metrics", folder), folder / "victoria-metrics-data"
    port = _free_port()
    command = [
        program,
        f"-storageDataPath={place}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-search.latencyOffset=0s",
        "-search.disableCache",
        "-loggerLevel=ERROR",
    ]
    with _started(command, port, "/health") as pid:
        yield Peer("VictoriaMetrics", f"http://127.0.0.1:{port}", place, pid)


@contextlib.contextmanager
def _started(command: list[str], port: int, ready: str) -> Iterator[int]:
    """Run a program until it answers, and end it afterwards."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _await(f"http://127.0.0.1:{port}{ready}", process)
            yield process.pid
        finally:
            process.terminate()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        if process.poll() is not None:
            raise OSError(f"it ended with {process.returncode}")
        time.sleep(0.1)
    raise OSError("it does not answer")


def _program(package: str, folder: Path) -> str:
    """Return the path of a peer's program, fetched when it is not installed."""
    if found := shutil.which(package):
        return found
    place = folder / "packages" / package
    place.mkdir(parents=True)
    subprocess.run(["apt-get", "download", package], cwd=place, check=True, capture_output=True)
    for archive in place.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(archive), str(place)], check=True)
    return str(place / "usr/bin" / package)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _size(paths: Iterator[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())


def temporary() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that goes with the measurement, whatever a peer still writes into it."""
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
