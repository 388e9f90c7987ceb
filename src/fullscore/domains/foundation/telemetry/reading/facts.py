"""What is told of a judgement: what is bad, what was, and where nothing can be said."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple

import numpy as np

from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.foundation.telemetry.models import Series, Threshold
from fullscore.domains.foundation.telemetry.reading.judged import Judgement, judged
from fullscore.kit.checks import Scope

CHECK = "telemetry.threshold"
NAMED = 5000  # series in one statement

Said = Literal["bad", "good", "late", "muted", "ignored", "unsure"]


class Judged(NamedTuple):
    """What one threshold says of one series, or of all that are late on one item (no series)."""

    said: Said
    threshold: int
    series: int
    item: int | None
    severity: int = 0
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    what: str = ""  # “Load, 1 min on web1”
    rule: str = ""  # “mean over 5 min above 8”
    since: datetime | None = None
    runbook: str = ""
    many: int = 1  # series this speaks of

    @property
    def key(self) -> str:
        """Return what tells this from everything else on the item."""
        return f"{self.threshold}:{self.series or 'late'}"


def threshold_facts(scope: Scope) -> list[Judged]:
    """Return what thresholds say of a scope."""
    return facts_of(judged(scope.now, items=scope.items), scope)


def facts_of(told: Judgement, scope: Scope) -> list[Judged]:
    """Return what is worth telling: what is bad, what has a finding, and who is silent.

    All others are good and have no finding: nothing is to be said of them.
    """
    keys = told.keys()
    found = _with_finding(scope)
    places = [n for n, key in enumerate(keys) if told.severity[n] or key in found]
    rows = list(_told(told, places))
    return rows + list(_silent(told, set(places)))


def _with_finding(scope: Scope) -> set[tuple[int, int]]:
    rows = Finding.objects.live().filter(check_of__ident=CHECK)
    if scope.items is not None:
        rows = rows.filter(item__in=scope.items)
    parts = (key.partition(":") for key in rows.values_list("key", flat=True))
    return {(int(a), int(b)) for a, _, b in parts if a.isdecimal() and b.isdecimal()}


def _told(told: Judgement, places: Sequence[int]) -> Iterator[Judged]:
    names = _names(int(told.series[n]) for n in places)
    for n in places:
        threshold, series = told.thresholds[told.threshold[n]], int(told.series[n])
        severity = int(told.severity[n])
        breach = told.open.get((threshold.pk, series))
        seen = float(told.value[n])
        value = seen if np.isfinite(seen) else breach.value if breach and severity else None
        yield Judged(
            _said(told, n, threshold), threshold.pk, series, int(told.item[n]) or None, severity,
            value, _limit(threshold, severity), threshold.unit, names.get(series, ""),
            f"{threshold.said} {threshold.get_operator_display()}",
            breach.since if breach else told.now, threshold.runbook,
        )  # fmt: skip


def _said(told: Judgement, n: int, threshold: Threshold) -> Said:
    if told.is_muted[n]:
        return "muted"
    if told.is_late[n] and threshold.no_data == Threshold.NoData.IGNORE:
        return "ignored"
    if told.is_late[n] and threshold.no_data == Threshold.NoData.UNKNOWN:
        return "late"
    if told.severity[n]:
        return "bad"
    is_measured = not np.isnan(told.value[n])
    return "good" if is_measured else "unsure"


def _limit(threshold: Threshold, severity: int) -> float | None:
    """Return the limit passed; of what is good again, where that begins."""
    return threshold.limit_of(severity) if severity else threshold.clear_at


def _silent(told: Judgement, but: set[int]) -> Iterator[Judged]:
    """Return how many series are late, by threshold and item: one blind spot, not thousands."""
    counts: Counter[tuple[int, int]] = Counter()
    for n in np.flatnonzero(told.is_late & ~told.is_muted).tolist():
        if n not in but and told.thresholds[told.threshold[n]].no_data == "unknown":
            counts[int(told.threshold[n]), int(told.item[n])] += 1
    for (place, item), count in counts.items():
        threshold = told.thresholds[place]
        what = str(threshold.metric)
        yield Judged("late", threshold.pk, 0, item or None, what=what, many=count)


def _names(series: Iterable[int]) -> dict[int, str]:
    """Return series as people say them: “Load, 1 min on web1”."""
    names: dict[int, str] = {}
    wanted = iter(series)
    while some := list(islice(wanted, NAMED)):
        for one in Series.objects.filter(pk__in=some).select_related("metric", "item"):
            names[one.pk] = f"{one} on {one.item}" if one.item else str(one)
    return names
