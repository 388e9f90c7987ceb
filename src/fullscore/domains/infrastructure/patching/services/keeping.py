"""Keeping what campaigns are made of: holds, rings, windows and urgencies."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from django.db import transaction

from fullscore.domains.infrastructure.patching.models import Hold, PatchWindow, Ring, Urgency
from fullscore.kit import audit, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User


class Press(NamedTuple):
    """How urgent the version of a package is that repairs something."""

    package: str
    version: str
    probability: float
    is_exploited: bool
    due_on: date | None


def add_hold(*, by: User, **values: Any) -> Hold:
    """Keep a package back until a day."""
    return change_hold(Hold(), by=by, **values)


def change_hold(hold: Hold, *, by: User, **values: Any) -> Hold:
    """Alter what is held, and until when; a hold lies ahead when it is written."""
    until = values.get("until", hold.until)
    if until is not None and until < time.now().date():
        raise Invalid("Its last day has passed: choose another.", {"until": ["It has passed."]})
    return _set(hold, by, values)


def add_ring(*, by: User, **values: Any) -> Ring:
    """Add a ring to a baseline."""
    return change_ring(Ring(), by=by, **values)


def change_ring(ring: Ring, *, by: User, **values: Any) -> Ring:
    """Alter a ring; a later one never begins before an earlier one."""
    for name, value in values.items():
        setattr(ring, name, value)
    others = Ring.objects.filter(baseline=ring.baseline).exclude(pk=ring.pk)
    early = others.filter(place__lt=ring.place, offset_days__gt=ring.offset_days).first()
    late = others.filter(place__gt=ring.place, offset_days__lt=ring.offset_days).first()
    if other := early or late:
        told = f"“{other}” at place {other.place} begins after {other.offset_days} days: rings"
        told += " begin in their order."
        raise Invalid(told, {"offset_days": [told]})
    stored = Ring.objects.get(pk=ring.pk) if ring.pk else Ring()
    return _set(stored, by, values)


def add_window(*, by: User, **values: Any) -> PatchWindow:
    """Let servers be patched at times that come again."""
    return change_window(PatchWindow(), by=by, **values)


def change_window(window: PatchWindow, *, by: User, **values: Any) -> PatchWindow:
    """Alter when servers may be patched."""
    return _set(window, by, values)


def _set(record: Any, by: User, values: dict[str, Any]) -> Any:
    with recorded(record, "change" if record.pk else "add", by=by):
        for name, value in values.items():
            setattr(record, name, value)
    return record


@transaction.atomic
def tell_urgencies(presses: Iterable[Press], *, by: User, source: str) -> int:
    """Let exactly these be the urgencies of one source; return how many there are."""
    rows = [Urgency(**one._asdict(), source=source[:120]) for one in presses]
    Urgency.objects.filter(source=source[:120]).delete()
    Urgency.objects.bulk_create(
        rows,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["package", "version"],
        update_fields=["probability", "is_exploited", "due_on", "source"],
    )
    told = [[one.package, one.version, one.probability, one.is_exploited] for one in rows]
    audit.bulk("patching.urgency", "tell", by=by, counts={source[:120]: len(rows)}, rows=told)
    return len(rows)
