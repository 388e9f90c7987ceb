"""Writing many rows of one kind: one entry, versions that begin when the company did, words to
be found by."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from django.db import models

from fullscore.kit import history, search
from fullscore.kit.audit import bulk, noun_of, snapshot
from fullscore.kit.models import AuditEntry, User
from fullscore.kit.time import FOREVER

Row = TypeVar("Row", bound=models.Model)
AT_ONCE = 5000  # ids in one statement


def made(rows: Sequence[Row], *, by: User, began: datetime, keeps: bool = True) -> list[Row]:
    """Write new rows of one kind, with everything that a recorded change would have left behind.

    `keeps` is false for what a machine reports and nobody records one by one.
    """
    if not rows:
        return []
    model = type(rows[0])
    stored: list[Row] = model._default_manager.bulk_create(rows, batch_size=1000)
    if not keeps:
        return stored
    states = [(row, snapshot(row)) for row in stored]
    founded(model, states, by=by, began=began)
    for start in range(0, len(stored), AT_ONCE):
        search.refresh_many(model, [row.pk for row in stored[start : start + AT_ONCE]])
    return stored


def founded(
    model: type[models.Model],
    states: Sequence[tuple[models.Model, dict[str, Any]]],
    *,
    by: User,
    began: datetime,
) -> AuditEntry:
    """Record many rows in one entry, and let their versions begin when the company did."""
    entry = bulk(
        noun_of(model), "found", by=by, counts={"made": len(states)}, rows=(s for _, s in states)
    )
    for start in range(0, len(states), AT_ONCE):
        history.keep_many(model, states[start : start + AT_ONCE], entry=entry)
    if history.is_kept(model):
        history.versions_of(model).filter(entry=entry).update(starts_at=began)
    return entry


def changed(record: models.Model, *, at: datetime, **before: Any) -> None:
    """Let a record have been otherwise until `at`: its open version begins then, an older one
    ends."""
    newest = history.of(record).get(ends_at=FOREVER)
    older = history.of(record).get(pk=newest.pk)
    older.pk, older.state = None, {**newest.state, **before}
    for column, of in getattr(older, "carried", {}).items():
        setattr(older, column, older.state[of])
    older.ends_at = newest.starts_at = at
    newest.save(update_fields=["starts_at"])
    older.save(force_insert=True)


def state_of(record: models.Model) -> dict[str, Any]:
    """Return the state a record's open version holds."""
    state: dict[str, Any] = history.of(record).get(ends_at=FOREVER).state
    return state


def ended(record: models.Model, *, at: datetime) -> None:
    """Remove a record that was there until `at`; its versions stay."""
    history.of(record).filter(ends_at=FOREVER).update(ends_at=at)
    search.forget(record)
    record.delete()


def by_name(rows: Sequence[Row]) -> Mapping[str, Row]:
    """Return rows by the name they have."""
    return {str(getattr(row, "name")): row for row in rows}  # noqa: B009 - the type knows no name


def utc(moment: datetime) -> datetime:
    """Return a moment without a zone as one in UTC."""
    return moment.replace(tzinfo=UTC)


def uuid(words: str) -> UUID:
    """Return a random-looking UUID that always comes from the same words."""
    return UUID(bytes=sha256(words.encode()).digest()[:16], version=4)
