"""The order of suspects: found guilty by what shifted, excused by what explains it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from .evidence import Evidence, gathered
from .reasons import RecentChange, Verdict, reasons
from .shifts import Signal, shift_of

ASSUMED = 1.2  # least strength of the symptom: somebody reported it, so it is real
ELSEWHERE = 0.3  # weight of what the symptom does not depend on
ENOUGH_RISE = 0.3  # share of a caller's rise that explains it: how often it calls is not known
ENOUGH_STRENGTH = 0.5  # share of a caller's strength that explains it
# Share of what a caller feels without a reason that falls on each it calls: the fault may be silent
# there, or in the network between. However many callers, never more than most of the worst one.
SILENT, MOST_SILENT = 0.3, 0.9
HALF_LIFE = 120.0  # minutes after which a change is half as suspect
CHANGED = 0.5  # by how much a change at the moment of the onset raises a score

Graph = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Suspect:
    """An item, how much it is suspected (0 = not at all), and why, most important first."""

    item: str
    score: float
    reasons: tuple[str, ...]


def rank(
    signals: Sequence[Signal],
    edges: Sequence[tuple[str, str]],
    *,
    symptom: str,
    symptom_metric: str | None = None,
    changes: Sequence[RecentChange] = (),
    proxies: Collection[str] = frozenset(),
) -> list[Suspect]:
    """Return every item named by signals or edges, most suspected first, of equals by name.

    Edges are (item, depends_on) and may form cycles. `proxies` are other names of items: never
    blamed, and not asked. Without signals there is nothing to rank: [].

    Method: score = (felt·(1 − explained) + local) · way. *felt* is how slow or failing an item is;
    *explained* how far its worst dependency accounts for that; *local* what nothing below can
    explain, such as its processor; *way* the square root of the weakest strength between it and
    the symptom, relative to its own. What is slow for no known reason casts a shadow of suspicion
    on what it calls. A fault propagates along dependencies (compare MicroRCA,
    L. Wu et al., NOMS 2020) and rises and falls together with what it causes.
    """
    if not signals:
        return []
    shifts = [shift for signal in signals if (shift := shift_of(signal)) is not None]
    asked = [s for s in shifts if (s.signal.towards or s.signal.item) not in proxies]
    found = gathered(asked, symptom, symptom_metric)
    below = _below(edges, proxies)
    strongest = _ways(symptom, below, found)
    latest = _latest(changes)
    verdicts = {
        item: _judged(item, symptom, below, found, strongest, is_proxy=item in proxies)
        for item in _named(signals, edges)
    }
    shadows = _shadows(verdicts, below, symptom)
    suspects = []
    for item, verdict in verdicts.items():
        shadow, caller = shadows.get(item, (0.0, None))
        score = verdict.score + shadow
        change = latest.get(item) if score > 0 else None
        if change is not None:
            score *= 1 + CHANGED * _recency(change)
        told = reasons(verdict, found[item], caller, change)
        suspects.append(Suspect(item, score, told))
    return sorted(suspects, key=lambda suspect: (-suspect.score, suspect.item))


def _judged(
    item: str,
    symptom: str,
    below: Graph,
    found: defaultdict[str, Evidence],
    strongest: Mapping[str, float],
    *,
    is_proxy: bool,
) -> Verdict:
    is_symptom = item == symptom
    if is_proxy:
        return Verdict(item, 0.0, is_symptom=is_symptom, is_proxy=True)
    evidence = found[item]
    felt = max(evidence.felt, ASSUMED) if is_symptom else evidence.felt
    shares = {each: _explains(felt, evidence, found[each]) for each in below.get(item, ())}
    by = min(shares, key=lambda each: (-shares[each], each), default=None)
    explained = shares[by] if by is not None else 0.0
    is_reached = is_symptom or item in strongest
    way = 1.0 if is_reached else ELSEWHERE
    if is_reached and not is_symptom and evidence.total > 0:
        way = min(1.0, strongest[item] / evidence.total) ** 0.5
    return Verdict(
        item,
        (felt * (1 - explained) + evidence.local) * way,
        unexplained=felt * (1 - explained) * way,
        is_symptom=is_symptom,
        is_reached=is_reached,
        explained=explained,
        explained_by=by,
    )


def _shadows(
    verdicts: Mapping[str, Verdict], below: Graph, symptom: str
) -> dict[str, tuple[float, str]]:
    """Return what falls on items from callers slow for no known reason, and the worst of those.

    The symptom casts none: whatever it calls would be suspected, which says nothing.
    """
    callers: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for caller, called in below.items():
        unexplained = verdicts[caller].unexplained
        if caller != symptom and unexplained > 0:
            for item in called:
                callers[item].append((-unexplained, caller))
    return {item: _shadow(sorted(each)) for item, each in callers.items()}


def _shadow(callers: Sequence[tuple[float, str]]) -> tuple[float, str]:
    worst, name = callers[0]
    total = sum(unexplained for unexplained, _ in callers)
    return min(-SILENT * total, -MOST_SILENT * worst), name


def _explains(felt: float, caller: Evidence, callee: Evidence) -> float:
    """Return which share, 0 … 1, of what a caller feels its callee accounts for."""
    if felt <= 0:
        return 0.0
    return _material(caller, callee) * min(1.0, callee.total / (ENOUGH_STRENGTH * felt))


def _material(caller: Evidence, callee: Evidence) -> float:
    """Return whether the callee rose far enough, in the metric's unit, to matter to the caller."""
    shares = [
        callee.rises[metric] / rise
        for metric, rise in caller.rises.items()
        if rise > 0 and metric in callee.rises
    ]
    return min(1.0, max(shares) / ENOUGH_RISE) if shares else 1.0


def _ways(symptom: str, below: Graph, found: defaultdict[str, Evidence]) -> dict[str, float]:
    """Return for what the symptom depends on the strength of the best way there.

    A way is as strong as its weakest item, less for each step that hardly matters to the caller.
    """
    best = {symptom: float("inf")}
    heap = [(-best[symptom], symptom)]
    while heap:
        strength, item = heappop(heap)
        if -strength < best[item]:
            continue
        for each in below.get(item, ()):
            way = min(-strength, found[each].total) * _material(found[item], found[each])
            if way > best.get(each, -1.0):
                best[each] = way
                heappush(heap, (-way, each))
    return best


def _below(edges: Iterable[tuple[str, str]], proxies: Collection[str]) -> dict[str, set[str]]:
    below: dict[str, set[str]] = {}
    for item, depends_on in edges:
        if item != depends_on and item not in proxies and depends_on not in proxies:
            below.setdefault(item, set()).add(depends_on)
    return below


def _named(signals: Iterable[Signal], edges: Iterable[tuple[str, str]]) -> set[str]:
    named = {item for edge in edges for item in edge}
    for signal in signals:
        named.update({signal.item, signal.towards or signal.item})
    return named


def _latest(changes: Iterable[RecentChange]) -> dict[str, RecentChange]:
    """Return the last change of each item before the onset; what came after caused nothing."""
    latest: dict[str, RecentChange] = {}
    for change in sorted(
        (change for change in changes if change.minutes_before >= 0),
        key=lambda change: (change.minutes_before, change.title),
    ):
        latest.setdefault(change.item, change)
    return latest


def _recency(change: RecentChange) -> float:
    return float(0.5 ** min(change.minutes_before / HALF_LIFE, 1000.0))
