"""The calendar: which changes and freezes lie where, and what gets in the way of what."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from fullscore.domains.foundation.changes import conflicts
from fullscore.domains.foundation.changes.conflicts import MARGIN, Conflict, Slot
from fullscore.domains.foundation.changes.facts import Draft
from fullscore.domains.foundation.changes.models import Change, Freeze
from fullscore.domains.foundation.changes.queries import blast
from fullscore.domains.foundation.estate import queries as estate
from fullscore.kit.access import Actor

AHEAD = timedelta(days=28)  # how far a free slot is looked for


@dataclass(frozen=True, slots=True)
class InTheWay:
    """What gets in the way of a change, and when there would be room."""

    conflicts: tuple[Conflict, ...]
    freezes: tuple[Freeze, ...]
    free_at: datetime | None  # None: nothing is in the way, or no room within four weeks


def in_the_way(draft: Draft) -> InTheWay:
    """Return what gets in the way of a change, whoever may see it."""
    mine = Slot(
        draft.change, "", draft.starts_at, draft.ends_at, frozenset(draft.items), draft.executor
    )
    until = draft.starts_at + AHEAD
    others = list(slots(draft.starts_at - MARGIN, until + (draft.ends_at - draft.starts_at)))
    near = blast.around(draft.items)
    told = conflicts.found(mine, others, near)
    frozen = freezes_over(draft.items, draft.starts_at, draft.ends_at)
    free_at = None
    if told or frozen:
        closed = freezes_over(draft.items, draft.starts_at, until)
        times = [(freeze.starts_at, freeze.ends_at) for freeze in closed]
        free_at = conflicts.next_free(mine, others, near, times, until=until)
    return InTheWay(tuple(told), tuple(frozen), free_at)


def slots(start: datetime, end: datetime) -> Iterator[Slot]:
    """Return the planned changes whose windows touch a time."""
    rows = between(Change.objects.planned(), start, end)
    for change in rows.prefetch_related("items").order_by("starts_at"):
        yield Slot(
            change.pk,
            change.title,
            change.starts_at,
            change.ends_at,
            frozenset(item.pk for item in change.items.all()),
            change.executor_id,
        )


def between(rows: QuerySet[Change], start: datetime, end: datetime) -> QuerySet[Change]:
    """Keep the changes whose windows touch a time."""
    return rows.filter(starts_at__lt=end, ends_at__gt=start)


def freezes_over(items: Iterable[int], start: datetime, end: datetime) -> list[Freeze]:
    """Return the freezes that hold for any of some items in a time."""
    wanted = list(items)
    rows = Freeze.objects.filter(starts_at__lt=end, ends_at__gt=start).order_by("starts_at")
    return [freeze for freeze in rows if covers(freeze, wanted)]


def covers(freeze: Freeze, items: Sequence[int]) -> bool:
    """Say whether a freeze holds for any of some items."""
    if not freeze.selector:
        return True
    return estate.selected(freeze.selector).filter(pk__in=items).exists()


def seen_titles(conflicts: Iterable[Conflict], user: Actor) -> set[int]:
    """Return which of the changes in the way somebody may see."""
    ids = [one.change for one in conflicts]
    return set(Change.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


def serving(rows: QuerySet[Change], item: int) -> QuerySet[Change]:
    """Keep the changes that touch an item or anything it depends on."""
    through = Change.items.through.objects.filter(item__in=blast.needed_by(item))
    return rows.filter(pk__in=through.values("change"))
