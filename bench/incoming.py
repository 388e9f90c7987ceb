"""Samples end to end: what a server of ours and its peers take of the CPU for the same bodies.

`python -m bench.incoming`. Real processes, real HTTP on loopback, all durable when answered (the
peers sync later). CPU is that of the server's process, user and system, from the kernel's count.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from bench import peers, writes
from bench.peers import Peer

SERIES, REQUESTS, WARM = 10_000, 60, 5
ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")  # a second, as the kernel counts CPU
KEY = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from fullscore.domains.foundation.telemetry.models import PushKey
from fullscore.domains.foundation.telemetry import services
from fullscore.kit.models.user import system
print(services.issue_push_key(None, by=system(), name="bench")[1])
"""


class Ours(Peer):
    """A server of ours; it asks for a key."""

    def post(self, path: str, body: bytes = b"", **headers: str) -> bytes:
        """Return what it answers to a body that comes with the key."""
        key = (self.folder / "key").read_text()
        return super().post(path, body, Authorization=f"Bearer {key}", **headers)


def main() -> None:
    """Print CPU time per 10,000 samples, and samples per CPU second."""
    with peers.temporary() as folder, peers.running(Path(folder)) as others:
        for name, figures in measured(Path(folder), others).items():
            print(name, {who: round(figure, 2) for who, figure in figures.items()})


def measured(folder: Path, others: list[Peer]) -> dict[str, dict[str, float]]:
    """Return the CPU time in ms that each takes for a body of 10,000 series with a sample each."""
    with serving(folder) as ours:
        begin = int(time.time() * 1000) - REQUESTS * 5_000
        bodies = list(writes_from(begin))
        written = {peer.name: cpu_ms(peer, peer.write, bodies) for peer in (ours, *others)}
        told = {ours.name: otlp_cpu_ms(ours, begin)}
    return {
        "remote-write, 10,000 series, end to end [CPU ms]": written,
        "OTLP, 10,000 series, end to end [CPU ms]": told,
    }


def otlp_cpu_ms(peer: Peer, begin: int) -> float:
    """Return the CPU time of one request of OTLP, which Debian's peers are too old to take."""
    send = partial(peer.post, "/v1/metrics", **{"Content-Type": "application/x-protobuf"})
    return cpu_ms(peer, send, list(otlp_from(begin)))


def writes_from(begin: int) -> Iterator[bytes]:
    """Yield bodies of remote-write, each with a sample of every series."""
    dice, names = np.random.default_rng(7), writes.keys(SERIES)
    for n in range(REQUESTS):
        at_ms = np.array([begin + n * 5_000])
        yield writes.block(names, at_ms, dice.random((1, SERIES)) * 1e6)


def otlp_from(begin: int) -> Iterator[bytes]:
    """Yield requests of OTLP: 200 gauges with 50 points of three attributes each."""
    from tests.connectors.otlp.requests import gauge, number, packed, request

    dice = np.random.default_rng(7)
    for n in range(REQUESTS):
        values, at = iter((dice.random(SERIES) * 1e6).tolist()), begin + n * 5_000
        points = [
            [
                number(next(values), at=at, route=f"/{p}", method="GET", code="200")
                for p in range(50)
            ]
            for _ in range(SERIES // 50)
        ]
        metrics = [gauge(f"bench.{m}", *some) for m, some in enumerate(points)]
        yield packed(request(*metrics, scope="bench", service__name="shop", host__name="web1"))


def cpu_ms(peer: Peer, send: Callable[[bytes], object], bodies: list[bytes]) -> float:
    """Return the CPU time of one body once all series are known."""
    for body in bodies[:WARM]:
        send(body)
    before = spent_ms(peer.pid)
    for body in bodies[WARM:]:
        send(body)
    return (spent_ms(peer.pid) - before) / (len(bodies) - WARM)


def spent_ms(pid: int) -> float:
    """Return the CPU time a process has taken so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICKS


@contextlib.contextmanager
def serving(folder: Path, code: str = KEY) -> Iterator[Peer]:
    """Run a server of ours on a new data folder; `code` makes it and prints the sender's key."""
    home = folder / "ours"
    home.mkdir()
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    environment = environment_of(home)
    made = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    (home / "key").write_text(made.stdout.split()[-1])
    command = [sys.executable, "-m", "fullscore", "web", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            _await(port)
            yield Ours("ours", f"http://127.0.0.1:{port}", home, process.pid)
        finally:
            process.terminate()


def environment_of(home: Path) -> dict[str, str]:
    """Return the environment of a process of ours on a data folder."""
    return {
        **os.environ,
        "FULLSCORE_HOME": str(home),
        "PYTHONPATH": str(ROOT / "src"),
        "DJANGO_SETTINGS_MODULE": "fullscore.config.settings",
    }


def _await(port: int) -> None:
    for _ in range(900):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return
        time.sleep(0.1)
    raise OSError("our server does not answer")


if __name__ == "__main__":
    main()
