"""Where the collector of a site asks what to read, and sends what it read.

`POST /api/collectors/beat`      it lives; the answer names the targets it holds
`POST /api/collectors/scrapes`   a line of JSON for each scrape
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import path

from fullscore.connectors import documents
from fullscore.connectors.base import Garbled
from fullscore.connectors.documents import Node
from fullscore.connectors.prometheus import text
from fullscore.connectors.prometheus.text import Exposition
from fullscore.domains.foundation.telemetry import queries, services
from fullscore.domains.foundation.telemetry.endpoints.samples import MOST_BYTES, sender_of
from fullscore.domains.foundation.telemetry.models import PushKey, ScrapeTarget
from fullscore.domains.foundation.telemetry.services import Scraped
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import time
from fullscore.kit.errors import NotAllowed, Problem

BEAT_BYTES = 64 * 1024
TOLD_WRONG = 5  # lines that could not be understood


@doors.door
def beat(request: HttpRequest) -> JsonResponse:
    """Hear that a collector lives, and answer what it reads until it is heard again."""
    key = collector_of(request)
    told = documents.read(bodies.read(request, most_bytes=BEAT_BYTES))
    held = services.beat(
        told.words("name", most=80),
        now=time.now(),
        site=key.item,
        waiting=_count(told, "waiting"),
        dropped=_count(told, "dropped"),
    )
    return JsonResponse({"targets": list(_all_told(held.values()))})


@doors.door
def scrapes(request: HttpRequest) -> JsonResponse:
    """Take scrapes; 200 says that what can be kept of them is on the disk.

    A line that cannot be understood costs that line; where no other was taken, it is a 400.
    """
    key = collector_of(request)
    lines = bodies.unpacked(request, most_bytes=MOST_BYTES).split(b"\n")
    targets = queries.targets_read_from(key.site)
    told: list[Scraped] = []
    wrong: list[Garbled] = []
    for line in filter(None, lines):
        try:
            told += _stored(documents.read(line), targets)
        except Garbled as error:
            wrong.append(error)
    if wrong and not told:
        raise wrong[0]
    services.note_scraped(told)
    return JsonResponse({"taken": len(told), "wrong": [str(one) for one in wrong[:TOLD_WRONG]]})


def collector_of(request: HttpRequest) -> PushKey:
    """Return the key a collector comes with. Raises NotAllowed for any other."""
    key = sender_of(request)
    if not key.collects:
        raise NotAllowed("This key is not for a collector: make one that is, under Push keys.")
    return key


def _stored(told: Node, targets: dict[int, ScrapeTarget]) -> Iterator[Scraped]:
    """Store one scrape; one of a target that was deleted or moved meanwhile is passed over."""
    target = targets.get(_count(told, "target"))
    at = told.moment("at")
    if target is None or at is None:
        return
    at_ms = queries.milliseconds(at)
    error = told.words("error", most=300, default="")
    body = told.field("text").of(str).encode()
    try:
        found = text.parse(body, at_ms=at_ms, limit=target.sample_limit)
    except Garbled as wrong:
        found, error = Exposition(), error or f"Garbled: {wrong}"
    ended = b"".join(one.of(str).encode() + b" 0\n" for one in told.field("gone").items())
    try:
        gone = text.parse(ended, at_ms=at_ms, limit=target.sample_limit)
    except Garbled as wrong:
        gone, error = Exposition(), error or f"Garbled: {wrong}"
    found.named.update(gone.named)
    took_ms = _count(told, "took_ms")
    yield services.store_scrape(target, found, at=at, took_ms=took_ms, error=error, gone=gone.keys)


def _count(told: Node, name: str) -> int:
    number: int = told.field(name).of(int)
    if not 0 <= number < 2**31:
        raise told.wrong("is out of range", name)
    return number


def _all_told(held: Iterable[ScrapeTarget]) -> Iterator[dict[str, Any]]:
    """Yield what a collector has to know of each target whose credential can be opened."""
    for target in held:
        try:
            yield _told(target)
        except Problem as problem:
            services.note_scraped([services.unopened(target, problem, now=time.now())])


def _told(target: ScrapeTarget) -> dict[str, Any]:
    return {
        "id": target.pk,
        "url": target.url,
        "every_seconds": target.every_seconds,
        "timeout_seconds": target.timeout_seconds,
        "sample_limit": target.sample_limit,
        "headers": services.authorization(target),
        "is_paused": target.state == ScrapeTarget.State.PAUSED,
        "is_wanted": target.wanted_at is not None,
    }


PATTERNS = [
    path("api/collectors/beat", beat, name="collector-beat"),
    path("api/collectors/scrapes", scrapes, name="collector-scrapes"),
]
