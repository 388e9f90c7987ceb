"""Watching series: what is usual is learned from every minute, what is not becomes an anomaly."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from fullscore.connectors.alerts import Signal
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.response.incidents import services as incidents
from fullscore.domains.response.troubleshooting import queries
from fullscore.domains.response.troubleshooting.models import Anomaly, Watch, Watched
from fullscore.domains.response.troubleshooting.reading.watching import (
    LEARNT,
    STEP,
    in_words,
    minutes,
)
from fullscore.engines.anomaly import ALARM, Detector, hour_of_week
from fullscore.kit import bulk, live, search
from fullscore.kit.audit import noun_of, recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

SETTLED = timedelta(seconds=30)  # samples may come by so much later than they are dated
CAUGHT_UP = timedelta(hours=24)  # after a longer stop the time between stays unjudged
AT_ONCE = 200  # series in one transaction: a tenth of a second
LEARNT_AT_ONCE = 20  # new series in one pass: each reads two weeks
HOLDS = timedelta(hours=1)  # for which an anomaly that pages stays an alert
SEVERITY = "warning"
MARGIN = 0.1  # of the distance from the usual, beyond what somebody called expected
ANY = "any"
Points = tuple[np.ndarray, np.ndarray]
NOTHING: Points = (np.empty(0), np.empty(0))


def watch(*, by: User, **values: Any) -> Watch:
    """Watch series for what is unusual, from the next minute on."""
    made = _checked(Watch(**values))
    with recorded(made, "watch", by=by):
        pass
    return made


def change_watch(watch: Watch, *, by: User, **values: Any) -> Watch:
    """Watch others, or let the unusual page."""
    with recorded(watch, "change", by=by):
        for name, value in values.items():
            setattr(watch, name, value)
        _checked(watch)
    return watch


def _checked(watch: Watch) -> Watch:
    """Return the watch. Raises Invalid unless it names a metric or a series, and a selector."""
    has_series = watch.series_id is not None
    if has_series == (watch.metric_id is not None) or (has_series and watch.selector):
        raise Invalid("Name a metric, with a selector if you like, or a series.")
    estate.selected(watch.selector)
    return watch


def look(*, now: datetime, by: User) -> int:
    """Feed the detectors of all watched series up to now; returns how many anomalies were found."""
    wanted = queries.wanted()
    known = set(Watched.objects.values_list("series_id", flat=True))
    _let_go(known - wanted.keys())
    until = (now - SETTLED).replace(second=0, microsecond=0)
    _learn([pk for pk in wanted if pk not in known][:LEARNT_AT_ONCE], until)
    pks, count = sorted(known & wanted.keys()), 0
    for start in range(0, len(pks), AT_ONCE):
        count += _look_at(pks[start : start + AT_ONCE], wanted, until=until, now=now, by=by)
    return count


def _let_go(series: Iterable[int]) -> None:
    gone = sorted(series)
    for start in range(0, len(gone), AT_ONCE):
        Watched.objects.filter(series__in=gone[start : start + AT_ONCE]).delete()


def _learn(new: Sequence[int], until: datetime) -> None:
    """Let new series know what is usual from their past; nothing of it is called an anomaly."""
    for series in queries.series_named(new):
        detector = Detector(step_seconds=STEP.total_seconds())
        for _, at, values in minutes([series], start=until - LEARNT, end=until):
            for point in zip(at.tolist(), values.tolist(), strict=True):
                detector.update(*point)
        Watched.objects.get_or_create(
            series=series,
            defaults={"state": detector.packed(), "since": until, "fed_until": until},
        )


@dataclass(slots=True)
class _Seen:
    """An anomaly, with whether it pages."""

    anomaly: Anomaly
    is_paging: bool


@transaction.atomic
def _look_at(
    pks: Sequence[int], wanted: Mapping[int, bool], *, until: datetime, now: datetime, by: User
) -> int:
    rows = Watched.objects.select_for_update(of=("self",)).filter(series__in=pks)
    told = list(rows.filter(fed_until__lt=until).select_related("series__metric", "series__item"))
    if not told:
        return 0
    start = max(min(one.fed_until for one in told), until - CAUGHT_UP)
    found = {
        pk: (at, values)
        for pk, at, values in minutes([one.series for one in told], start=start, end=until)
    }
    seen: list[_Seen] = []
    for one in told:
        for anomaly in _fed(one, found.get(one.series_id, NOTHING)):
            seen.append(_Seen(anomaly, wanted.get(one.series_id, False)))
        one.fed_until = until
    states = [[bytes(one.state), one.fed_until, one.pk] for one in told]
    bulk.update(Watched, ("state", "fed_until"), states)
    _write(seen, now=now, by=by)
    return len(seen)


def _fed(watched: Watched, points: Points) -> list[Anomaly]:
    """Feed a detector what it has not seen; return what of it is unusual and not expected."""
    detector = _detector(watched)
    found = []
    for at, value in zip(points[0].tolist(), points[1].tolist(), strict=True):
        if at < watched.fed_until.timestamp():
            continue
        score = detector.update(at, value)
        if score >= ALARM and not is_expected(watched.expected, at, value):
            found.append(_anomaly(watched.series, detector, score))
    watched.state = detector.packed()
    return found


def _detector(watched: Watched) -> Detector:
    try:
        return Detector.unpacked(bytes(watched.state))
    except ValueError:  # packed by another version: it learns anew
        return Detector(step_seconds=STEP.total_seconds())


def _anomaly(series: Series, detector: Detector, score: float) -> Anomaly:
    compared = detector.compared
    if compared is None:
        raise ValueError("A detector that scored has compared.")
    return Anomaly(
        series=series, at=datetime.fromtimestamp(compared.at, UTC), value=compared.value,
        usual=compared.usual, score=score, words=in_words(series, compared)[:300],
    )  # fmt: skip


def _write(seen: Sequence[_Seen], *, now: datetime, by: User) -> None:
    if not seen:
        return
    Anomaly.objects.bulk_create([one.anomaly for one in seen], ignore_conflicts=True)
    stored = Anomaly.objects.filter(
        series__in=[one.anomaly.series_id for one in seen], at__in={one.anomaly.at for one in seen}
    )
    search.refresh_many(Anomaly, list(stored.values_list("pk", flat=True)))
    live.publish(noun_of(Anomaly))
    paging = [one.anomaly for one in seen if one.is_paging]
    if paging:
        items = {_key(one): one.series.item_id for one in paging if one.series.item_id}
        incidents.tell([_signal(one, now) for one in paging], items=items, now=now, by=by)


def _key(anomaly: Anomaly) -> str:
    return f"anomaly:{anomaly.series_id}"


def _signal(anomaly: Anomaly, now: datetime) -> Signal:
    return Signal(
        "trigger", _key(anomaly), title=f"{anomaly.series.metric}: {anomaly.words}"[:300],
        starts_at=anomaly.at, holds_until=now + HOLDS, severity=SEVERITY,
        labels={"series": str(anomaly.series_id), "metric": anomaly.series.metric.name},
        group="anomaly",
    )  # fmt: skip


# ── what is expected ───────────────────────────────────────────────────────────────────────────


def is_expected(expected: Mapping[str, Sequence[float]], at: float, value: float) -> bool:
    """Say whether somebody called as much expected at this hour of the week, or at any."""
    ranges = (expected.get(ANY), expected.get(str(hour_of_week(at))))
    return any(one is not None and one[0] <= value <= one[1] for one in ranges)


def expect(anomaly: Anomaly, *, by: User, at_any_hour: bool = False, note: str = "") -> Anomaly:
    """Say that this was to be expected: as much is not called unusual again at that hour.

    It counts for this series alone; with `at_any_hour` at every hour of the week.
    """
    if anomaly.is_expected:
        raise Conflict("This is expected already.")
    watched = Watched.objects.select_for_update().filter(series=anomaly.series_id).first()
    if watched is None:
        raise Conflict("This series is watched no longer, so nothing of it is called unusual.")
    hour = ANY if at_any_hour else str(hour_of_week(anomaly.at.timestamp()))
    low, high = _range(anomaly)
    known = watched.expected.get(hour, [low, high])
    with recorded(watched, "expect", by=by, note=note):
        widened = [min(low, known[0]), max(high, known[1])]
        watched.expected = {**watched.expected, hour: widened}
    with recorded(anomaly, "expect", by=by, note=note):
        anomaly.is_expected, anomaly.by = True, by
    return anomaly


def _range(anomaly: Anomaly) -> tuple[float, float]:
    usual = anomaly.value if anomaly.usual is None else anomaly.usual
    beyond = anomaly.value + MARGIN * (anomaly.value - usual or abs(anomaly.value))
    ends = sorted((usual, anomaly.value, beyond))
    return ends[0], ends[-1]


def forget_anomalies(*, before: datetime) -> None:
    """Forget what was unusual long ago."""
    Anomaly.objects.filter(at__lt=before).delete()
