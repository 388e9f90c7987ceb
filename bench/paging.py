"""Measure how soon a page leaves with 1,000 alerts a minute behind it: `python -m bench paging`.

Our web process and the one behind it, on SQLite, as `fullscore up` runs them. 1,000 alerts a
minute come one to a body, from the hosts of a small estate; every three seconds a critical one is
among them, and a person is called by a signed webhook. Measured is the time from before the body of
the critical alert is posted until the webhook is called.
"""

import contextlib
import http.client
import itertools
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

from bench import peers
from bench.incoming import environment_of, serving
from bench.peers import Peer

PER_MINUTE, MINUTES, SENDERS = 1_000, int(os.environ.get("M", "4")), 16
CRITICAL_EVERY = 50  # alerts, which is every 3 seconds
TARGET_SECONDS = 5.0
WORLD = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.domains.response.incidents import services
from fullscore.domains.response.oncall.models import *
from fullscore.kit import secrets, time
from fullscore.kit.models.user import system
from fullscore.domains.foundation.findings import services as findings
findings.list_checks(by=system())
_, sender = services.issue_source(by=system(), name="bench", kind="alertmanager")
hosts = Item.objects.bulk_create(Item(name=f"host-{n}", kind="host") for n in range(400))
shops = Item.objects.bulk_create(Item(name=f"service-{n}", kind="service") for n in range(40))
Link.objects.bulk_create(
    Link(from_item=shops[n % 40], to_item=host, kind="needs") for n, host in enumerate(hosts))
person = Person.objects.create(name="Ann")
key = secrets.keep("bench", "x" * 32, by=system())
ContactChannel.objects.create(
    person=person, kind="webhook", address=ADDRESS, secret=key, confirmed_at=time.now())
policy = EscalationPolicy.objects.create(name="bench")
EscalationStep.objects.create(policy=policy, position=1, kind="person", person=person)
EscalationRoute.objects.create(policy=policy, min_severity=5)
print(sender)
"""


def main() -> None:
    """Print how long pages took to leave."""
    pages: dict[str, float] = {}
    with peers.temporary() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        address = stack.enter_context(_receiving(pages))
        os.environ["FULLSCORE_ALLOWED_NETWORKS"] = "127.0.0.0/8"
        ours = stack.enter_context(serving(folder, f"ADDRESS = {address!r}\n{WORLD}"))
        stack.enter_context(_working(folder / "ours"))
        time.sleep(20)  # the first minute of a new installation has its own work
        posted = _send(ours)
        time.sleep(30)
        os.system(
            f"cp {folder}/ours/fullscore.sqlite3* {os.environ['KEEP']}/"
        ) if "KEEP" in os.environ else None
    taken = sorted(pages[one] - at for one, at in posted.items() if one in pages)
    missing = len(posted) - len(taken)
    print(f"{PER_MINUTE:,} alerts a minute for {MINUTES} min, load {os.getloadavg()[1]:.1f}")
    print(f"pages: {len(taken)} of {len(posted)}, median {median(taken):.1f} s,"
          f" p95 {quantiles(taken, n=20)[-1]:.1f} s, slowest {taken[-1]:.1f} s")  # fmt: skip
    met = not missing and taken[-1] <= TARGET_SECONDS
    print(f"target {TARGET_SECONDS:.0f} s: {'met' if met else 'MISSED'}")


def _send(ours: Peer) -> dict[str, float]:
    """Post alerts at an even pace; return when each critical one was posted."""
    posted: dict[str, float] = {}
    numbers, begun = itertools.count(), time.monotonic()
    threads = [
        threading.Thread(target=_send_some, args=(ours, numbers, begun, posted))
        for _ in range(SENDERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"posted in {time.monotonic() - begun:.0f} s", flush=True)
    return posted


def _send_some(ours: Peer, numbers: Iterator[int], begun: float, posted: dict[str, float]) -> None:
    token = (ours.folder / "key").read_text()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    connection = http.client.HTTPConnection(urlsplit(ours.address).netloc, timeout=60)
    while (number := next(numbers)) < PER_MINUTE * MINUTES:
        time.sleep(max(0.0, begun + number * 60 / PER_MINUTE - time.monotonic()))
        name = f"critical-{number}"
        is_critical = number % CRITICAL_EVERY == CRITICAL_EVERY - 1
        if is_critical:
            posted[name] = time.monotonic()
        connection.request(
            "POST", "/ingest/bench/alertmanager", _body(number, name, is_critical), headers
        )
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 202):
            raise OSError(f"it answered {answer.status}")
    connection.close()


def _body(number: int, name: str, is_critical: bool) -> bytes:
    dice = random.Random(number)
    labels = {"alertname": name, "severity": "critical"} if is_critical else {
        "alertname": f"High{dice.choice(['Load', 'Memory', 'Latency'])}", "severity": "warning",
        "instance": f"host-{dice.randrange(400)}:9100",
    }  # fmt: skip
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    told = {"status": "firing", "labels": labels, "annotations": {"summary": labels["alertname"]},
            "startsAt": now, "endsAt": "0001-01-01T00:00:00Z", "fingerprint": str(number),
            "generatorURL": "http://prometheus.example.org/graph"}  # fmt: skip
    return json.dumps({"version": "4", "groupKey": name, "status": "firing",
                       "commonLabels": {}, "alerts": [told]}).encode()  # fmt: skip


@contextlib.contextmanager
def _receiving(pages: dict[str, float]) -> Iterator[str]:
    """Take pages on loopback and keep when the first of each came."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            pages.setdefault(body[body.index("critical-") :].split('"')[0].split()[0],
                             time.monotonic())  # fmt: skip
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()


@contextlib.contextmanager
def _working(home: Path) -> Iterator[None]:
    """Run what is behind the pages: worker, scheduler, collector and pager."""
    command = [sys.executable, "-m", "fullscore", "behind"]
    with subprocess.Popen(
        command, env=environment_of(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
