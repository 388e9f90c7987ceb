"""What is learnt from incidents and changes: whom they hurt, how alike they are, how fast one is.

Instants are Unix seconds, lengths are seconds; nothing here reads a clock. Percentiles are those
of linear interpolation between ranks (method 7 of Hyndman and Fan, Am. Stat. 50 (1996) 361-365),
as spreadsheets and numpy count them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

SATURDAY = 5
# Our judgement: what broke before says most, then where it hurt, then which rules rang.
ROOT_WEIGHT, ITEM_WEIGHT, NAME_WEIGHT = 0.4, 0.35, 0.25


def working_days_after(day: date, count: int) -> date:
    """Return the day that is so many days from Monday to Friday after `day`."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < SATURDAY
    return day


@dataclass(frozen=True, slots=True)
class Outage:
    """That something alerted on an item, from when until when."""

    item: int
    starts: float
    ends: float


def seconds_down(
    outages: Sequence[Outage], edges: Iterable[tuple[int, int]], services: Collection[int],
    *, hops: int = 3,
) -> dict[int, float]:  # fmt: skip
    """Return for each service how long it, or what it needs within `hops` steps, alerted.

    An edge is (item, what it depends on). Overlapping alerts count once; a service that nothing
    touched is left out.
    """
    needs = _by_item(edges)
    spans: dict[int, list[tuple[float, float]]] = {}
    for outage in outages:
        spans.setdefault(outage.item, []).append((outage.starts, outage.ends))
    told = {}
    for service in services:
        reached = _below(service, needs, hops)
        seconds = covered([span for item in reached for span in spans.get(item, ())])
        if seconds > 0:
            told[service] = seconds
    return told


def within_reach(item: int, edges: Iterable[tuple[int, int]], *, hops: int = 3) -> set[int]:
    """Return an item and what it depends on within so many steps."""
    return _below(item, _by_item(edges), hops)


def _by_item(edges: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    needs: dict[int, list[int]] = {}
    for item, needed in edges:
        needs.setdefault(item, []).append(needed)
    return needs


def _below(item: int, needs: Mapping[int, Sequence[int]], hops: int) -> set[int]:
    seen, edge = {item}, {item}
    for _ in range(hops):
        edge = {below for one in edge for below in needs.get(one, ())} - seen
        seen |= edge
    return seen


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Return the length of the union of spans; one that ends before it starts counts nothing."""
    total, until = 0.0, float("-inf")
    for starts, ends in sorted(spans):
        total += max(0.0, ends - max(starts, until))
        until = max(until, ends)
    return total


def budget_left(bad: float, target: float) -> float:
    """Return what is left of an error budget: 1 all of it, 0 none, below it overspent.

    `bad` is the share that went wrong, 0 to 1; 1 − `target` may. Source: Google, The Site
    Reliability Workbook (2018), chapter 2.
    """
    return 1.0 - bad / (1.0 - target)


@dataclass(frozen=True, slots=True)
class Traits:
    """By what incidents are compared."""

    root: int | None
    items: frozenset[int]
    names: frozenset[str]  # of the rules that rang


def likeness(one: Traits, other: Traits) -> tuple[float, tuple[str, ...]]:
    """Return how alike two incidents are, 0 to 1, and what they share in words.

    Items and names by their shared part of both together (Jaccard, 1901).
    """
    is_same_root = one.root is not None and one.root == other.root
    items, names = one.items & other.items, one.names & other.names
    score = ROOT_WEIGHT * is_same_root
    score += ITEM_WEIGHT * _shared(one.items, other.items)
    score += NAME_WEIGHT * _shared(one.names, other.names)
    why = ["the same root"] if is_same_root else []
    why += [f"{len(items)} of its items"] if items else []
    why += [f"the same alert: {name}" for name in sorted(names)[:2]]
    return score, tuple(why)


def _shared(one: frozenset[object], other: frozenset[object]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How lengths are spread: seconds, None where there are none."""

    count: int
    mean: float | None = None
    median: float | None = None
    p90: float | None = None


def spread(values: Iterable[float | None]) -> Spread:
    """Return the mean of lengths, beside it the median and the 90th percentile.

    One night of ten hours moves the mean of a quarter; it hardly moves the median.
    """
    known = sorted(value for value in values if value is not None)
    if not known:
        return Spread(0)
    return Spread(len(known), fmean(known), _percentile(known, 0.5), _percentile(known, 0.9))


def _percentile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@dataclass(frozen=True, slots=True)
class Handled:
    """When an incident began, was noticed, taken, and was over."""

    starts: float
    detected: float
    acknowledged: float | None = None
    resolved: float | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """How fast incidents are noticed, taken and resolved; each spread counts what has happened."""

    detect: Spread  # MTTD: noticed − first symptom
    acknowledge: Spread  # MTTA: taken − noticed
    resolve: Spread  # MTTR: over − noticed


def times(incidents: Sequence[Handled]) -> Times:
    """Return MTTD, MTTA and MTTR of incidents; the caller leaves out what was merged."""
    return Times(
        spread(one.detected - one.starts for one in incidents),
        spread(_since(one.acknowledged, one.detected) for one in incidents),
        spread(_since(one.resolved, one.detected) for one in incidents),
    )


def _since(until: float | None, since: float) -> float | None:
    return None if until is None else until - since


@dataclass(frozen=True, slots=True)
class Made:
    """A change that was carried out."""

    ended: float
    is_done: bool  # neither failed nor rolled back
    asked: float | None = None  # first commit, or the request; None: not known
    is_cause: bool = False  # of an incident
    is_fix: bool = False  # unplanned, made because of an incident
    recovered: float | None = None  # from the first symptom until over, of the worst it caused


@dataclass(frozen=True, slots=True)
class Delivery:
    """The five figures of DORA. Rates are 0 to 1, None while nothing was carried out."""

    carried_out: int
    lead: Spread  # from first commit or request until done
    per_week: float
    fail_rate: float | None  # caused an incident ÷ carried out
    recovery: Spread  # of those that caused one
    rework_rate: float | None  # made because of an incident ÷ carried out


def delivery(changes: Sequence[Made], *, days: float) -> Delivery:
    """Return the five figures of what was carried out in so many days.

    Source: DORA, "DORA's software delivery performance metrics" (dora.dev, 2025). A change that
    failed or was rolled back was carried out: it counts in frequency and rates, not in lead time.
    """
    count = len(changes)
    return Delivery(
        carried_out=count,
        lead=spread(_since(one.ended, one.asked) for one in changes
                    if one.is_done and one.asked is not None),
        per_week=count * 7 / days if days > 0 else 0.0,
        fail_rate=sum(one.is_cause for one in changes) / count if count else None,
        recovery=spread(one.recovered for one in changes if one.is_cause),
        rework_rate=sum(one.is_fix for one in changes) / count if count else None,
    )  # fmt: skip
