"""Keeping the past in order: thinned to a version a day after 800 days, and without holes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import F, Q, Window
from django.db.models.functions import Lag, TruncDate

from fullscore.kit import bulk, history
from fullscore.kit.log import get_logger
from fullscore.kit.time import FOREVER

KEPT_WHOLE = timedelta(days=800)
AT_ONCE = 500  # records thinned in one transaction
NAMED = 20  # of the records of one noun whose versions do not follow each other
log = get_logger(part="versions")


def thin(*, now: datetime) -> int:
    """Leave, of each day more than 800 days ago, one version of each record: that of its end.

    It begins when the first of them began, so that no moment is without an answer. Returns how
    many went; the audit keeps every change.
    """
    before = (now - KEPT_WHOLE).replace(hour=0, minute=0, second=0, microsecond=0)
    gone = 0
    for model in _kept():
        days = history.versions_of(model).filter(ends_at__lt=before).annotate(
            began=TruncDate("starts_at", tzinfo=UTC), ended=TruncDate("ends_at", tzinfo=UTC)
        )  # fmt: skip
        short = days.filter(began=F("ended")).order_by("record_id", "starts_at")
        found = list(short.values_list("pk", "record_id", "starts_at", "ends_at"))
        records = [list(rows) for _, rows in groupby(found, lambda one: one[1])]
        for start in range(0, len(records), AT_ONCE):
            gone += _thin(model, records[start : start + AT_ONCE])
    return gone


def _thin(model: type[models.Model], records: Sequence[Sequence[Any]]) -> int:
    """Let each run of short versions be told by the one that stood at the end of its day."""
    runs = [run for versions in records for run in _runs(versions)]
    versions = history.versions_of(model)
    with transaction.atomic():
        ends, whose = {run[-1][3] for run in runs}, {run[0][1] for run in runs}
        rows = versions.filter(record_id__in=whose, starts_at__in=ends)
        after = {(record, at): pk for pk, record, at in rows.values_list(
            "pk", "record_id", "starts_at"
        )}  # fmt: skip
        gone, longer = [], []
        for run in runs:
            last, record, _, end = run[-1]
            heir = after.get((record, end), last)  # of what was deleted that day, its last version
            gone += [pk for pk, *_ in run if pk != heir]
            longer.append((run[0][2], heir))
        versions.filter(pk__in=gone).delete()
        bulk.update(versions.model, ["starts_at"], longer)
    return len(gone)


def _runs(versions: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield the versions of one record that follow each other within one day."""
    run: list[Any] = []
    for one in versions:
        if run and run[-1][3] != one[2]:
            yield run
            run = []
        run.append(one)
    yield run


def broken() -> list[tuple[str, int, str]]:
    """Return the records whose versions overlap or leave a gap: noun, record, what is wrong."""
    told = []
    for model in _kept():
        before = Window(Lag("ends_at"), partition_by="record_id", order_by="starts_at")
        rows = history.versions_of(model).annotate(before=before)
        wrong = rows.filter(~Q(before=F("starts_at")), before__isnull=False)
        for pk, last, begins in wrong.order_by().values_list(
            "record_id", "before", "starts_at"
        )[:NAMED]:  # fmt: skip
            what = "overlap" if last > begins or last == FOREVER else "gap"
            told.append((model._meta.label_lower, pk, what))
    for noun, record, what in told:
        log.error("versions do not follow each other", noun=noun, record=record, what=what)
    return told


def _kept() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if history.is_kept(model)]
