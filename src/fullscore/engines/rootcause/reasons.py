"""Why an item is suspected or not, in sentences with figures."""

from dataclasses import dataclass

from .evidence import DEGRADED, Evidence
from .shifts import Shift

MOST = 3  # metrics named
WELL_EXPLAINED = 0.5  # share from which a dependency is named as the explanation


@dataclass(frozen=True, slots=True)
class RecentChange:
    """Something altered before the onset."""

    item: str
    title: str
    minutes_before: float  # end of the change → onset


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an item was judged, before changes are considered."""

    item: str
    score: float
    unexplained: float = 0.0  # of the score, what is felt and no dependency accounts for
    is_symptom: bool = False
    is_reached: bool = False
    is_proxy: bool = False
    explained: float = 0.0  # 0 … 1
    explained_by: str | None = None


def reasons(
    verdict: Verdict, evidence: Evidence, caller: str | None, change: RecentChange | None
) -> tuple[str, ...]:
    """Return one sentence or more, most important first; `caller` casts suspicion on the item."""
    if verdict.is_proxy:
        return ("It is another name of an item, so it is not blamed itself.",)
    told = [_moved(shift) for shift in _strongest(evidence)]
    if _is_network(verdict.item, evidence):
        told.append("Its callers see the delay, its own figures do not: the network between?")
    if verdict.explained_by is not None and verdict.explained >= WELL_EXPLAINED:
        told.append(
            f"{verdict.explained_by}, on which it depends, explains {verdict.explained:.0%}."
        )
    elif verdict.is_symptom:
        told.append("The trouble shows here, and nothing it depends on explains it.")
    elif evidence.felt > 0:
        told.append("Nothing it depends on explains that.")
    if caller is not None:
        told.append(f"{caller}, which depends on it, suffers for no reason of its own.")
    if told and not verdict.is_reached:
        told.append("The symptom is not known to depend on it.")
    if change is not None:
        told.append(f"“{change.title}” ended {change.minutes_before:.0f} minutes before the onset.")
    return tuple(told) or ("Nothing unusual was measured here.",)


def _strongest(evidence: Evidence) -> list[Shift]:
    """Return the shifts that count most, one per metric."""
    ordered = sorted(evidence.shifts, key=lambda each: (-each[0], _moved(each[1])))
    by_metric: dict[str, Shift] = {}
    for _, shift in ordered:
        by_metric.setdefault(shift.signal.metric, shift)
    return list(by_metric.values())[:MOST]


def _is_network(item: str, evidence: Evidence) -> bool:
    seen = [s for _, s in evidence.shifts if s.kind in DEGRADED]
    return bool(seen) and all(s.signal.towards == item and s.signal.item != item for s in seen)


def _moved(shift: Shift) -> str:
    signal, usual, now = shift.signal, shift.usual, shift.now
    seen = f", seen by {signal.item}" if signal.towards else ""
    if usual > 0 and now >= 2 * usual:
        return f"{signal.metric} is {now / usual:.3g}× the usual {signal.said(usual)}{seen}."
    return f"{signal.metric} is {signal.said(now)} instead of the usual {signal.said(usual)}{seen}."
