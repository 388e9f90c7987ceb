"""Where record and world differ: seen, then decided by a person."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from fullscore.domains.foundation.estate import authority
from fullscore.domains.foundation.estate.announcements import DifferenceRejected
from fullscore.domains.foundation.estate.models import Claim, Difference, Item, Source
from fullscore.domains.foundation.estate.services.items import change
from fullscore.domains.foundation.estate.support import of_release
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

RELEASE = ("os", "os_version")
LONGEST_IGNORE = timedelta(days=365)


def compare(
    item: Item, seen: Mapping[str, Any], *, by: User, source: Source, now: datetime
) -> None:
    """Take over what a source is believed about, and open a difference where a person is asked."""
    told = {name: value for name, value in seen.items() if value is not None}
    believed = _believed(item, told, source, now)
    taken = {n: v for n, v in believed.items() if authority.POLICIES.get(n) == "observed"}
    for attribute, actual in believed.items():
        if authority.POLICIES.get(attribute) != "ask":
            continue
        recorded_value = authority.intended(item, attribute)
        if recorded_value is None:
            taken[attribute] = actual  # nothing was intended, so there is nothing to ask
        else:
            differ(item, attribute, recorded_value, actual, by=by, source=source.name, now=now)
    _take(item, taken, by=by, source=source)


def _believed(
    item: Item, seen: Mapping[str, Any], source: Source, now: datetime
) -> Mapping[str, Any]:
    """Return what no source of a higher rank says something about."""
    own = authority.RANKS[source.kind]
    higher = [kind for kind, rank in authority.RANKS.items() if rank > own]
    others = Claim.objects.filter(item=item, attribute__in=seen, source__kind__in=higher)
    outranked = set(others.live(now).values_list("attribute", flat=True)) if higher else set()
    return {name: value for name, value in seen.items() if name not in outranked}


def _take(item: Item, taken: Mapping[str, Any], *, by: User, source: Source) -> None:
    """Write what is believed into the record; what is equal writes nothing."""
    seen = {name: value for name, value in taken.items() if name != "site"}
    if {**item.attributes, **seen} == item.attributes:
        return
    with transaction.atomic():
        # Read with many others a while ago: what people wrote since must stand.
        item.refresh_from_db(from_queryset=Item.objects.select_for_update(no_key=True))
        with recorded(item, "see", by=by, note=source.name):
            item.attributes = {**item.attributes, **seen}
            support = of_release(*(str(item.attributes.get(n) or "") for n in RELEASE))
            if support:
                item.supported_until, item.support_source = support.until, support.source


def differ(
    item: Item, attribute: str, intended: Any, actual: Any, *, by: User, source: str, now: datetime
) -> None:
    """Open the difference between a record and what is seen, keep it, or end it."""
    rows = Difference.objects.filter(item=item, attribute=attribute)
    known = rows.filter(state__in=Difference.UNDECIDED).first()
    if actual is None or authority.agrees(attribute, intended, actual):
        if known is not None:
            with recorded(known, "end", by=by, note="both agree again"):
                known.state = Difference.State.GONE
        return
    found = known or Difference(item=item, attribute=attribute, source=source, first_seen_at=now)
    is_over = found.state == Difference.State.IGNORED and (found.until or now.date()) <= now.date()
    is_other = found.pk is not None and found.actual != actual
    if found.pk is None or is_over or is_other:
        with recorded(found, "see", by=by):
            found.intended, found.actual = intended, actual
            found.state, found.until = Difference.State.OPEN, None


def accept(difference: Difference, *, by: User, note: str = "") -> Difference:
    """Take over what is seen into the record."""
    _check_undecided(difference)
    if difference.attribute not in authority.WRITABLE:
        raise Conflict(
            "What is seen cannot be written into the record. One thing: merge one item into the"
            " other. Two things: give the clone a machine id of its own"
            " (`systemd-machine-id-setup`), or say of the sighting which item it is."
        )
    with recorded(difference, "accept", by=by, note=note):
        change(difference.item, by=by, **_written(difference))
        difference.state, difference.note = Difference.State.ACCEPTED, note
    return difference


def _written(difference: Difference) -> dict[str, Any]:
    """Return the values by which an item says what is seen."""
    name, actual = difference.attribute, difference.actual
    if name == "site":
        site = Item.objects.live().filter(kind="site", name__iexact=str(actual)).first()
        if site is None:
            raise Conflict(f"There is no site “{actual}” yet: add it first, then accept.")
        return {"site": site}
    if name in authority.FIELDS:
        return {name: actual}
    return {"attributes": {**difference.item.attributes, name: actual}}


def reject(difference: Difference, *, by: User, note: str) -> Difference:
    """Say that the record is right: the world is to be brought back to it."""
    _check_undecided(difference)
    with recorded(difference, "reject", by=by, note=note):
        difference.state, difference.note = Difference.State.REJECTED, note
        announce(DifferenceRejected(difference.pk, by.pk))
    return difference


def ignore(difference: Difference, *, by: User, until: date, note: str = "") -> Difference:
    """Let a difference be until a day; then it is asked again."""
    _check_undecided(difference)
    if not timedelta(0) < until - time.now().date() <= LONGEST_IGNORE:
        raise Invalid("Choose a day in the coming year.", {"until": ["Not then."]})
    with recorded(difference, "ignore", by=by, note=note):
        difference.state, difference.until = Difference.State.IGNORED, until
        difference.note = note
    return difference


def ask_again(*, by: User, now: datetime) -> int:
    """Open the differences that were ignored until today; returns how many."""
    due = Difference.objects.filter(state=Difference.State.IGNORED, until__lte=now.date())
    rows = list(due)
    for one in rows:
        with recorded(one, "ask again", by=by, note=f"ignored until {one.until}"):
            one.state, one.until = Difference.State.OPEN, None
    return len(rows)


def _check_undecided(difference: Difference) -> None:
    if difference.state not in Difference.UNDECIDED:
        raise Conflict(f"This difference is {difference.state}: there is nothing to decide.")
