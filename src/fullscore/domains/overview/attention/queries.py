"""The queue of one person: every source's concerns, priced, folded and ranked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from fullscore.domains.overview.attention.models import Snooze
from fullscore.engines import attention
from fullscore.kit import money, time
from fullscore.kit.models import User

FORGOTTEN = timedelta(days=14)
URGENT = 4  # the severity from which something needs somebody now


@dataclass(frozen=True)
class Told:
    """How one concern is shown: what, where, whose, by when, and what can be done in place."""

    title: str
    url: str
    severity: int
    where: str = ""
    owner: str = ""
    assignee: Any = None
    due: str = ""
    action: str = ""
    action_url: str = ""
    is_default_price: bool = False
    since: datetime | None = None
    late_since: datetime | None = None  # the day that was promised and has passed


@dataclass(frozen=True)
class Source:
    """Where concerns come from: `concerns(user, now)`, and how those of it are told."""

    concerns: Callable[[User, datetime], tuple[Sequence[attention.Concern], Mapping[str, Any]]]
    tell: Callable[[Any, User], Told]
    severity: Callable[[Any], int]
    team_of: Callable[[Any], int | None]  # who answers for it
    is_taken: Callable[[Any], bool]  # somebody is on it
    give: Callable[..., Any]  # give(record, person=…, by=…): the record's own assignment


_sources: list[Source] = []


def come_from(sources: Sequence[Source]) -> None:
    """Say where the queue comes from; called once, by `config`."""
    _sources[:] = sources


@dataclass(frozen=True)
class QueueRow:
    """One row of the queue, and why it stands where it stands."""

    entry: attention.Entry
    told: Told
    why: str
    others: int

    @property
    def cost(self) -> str:
        """Return the cost per hour as the row shows it."""
        return money.per_hour(self.entry.cost_per_hour)


class Queue(NamedTuple):
    """The first rows of a person's queue, how many rows there are, and how many are urgent."""

    rows: list[QueueRow]
    total: int
    urgent: int


class Waiting(NamedTuple):
    """Something that waits: its concern, where it comes from, and the record itself."""

    concern: attention.Concern
    source: Source
    record: Any


def waiting(user: User, now: datetime) -> dict[str, Waiting]:
    """Return all that waits and the person may see, by key."""
    concerns: dict[str, Waiting] = {}
    for source in _sources:
        found, records = source.concerns(user, now)
        concerns |= {c.key: Waiting(c, source, records[c.key]) for c in found}
    return concerns


def queue(user: User, *, now: datetime | None = None, limit: int = 10) -> Queue:
    """Return the first rows of a person's queue, and what all of it comes to."""
    now = now or time.now()
    concerns = waiting(user, now)
    entries = attention.ranked(
        [one for one, _, _ in concerns.values()], now=now, snoozes=_snoozes(user)
    )
    rows = []
    for entry in entries[:limit]:
        concern, source, record = concerns[entry.key]
        told = source.tell(record, user)
        why = explained(concern, entry, told, now)
        rows.append(QueueRow(entry, told, why, len(entry.members) - 1))
    waits = [concerns[entry.key] for entry in entries]
    urgent = sum(one.source.severity(one.record) >= URGENT for one in waits)
    return Queue(rows, len(entries), urgent)


def explained(concern: attention.Concern, entry: attention.Entry, told: Told, now: datetime) -> str:
    """Say in one sentence why the row costs what it costs."""
    due_at, parts = concern.due_at, []
    late = told.late_since or (due_at if due_at and due_at <= now else None)
    if concern.loss_per_hour:
        parts.append(f"{money.told(concern.loss_per_hour)} lost each hour")
    if concern.stake and due_at and now < due_at:
        left = time.in_words((due_at - now).total_seconds())
        parts.append(f"{money.told(concern.stake)} at stake, due in {left}")
    elif concern.stake and concern.chance_per_hour:
        by = "" if late else " by chance"
        parts.append(f"{money.told(concern.stake)} at stake{by}")
    if late:
        parts.append(f"overdue for {time.in_words((now - late).total_seconds())}")
    if entry.is_late and due_at and now < due_at:
        parts.append("the last start has passed")
    words = ", ".join(parts) or "no price and no day"
    return words[:1].upper() + words[1:] + (" (default figures)" if told.is_default_price else "")


def _snoozes(user: User) -> dict[str, attention.Snooze]:
    rows = Snooze.objects.filter(user=user, until__gt=time.now())
    return {s.key: attention.Snooze(s.until, s.cost_per_hour) for s in rows}


def headline(found: Queue) -> str:
    """Say in one sentence how things stand."""
    count, total = found.urgent, found.total
    if not total:
        return "Nothing needs you now"
    if not count:
        return f"{_number(total)} {'thing' if total == 1 else 'things'} can wait, nothing is urgent"
    verb = "needs" if count == 1 else "need"
    return f"{_number(count)} {'thing' if count == 1 else 'things'} {verb} you now"


def _number(count: int) -> str:
    words = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"]
    return words[count] if count < len(words) else f"{count:,}"
