"""Judging every threshold: breaches begin, change and end; findings follow."""

from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Check
from fullscore.domains.foundation.telemetry.models import Breach, Threshold
from fullscore.domains.foundation.telemetry.reading.facts import CHECK, facts_of
from fullscore.domains.foundation.telemetry.reading.judged import Judgement, judged
from fullscore.domains.foundation.telemetry.services.expecting import mark
from fullscore.kit.checks import Scope
from fullscore.kit.models.user import system

QUIET = timedelta(minutes=1)  # where nothing is wrong, the check says so once a minute
BATCH = 500


def judge(*, now: datetime) -> Judgement:
    """Judge every threshold now; on return breaches and findings agree with the samples."""
    told = judged(now)
    record(told)
    check = Check.objects.filter(ident=CHECK, is_enabled=True).first()
    if check is not None:
        facts = facts_of(told, Scope(now))
        is_quiet = not facts and not check.findings.live().exists()
        if not is_quiet or check.last_at is None or now - check.last_at >= QUIET:
            findings.run_check(check, by=system(), facts=facts)
    return told


def record(told: Judgement) -> None:
    """Write down what began, changed and ended: one statement each, and none for what stayed."""
    began, changed, kept = [], [], set()
    for n in np.flatnonzero(told.severity > 0).tolist():
        threshold = told.thresholds[told.threshold[n]]
        known = told.open.get((threshold.pk, int(told.series[n])))
        if known is None:
            began.append(_begun(told, n, threshold))
            continue
        kept.add(known.pk)
        if known.severity != told.severity[n]:
            changed.append(_changed(told, n, known.pk))
    ended = [known.pk for known in told.open.values() if known.pk not in kept]
    mark(began)
    with transaction.atomic():
        Breach.objects.bulk_create(began, batch_size=BATCH, ignore_conflicts=True)
        Breach.objects.bulk_update(changed, ["severity", "value"], batch_size=BATCH)
        for start in range(0, len(ended), BATCH):
            Breach.objects.filter(pk__in=ended[start : start + BATCH]).update(ended_at=told.now)


def _begun(told: Judgement, n: int, threshold: Threshold) -> Breach:
    lasting = timedelta(seconds=threshold.for_seconds if not told.is_late[n] else 0)
    return Breach(
        threshold=threshold, series_id=int(told.series[n]), since=told.now - lasting,
        value=_value(told, n), severity=int(told.severity[n]),
    )  # fmt: skip


def _changed(told: Judgement, n: int, pk: int) -> Breach:
    return Breach(pk=pk, severity=int(told.severity[n]), value=_value(told, n))


def _value(told: Judgement, n: int) -> float | None:
    value = float(told.value[n])
    return value if np.isfinite(value) else None
