"""Keep how records were, and answer for any past moment.

A model with a reverse relation `versions` (its own table, made from `VersionBase`) is kept there,
with the columns that table repeats (`carried`: its column → the record's); a model that says
`keeps_history = True` in the generic table; others not at all. Volatile figures are left out
(`audit_leaves_out`): they are telemetry, not versions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import models
from django.db.models import QuerySet, Value
from django.db.models.functions import Greatest

from fullscore.kit import bulk, time
from fullscore.kit.models import AuditEntry, Version, VersionBase
from fullscore.kit.time import FOREVER

SETTLING = timedelta(seconds=5)  # a moment younger than this may still gain versions
TICK = timedelta(microseconds=1)


def is_kept(model: type[models.Model]) -> bool:
    """Say whether versions of this noun are kept."""
    return hasattr(model, "versions") or bool(getattr(model, "keeps_history", False))


def keep(record: models.Model, state: dict[str, Any], *, entry: AuditEntry | None = None) -> None:
    """Close the open version and open the next; an unchanged state writes nothing."""
    keep_many(type(record), [(record, state)], entry=entry)


def keep_many(
    model: type[models.Model],
    states: Sequence[tuple[models.Model, dict[str, Any]]],
    *,
    entry: AuditEntry | None = None,
) -> None:
    """Keep the state of many records of one noun at one instant.

    Three statements for all of them.
    """
    if not states or not is_kept(model):
        return
    ids = [record.pk for record, _ in states]
    open_ones = versions_of(model).filter(record_id__in=ids, ends_at=FOREVER)
    found = open_ones.order_by().values_list("record_id", "starts_at", "state")
    known = {pk: (starts_at, state) for pk, starts_at, state in found}
    fresh = [(r, state) for r, state in states if r.pk not in known or known[r.pk][1] != state]
    touched = [record.pk for record, _ in fresh if record.pk in known]
    # A clock that was set back must not let a version end before it began.
    newest = max((known[pk][0] for pk in touched), default=None)
    now = time.now() if newest is None else max(time.now(), newest + TICK)
    if touched:
        open_ones.filter(record_id__in=touched).update(ends_at=now)
    _insert(model, fresh, now, entry)


def _insert(
    model: type[models.Model],
    states: Sequence[tuple[models.Model, dict[str, Any]]],
    starts_at: datetime,
    entry: AuditEntry | None,
) -> None:
    """Open a version of each record."""
    table, own = versions_of(model).model, hasattr(model, "versions")
    carried: dict[str, str] = getattr(table, "carried", {})
    names = ["record" if own else "record_id", *carried, *([] if own else ["noun"])]
    noun = [] if own else [model._meta.label_lower]
    ends = (starts_at, FOREVER, entry.pk if entry else None)
    bulk.insert(
        table,
        [*names, "starts_at", "ends_at", "entry", "state"],
        (
            (r.pk, *(getattr(r, c) for c in carried.values()), *noun, *ends, state)
            for r, state in states
        ),
    )


def close(record: models.Model) -> None:
    """End the open version: the record is no more."""
    if is_kept(type(record)):
        ends_at = Greatest("starts_at", Value(time.now()))  # never before it began
        of(record).filter(ends_at=FOREVER).update(ends_at=ends_at)


def of(record: models.Model) -> QuerySet[Any]:
    """Return the versions of one record."""
    if hasattr(type(record), "versions"):
        versions: QuerySet[Any] = cast(Any, record).versions.all()
        return versions
    return Version.objects.filter(noun=record._meta.label_lower, record_id=record.pk)


def versions_of(model: type[models.Model]) -> QuerySet[Any]:
    """Return the versions of all records of a noun."""
    if hasattr(model, "versions"):
        table: type[VersionBase] = model.versions.rel.related_model
        return table._default_manager.all()
    return Version.objects.filter(noun=model._meta.label_lower)


def as_of(model: type[models.Model], at: datetime) -> QuerySet[Any]:
    """Return the versions that were true at `at`: one row per record that existed."""
    return versions_of(model).filter(starts_at__lte=at, ends_at__gt=at)


def at(record: models.Model, moment: datetime) -> dict[str, Any] | None:
    """Return the state of a record at a moment, or None when it did not exist."""
    found = of(record).filter(starts_at__lte=moment, ends_at__gt=moment).first()
    return found.state if found else None


@dataclass(frozen=True, slots=True)
class Difference:
    """What one record was and became between two moments; None where it did not exist."""

    record_id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def fields(self) -> Iterator[tuple[str, Any, Any]]:
        """Yield (field, before, after) for each field that differs."""
        before, after = self.before or {}, self.after or {}
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                yield name, before.get(name), after.get(name)
