"""Where programs send samples, and ask.

`POST /api/v1/write`   remote-write, as every Prometheus speaks it
`POST /v1/metrics`     OTLP, as every OpenTelemetry SDK and Collector speaks it
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

import numpy as np
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from fullscore.connectors import arrow, documents, otlp
from fullscore.connectors.base import Garbled
from fullscore.connectors.prometheus import remote_write
from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import (
    PushKey,
    Refusal,
    Series,
    Threshold,
)
from fullscore.domains.foundation.telemetry.reading import asking, exports
from fullscore.domains.foundation.telemetry.services import Batch, Called, Taken
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import limits, time
from fullscore.kit.access import Actor
from fullscore.kit.errors import Invalid, NotFound
from fullscore.kit.models import User
from fullscore.kit.perform import find

MOST_BYTES = 32 * 1024 * 1024  # as it comes; `remote_write` bounds what it unpacks to
VERSION_2 = "io.prometheus.write.v2.Request"


@doors.door
def write(request: HttpRequest) -> HttpResponse:
    """Take a body of remote-write 1.0; 204 says that what can be kept of it is on the disk."""
    key = sender_of(request)
    if VERSION_2 in request.headers.get("Content-Type", ""):
        raise doors.WrongKind("Remote-write 2.0 is not spoken here: let the sender use 1.0.")
    sender = services.of_key(key)
    body = bodies.read(request, most_bytes=MOST_BYTES)
    told = remote_write.decode(body, known=services.known_keys(sender))
    left_out: dict[str, int] = {Refusal.Reason.HISTOGRAM: told.skipped}
    batch = Batch(told.keys, told.series, told.ts_ms, told.values, _named, left_out)
    taken = services.take(batch, sender, now=time.now())
    refuse_if_nothing_is_good(taken)
    return HttpResponse(status=204)


def sender_of(request: HttpRequest) -> PushKey:
    """Return the key a request comes with, counted against its limit."""
    key = doors.sender(request, services.owner_of_key)
    limits.limit(f"push:{key.pk}", per=timedelta(minutes=1), count=key.per_minute)
    return key


def refuse_if_nothing_is_good(taken: Taken) -> None:
    """Raise Garbled, so that the sender's own log says why, when nothing at all was taken.

    A sender drops what is answered with 400, all of it. So a body with anything good in it is
    answered as taken, and what is not is counted here, where it can be seen.
    """
    if taken.refused and not taken.stored:
        raise Garbled(taken.why or "Nothing of it can be kept.")


def _named(key: bytes) -> Called:
    labels = dict(remote_write.labels(key))
    return Called(labels.pop("__name__"), labels)


@csrf_exempt
def metrics(request: HttpRequest) -> HttpResponse:
    """Take an OTLP request; every answer is in the format the sender speaks."""
    format = otlp.format_of(request.headers.get("Content-Type", "")) or otlp.Format.JSON
    answer = _metrics(request, format=format)
    if answer.status_code >= 400 and "json" in answer.headers["Content-Type"]:
        why = documents.read(answer.content).words("detail", most=1000)
        answer.content = otlp.failed(format, status=answer.status_code, why=why)
    answer.headers["Content-Type"] = format.value
    return answer


@doors.door
def _metrics(request: HttpRequest, *, format: otlp.Format) -> HttpResponse:
    """Take an OTLP request; 200 says that what can be kept of it is on the disk."""
    key = sender_of(request)
    if otlp.format_of(request.headers.get("Content-Type", "")) is None:
        raise doors.WrongKind(f"Send {' or '.join(otlp.Format)}: nothing else is read here.")
    if request.headers.get("Content-Encoding", "").lower() not in ("", "gzip", "identity"):
        raise doors.WrongKind("Send it as it is, or packed with gzip.")
    sender = services.of_key(key)
    body = bodies.unpacked(request, most_bytes=MOST_BYTES)
    told = otlp.decode(body, format, known=services.known_keys(sender))
    taken = services.take(_batch(told, body, format), sender, now=time.now())
    refuse_if_nothing_is_good(taken)
    lost = len(np.unique(told.points[~taken.is_kept])) + sum(told.left_out.values())
    return HttpResponse(otlp.accepted(format, rejected=lost, why=taken.why))


def _batch(told: otlp.OtlpBatch, body: bytes, format: otlp.Format) -> Batch:
    @cache
    def all_named() -> Mapping[bytes, otlp.Named]:
        """Name every series: one known when it was read may be forgotten when it is stored."""
        return otlp.decode(body, format).named

    return Batch(
        told.keys,
        np.arange(len(told.keys)),
        told.ts_ms,
        told.values,
        lambda key: Called(*(told.named.get(key) or all_named()[key])),
        told.left_out,
        told.why,
        told.starts_ms,
    )


MOST_SERIES = 100  # of one answer


def query(
    by: Actor, *, metric: str, item: int | None = None, function: str = "",
    start: datetime | None = None, end: datetime | None = None, step: int | None = None,
    format: Literal["json", "csv", "arrow"] = "json",
) -> dict[str, Any] | HttpResponseBase:  # fmt: skip
    """Return the samples of a metric over a time: at most 1,500 points of each series.

    `item` is an id. `function` is avg, min, max, last, sum, count, increase or rate; without one,
    the rate of counters and the mean of gauges. Without times the last 24 hours; `step` is in
    seconds. Values are in the metric's base unit, times in milliseconds since 1970, UTC; a step
    without a sample is null. With `format` csv or arrow the same comes as a table, one column for
    each series.
    """
    end = end or time.now()
    asked = asking.span(_aware(start or end - timedelta(days=1)), _aware(end), step_seconds=step)
    rows = Series.objects.visible_to(by).filter(metric__name=metric)
    rows = rows if item is None else rows.filter(item=item)
    series = list(rows.select_related("metric", "item").order_by("pk")[: MOST_SERIES + 1])
    if not series:
        raise NotFound(f"Nothing you may see is measured under “{metric[:80]}” there.")
    if len(series) > MOST_SERIES:
        raise Invalid(f"That is more than {MOST_SERIES} series: name an item.")
    made = asking.function_for(series[0], function)
    points = asking.points(series, asked, function=function)
    if format == "csv":
        lines = exports.csv(series, points, function=function, is_base=True)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    if format == "arrow":
        stream = exports.stream(series, points, function=function)
        return HttpResponse(stream, content_type=arrow.TYPE)
    return {
        "metric": metric, "function": made, "unit": asking.made_unit(series[0].metric.unit, made),
        "start": asked.start, "end": asked.end, "step_seconds": asked.step_seconds,
        "resolution": asked.resolution,
        "series": [
            {"id": one.pk, "item": one.item and {"id": one.item.pk, "name": str(one.item)},
             "labels": one.labels, "points": points[one.pk]}
            for one in series
        ],
    }  # fmt: skip


def preview(by: User, *, threshold: int, days: int = 30) -> dict[str, Any]:
    """Return when a threshold would have fired in the last days: the newest hundred of them."""
    told = services.preview(find(Threshold, threshold, by=by), by=by, days=days)
    fired = [
        {"series": one.series.pk, "item": one.series.item_id, "severity": one.severity,
         "since": one.since, "until": one.until}
        for one in told.fired
    ]  # fmt: skip
    return {
        "sentence": told.sentence, "count": told.count, "series": told.series,
        "start": told.start, "end": told.end, "fired": fired,
    }  # fmt: skip


def _aware(moment: datetime) -> datetime:
    """Return an instant; without an offset it is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


PATTERNS = [
    path("api/v1/write", write, name="remote-write"),
    path("v1/metrics", metrics, name="otlp-metrics"),
]
