"""Measure how fast new alerts come in, beside Alertmanager: `python -m bench alerts`.

Both take the same bodies at the same address, `POST /api/v2/alerts`: 100 new alerts each, over four
connections that stay, in turns. Ours are on the disk when answered; Alertmanager's are in memory.
Once without a worker, and once while one turns them into alerts and incidents. Then one after the
other of the 24,000 alerts that are open by then is acknowledged.
"""

import contextlib
import http.client
import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

from bench import peers
from bench.incoming import Ours, environment_of, serving
from bench.peers import Peer

CONNECTIONS, BATCH, REQUESTS, ROUNDS = 4, 100, 40, 2
OPEN, ACKNOWLEDGED = 2 * (ROUNDS + 1) * REQUESTS * BATCH, 40
TARGET_RATIO, TARGET_ACK_MS = 0.2, 100.0
KEYS = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from fullscore.domains.foundation.access.models import RoleGrant
from fullscore.domains.foundation.access.services import keys
from fullscore.domains.response.incidents import services
from fullscore.kit import time
from fullscore.kit.models import User
from fullscore.kit.models.user import system
_, sender = services.issue_source(by=system(), name="bench", kind="prometheus")
ann = User.objects.create_user("ann@example.org", name="Ann")
day = time.now().date()
RoleGrant.objects.create(user=ann, role="engineer", starts_on=day, granted_by=ann)
_, person = keys.issue(ann, by=ann, name="bench", scopes=["read", "act"])
print(sender + ":" + person)
"""
LEFT = """
SELECT (SELECT COUNT(*) FROM incidents_alert WHERE NOT wants_placing),
       (SELECT COUNT(*) FROM incidents_receipt WHERE state = 'new')
"""


def main() -> None:
    """Print the rates of both, and how long an acknowledgement takes."""
    with peers.temporary() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        ours = stack.enter_context(serving(folder, KEYS))
        other = stack.enter_context(peers.alertmanager(folder))
        _rates(ours, other, "no worker at work")
        with _working(folder / "ours"):
            _settled(ours, (ROUNDS + 1) * REQUESTS * BATCH)
            begun = time.perf_counter()
            _rates(ours, other, "a worker at work")
            _settled(ours, OPEN)
            taken = time.perf_counter() - begun  # Alertmanager's turns are in it, which are short
            print(f"in the table and in an incident: {OPEN / 2 / taken:,.0f} a second")
            _acknowledgements(ours)


def _rates(ours: Peer, other: Peer, name: str) -> None:
    """Print how many new alerts a second each answers, and the ratio."""
    answered: dict[str, list[float]] = {ours.name: [], other.name: []}
    for turn in range(ROUNDS + 1):  # the first warms up
        for peer in (other, ours):
            begun = time.perf_counter()
            send(peer, _bodies(f"{name}-{turn}"))
            rate = REQUESTS * BATCH / (time.perf_counter() - begun)
            if turn:
                answered[peer.name].append(rate)
    here, there = median(answered[ours.name]), median(answered[other.name])
    verdict = "met" if here >= TARGET_RATIO * there else "MISSED"
    print(f"new alerts a second, {name}: ours {here:,.0f}, Alertmanager {there:,.0f}")
    print(f"ratio {here / there:.2f}, target {TARGET_RATIO}: {verdict}", flush=True)


def send(peer: Peer, bodies: Sequence[bytes]) -> None:
    """Post every body, over four connections at once."""
    threads = [
        threading.Thread(target=_send_some, args=(peer, bodies[n::CONNECTIONS]))
        for n in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _send_some(peer: Peer, bodies: Sequence[bytes]) -> None:
    headers = {"Content-Type": "application/json"}
    if isinstance(peer, Ours):
        headers["Authorization"] = f"Bearer {_keys(peer)[0]}"
    connection = http.client.HTTPConnection(urlsplit(peer.address).netloc, timeout=300)
    for body in bodies:
        connection.request("POST", "/api/v2/alerts", body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError(f"{peer.name} answered {answer.status}")
    connection.close()


def _bodies(turn: str) -> list[bytes]:
    ends_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    return [
        json.dumps([_alert(f"{turn}-{request}-{n}", ends_at) for n in range(BATCH)]).encode()
        for request in range(REQUESTS)
    ]


def _alert(name: str, ends_at: str) -> dict[str, object]:
    return {
        "labels": {
            "alertname": "HighLoad",
            "severity": "warning",
            "instance": f"host-{name}:9100",
            "job": "node",
            "cluster": "berlin",
            "team": "unix",
        },
        "annotations": {"summary": f"Load of host-{name} is high", "description": "Too long."},
        "generatorURL": "http://prometheus.example.org/graph?g0.expr=node_load5",
        "endsAt": ends_at,
    }


def _settled(ours: Peer, count: int) -> None:
    """Wait until so many alerts stand in the table, each in its incident."""
    with contextlib.closing(sqlite3.connect(ours.folder / "fullscore.sqlite3")) as database:
        while database.execute(LEFT).fetchone() != (count, 0):
            time.sleep(0.2)


def _acknowledgements(ours: Peer) -> None:
    headers = {"Authorization": f"Bearer {_keys(ours)[1]}"}
    told = _told(ours, "/api/alerts?size=100", headers)
    listed = json.loads(told)["items"]
    taken = []
    for alert in listed[:ACKNOWLEDGED]:
        begun = time.perf_counter()
        _told(ours, f"/api/alerts/{alert['id']}/acknowledge", headers, b"{}")
        taken.append((time.perf_counter() - begun) * 1000)
    p95 = quantiles(taken, n=20)[-1]
    print(f"acknowledge one of {OPEN:,} open: median {median(taken):.0f} ms, p95 {p95:.0f} ms")
    print(f"target {TARGET_ACK_MS:.0f} ms: {'met' if p95 < TARGET_ACK_MS else 'MISSED'}")


def _told(peer: Peer, path: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
    """Return what is answered to a person's token: `Peer.post` comes with a sender's key."""
    connection = http.client.HTTPConnection(urlsplit(peer.address).netloc, timeout=60)
    sent = headers | {"Content-Type": "application/json"}
    connection.request("GET" if body is None else "POST", path, body, sent)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status >= 400:
        raise RuntimeError(f"{path} was answered with {response.status}: {answer[:200]!r}")
    return answer


def _keys(ours: Peer) -> list[str]:
    return (ours.folder / "key").read_text().split(":")


@contextlib.contextmanager
def _working(home: Path) -> Iterator[None]:
    """Run a worker of ours."""
    command = [sys.executable, "-m", "fullscore", "worker"]
    with subprocess.Popen(
        command, env=environment_of(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
