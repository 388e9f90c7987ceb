"""What changed before this broke? Everything with a time, scored, each row with its reasons."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fullscore.domains.response.incidents.models import Incident
from fullscore.domains.response.troubleshooting import queries
from fullscore.domains.response.troubleshooting.facts import Happening
from fullscore.domains.response.troubleshooting.reading.happenings import happened
from fullscore.domains.response.troubleshooting.reading.lines import Line, Told, lines
from fullscore.domains.response.troubleshooting.reading.neighbourhood import around
from fullscore.engines import happenings as scoring
from fullscore.engines.rootcause.shifts import Shift, shift_of
from fullscore.interfaces.web.figures import duration
from fullscore.kit.access import Actor

HOURS, MOST_HOURS = 24, 24 * 14
FINE, COARSE = timedelta(minutes=1), timedelta(minutes=5)
FINE_UP_TO = timedelta(hours=6)  # spans that are looked at by the minute
USUAL, AFTERWARDS = timedelta(hours=1), timedelta(minutes=30)  # around what happened
SHIFTED = 1.4  # strength of a metric that stays three usual spreads off: log(1 + 3)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened, how much speaks against it, and why."""

    happening: Happening
    item: str  # its name
    hops: int
    score: float  # 0 … 1
    reasons: tuple[str, ...]


def before_incident(incident: Incident, *, by: Actor, hours: float = HOURS) -> list[Row]:
    """Return what happened before an incident began to what alerts in it, and what that needs."""
    items = set(incident.alerts.filter(item__isnull=False).values_list("item", flat=True))
    if incident.root_item_id is not None:
        items.add(incident.root_item_id)
    return before(items, incident.starts_at, by=by, hours=hours)


def before(
    items: Collection[int], moment: datetime, *, by: Actor, hours: float = HOURS
) -> list[Row]:
    """Return what happened to items and to what they depend on before a moment, worst first.

    Only of items somebody may see. Cost: a few statements per source, one question to the samples.
    """
    if not items:
        return []
    near = around(items)
    told = happened(list(near.hops), moment - timedelta(hours=hours), moment, by=by)
    names = queries.names_for({one.item for one in told}, by)
    shifts = _shifts(told, moment)
    rates = queries.failure_rates(moment)
    rows = [
        _row(one, names[one.item], near.hops[one.item], moment, shifts.get(one), rates[one.kind])
        for one in told if one.item in names
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row.score, -row.happening.at.timestamp(), row.item))


def _row(
    one: Happening, name: str, hops: int, moment: datetime, shift: Shift | str | None, rate: float
) -> Row:
    # Facts are read now and then: what was seen a little later had happened before.
    ago = max(0.0, (moment - one.at).total_seconds())
    has_shifted = isinstance(shift, Shift)
    score = scoring.score(scoring.Happening(ago / 3600, hops, has_shifted, rate))
    reasons = [
        f"{duration(round(ago / 60) * 60) if ago >= 60 else duration(ago)} before."
        if one.at <= moment
        else f"Seen {duration((one.at - moment).total_seconds())} after, and up to"
        f" {duration(one.slack.total_seconds())} older: it may have come before.",
        "On the item itself." if hops == 0 else "One step below what broke." if hops == 1
        else f"{hops} steps below what broke.",
        _moved(shift) if isinstance(shift, Shift) else shift or "Nothing is measured on it.",
        f"Of {one.kind}, {rate:.0%} were to blame where they came before.",
    ]  # fmt: skip
    return Row(one, name, hops, score, tuple(reasons))


def _moved(shift: Shift) -> str:
    words = shift.signal.metric[:1].upper() + shift.signal.metric[1:]
    said = shift.signal.said
    return f"{words} shifted after it: {said(shift.now)}, usual {said(shift.usual)}."


def _shifts(told: Sequence[Happening], moment: datetime) -> Mapping[Happening, Shift | str]:
    """Return for each happening what shifted most after it, or that nothing did."""
    if not told:
        return {}
    start, end = _whole(min(one.at for one in told) - USUAL), moment + AFTERWARDS
    step = FINE if end - start <= FINE_UP_TO else COARSE
    count = max(1, (end - start) // step)
    by_item: dict[int, list[Line]] = defaultdict(list)
    items = list(dict.fromkeys(one.item for one in told))
    for line in lines(items, end=start + count * step, count=count, step=step):
        by_item[line.item].append(line)
    return {one: _shift(one, by_item[one.item], start, step) for one in told if by_item[one.item]}


def _shift(one: Happening, own: Sequence[Line], start: datetime, step: timedelta) -> Shift | str:
    at = (one.at - start) // step
    first = (one.at - one.slack - start) // step
    found = []
    for line in own:
        usual = line.values[max(0, first - USUAL // step) : first]
        after = line.values[at + 1 : at + 1 + AFTERWARDS // step]
        shift = (
            shift_of(Told("", line.words, usual, after, shown=line.shown)) if len(after) else None
        )
        if shift is not None and abs(shift.strength) >= SHIFTED:
            found.append(shift)
    if not found:
        return "Nothing that is measured on it shifted after it."
    return max(found, key=lambda shift: (abs(shift.strength), shift.signal.metric))


def _whole(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
