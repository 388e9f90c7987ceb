"""Keep how records were, and answer for any past moment.

A model with a reverse relation `versions` (its own table, made from `VersionBase`) is kept there,
with the columns that table repeats; a model that says `keeps_history = True` in the generic table;
others not at all. Volatile figures are left out (`audit_leaves_out`): they are telemetry, not
versions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import models
from django.db.models import Q, QuerySet

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
    if not is_kept(type(record)):
        return
    open_one = of(record).filter(ends_at=FOREVER).first()
    if open_one and open_one.state == state:
        return
    starts_at = time.now()
    if open_one:
        starts_at = max(starts_at, open_one.starts_at + TICK)
        open_one.ends_at = starts_at
        open_one.save(update_fields=["ends_at"])
    _new(record, state, starts_at, entry).save(force_insert=True)


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
    """Open a version of each record, as `_new` opens one."""
    table, own = versions_of(model).model, hasattr(model, "versions")
    carried = getattr(table, "carried", ())
    names = ["record" if own else "record_id", *carried, *([] if own else ["noun"])]
    noun = [] if own else [model._meta.label_lower]
    ends = (starts_at, FOREVER, entry.pk if entry else None)
    bulk.insert(
        table,
        [*names, "starts_at", "ends_at", "entry", "state"],
        ((r.pk, *(getattr(r, c) for c in carried), *noun, *ends, state) for r, state in states),
    )


def close(record: models.Model) -> None:
    """End the open version: the record is no more."""
    if is_kept(type(record)):
        of(record).filter(ends_at=FOREVER).update(ends_at=time.now())


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


def diff(model: type[models.Model], earlier: datetime, later: datetime) -> list[Difference]:
    """Return what differs between two moments.

    Touches only versions that began or ended between.
    """
    field = "record_id"
    touched = versions_of(model).filter(
        Q(starts_at__gt=earlier, starts_at__lte=later) | Q(ends_at__gt=earlier, ends_at__lte=later)
    )
    ids = set(touched.values_list(field, flat=True))
    states: list[dict[int, Any]] = [
        dict(as_of(model, moment).filter(**{f"{field}__in": ids}).values_list(field, "state"))
        for moment in (earlier, later)
    ]
    found = (Difference(pk, states[0].get(pk), states[1].get(pk)) for pk in sorted(ids))
    return [one for one in found if one.before != one.after]


def _new(
    record: models.Model, state: dict[str, Any], starts_at: datetime, entry: AuditEntry | None
) -> VersionBase:
    if hasattr(type(record), "versions"):
        table = type(record).versions.rel.related_model  # type: ignore[attr-defined]
        carried = {name: getattr(record, name) for name in table.carried}
        made: VersionBase = table(
            record=record, state=state, starts_at=starts_at, entry=entry, **carried
        )
        return made
    return Version(
        noun=record._meta.label_lower, record_id=record.pk, state=state, starts_at=starts_at,
        entry=entry
    )  # fmt: skip
