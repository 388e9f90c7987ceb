"""Who is suspected of an incident: what shifted where, what depends on what, what came before."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from fullscore.domains.response.incidents.models import Incident
from fullscore.domains.response.troubleshooting.facts import Happening, Neighbourhood
from fullscore.domains.response.troubleshooting.reading.happenings import plain
from fullscore.domains.response.troubleshooting.reading.lines import Line, Told, lines
from fullscore.domains.response.troubleshooting.reading.neighbourhood import around
from fullscore.engines import rootcause
from fullscore.engines.rootcause.shifts import shift_of

STEP = timedelta(minutes=1)
# Alerts come when something has lasted: what is usual ends ten minutes before the first one.
BEFORE, GAP, LEAD, AFTER = (
    120,
    8,
    2,
    30,
)  # steps: usual, neither, shifted, and after the first alert
MOST_SIGNALS = 750  # ranked in half a second
KEPT, WORTH = 10, 0.1  # suspects, and the share of the first one's score from which one is kept
LINES_SHOWN, SERIES_SHOWN = 3, 6  # of a suspect, in one chart
SILENT_STEPS = 3  # without any sample, after which an item fell silent
LOOKED_BACK = timedelta(hours=24)
ALL = "the incident"  # stands above several items that alert, none of which depends on another
# An alert, and silence, are marks the engine weighs as a metric that fails: six spreads beyond
# the usual, and fifty, for who is heard no more needs no further proof. They begin with the first
# symptom, so that they rise with it.
ALERTS, SILENCE = "failure: an alert", "failure: silence"
MARKED = {ALERTS: "It alerts.", SILENCE: "Nothing is measured on it any more: it fell silent."}
CALM = np.tile([0.0, 1.0], BEFORE // 2)
HEIGHT = {ALERTS: 5.0, SILENCE: 40.0}


@dataclass(frozen=True, slots=True)
class Suspected:
    """One suspect, with the series that shifted most."""

    item: int
    score: float
    reasons: tuple[str, ...]
    series: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look at an incident found; `note` says why it found nothing."""

    suspects: tuple[Suspected, ...] = ()
    items: int = 0
    signals: int = 0
    happened: tuple[str, ...] = ()  # kinds
    note: str = ""


def looked_at(incident: Incident, *, now: datetime) -> Looked:
    """Return who is suspected of an incident by what is measured until `now`."""
    alerting = set(incident.alerts.filter(item__isnull=False).values_list("item", flat=True))
    if incident.root_item_id is not None:
        alerting.add(incident.root_item_id)
    if not alerting:
        return Looked(note="No alert of it names an item: bind its senders' labels to items.")
    near = around(alerting)
    onset = incident.starts_at.replace(second=0, microsecond=0)
    end = min(now, onset + AFTER * STEP).replace(second=0, microsecond=0)
    after = max(1, (end - onset) // STEP + LEAD)
    told = lines(list(near.hops), end=end, count=BEFORE + GAP + after, step=STEP)
    before = plain(list(near.hops), onset - LOOKED_BACK, onset)
    signals = signals_of(told, near, alerting, after)[:MOST_SIGNALS]
    kinds = tuple(sorted({one.kind for one in before}))
    if not told:
        note = "Nothing is measured on the items of this incident, nor on what they depend on."
        return Looked(items=len(near.hops), happened=kinds, note=note)
    suspects = _ranked(signals, near, alerting, _recent(before, onset))
    least = WORTH * max((s.score for s in suspects if s.item != ALL), default=0.0)
    shown = {named(item) for item in alerting}  # also when something else explains all of it
    kept = [s for s in suspects if s.item != ALL and (s.score > least or s.item in shown)][:KEPT]
    note = "" if any(s.score > 0 for s in kept) else "Nothing that is measured there moved."
    suspected = tuple(_suspected(one, told) for one in kept)
    return Looked(suspected, len(near.hops), len(signals), kinds, note)


def _suspected(one: rootcause.Suspect, told: Sequence[Line]) -> Suspected:
    item = int(one.item.split()[1])
    return Suspected(item, one.score, _in_words(one.reasons), most_shifted(told, item))


def named(item: int) -> str:
    """Return how the engine calls an item: never by its name, which not everybody may read."""
    return f"item {item}"


def signals_of(
    told: Sequence[Line], near: Neighbourhood, alerting: Collection[int], after: int
) -> list[rootcause.Signal]:
    """Return what the engine compares: marks of alerts and silence first, then what is measured."""
    marks = [_mark(item, ALERTS, after) for item in sorted(alerting)]
    heard: dict[int, list[Line]] = defaultdict(list)
    for line in told:
        heard[line.item].append(line)
    marks += [
        _mark(item, SILENCE, after) for item, some in heard.items() if _is_silent(some, after)
    ]
    return [*marks, *(_signal(line, after) for line in told)]


def _signal(line: Line, after: int) -> rootcause.Signal:
    return Told(
        named(line.item), line.words, line.values[:BEFORE], line.values[-after:], shown=line.shown
    )


def _mark(item: int, words: str, after: int) -> rootcause.Signal:
    shape = np.full(after, HEIGHT[words])
    shape[: min(LEAD, after - 1)] = CALM.mean()
    return rootcause.Signal(named(item), words, CALM, shape)


def _is_silent(some: Iterable[Line], after: int) -> bool:
    """Say whether everything of an item was measured before and nothing is any more."""
    is_there = np.any(np.isfinite(np.vstack([line.values for line in some])), axis=0, keepdims=True)
    was_there = bool(is_there[:, :BEFORE].mean() > 0.5)
    return after >= SILENT_STEPS and was_there and not is_there[:, -after:].any()


def _ranked(
    signals: Sequence[rootcause.Signal], near: Neighbourhood, alerting: Collection[int],
    changes: Sequence[rootcause.RecentChange],
) -> list[rootcause.Suspect]:  # fmt: skip
    measured = {int(signal.item.split()[1]) for signal in signals}
    needs = bridged(near, measured)
    tops = topmost(needs, alerting)
    edges = [(named(a), named(b)) for a, b in needs]
    symptom = named(tops[0])
    if len(tops) > 1:
        symptom = ALL
        edges += [(ALL, named(top)) for top in tops]
    return rootcause.rank(signals, edges, symptom=symptom, changes=changes)


def bridged(near: Neighbourhood, measured: Collection[int]) -> list[tuple[int, int]]:
    """Return what depends on what among the measured, across what lies between and is not.

    The engine follows what shifted; where nothing is measured the way would end.
    """
    below: dict[int, list[int]] = defaultdict(list)
    for item, needed in near.needs:
        below[item].append(needed)
    told: set[tuple[int, int]] = set()
    for item in measured:
        front, seen = deque(below[item]), {item}
        while front:
            at = front.popleft()
            if at in seen:
                continue
            seen.add(at)
            if at in measured:
                told.add((item, at))
            else:
                front.extend(below[at])
    return sorted(told)


def topmost(needs: Iterable[tuple[int, int]], items: Collection[int]) -> list[int]:
    """Return those items on which none of the others depends; of a circle its lowest number."""
    below: dict[int, set[int]] = defaultdict(set)
    for item, needed in needs:
        below[item].add(needed)
    left, tops = sorted(items, key=lambda item: (-len(_reached(item, below)), item)), list[int]()
    while left:
        top = left[0]
        tops.append(top)
        reached = _reached(top, below)
        left = [item for item in left if item not in reached]
    return tops


def _reached(item: int, below: Mapping[int, Collection[int]]) -> set[int]:
    seen, front = {item}, [item]
    while front:
        fresh = {needed for at in front for needed in below.get(at, ())} - seen
        seen |= fresh
        front = list(fresh)
    return seen


def _recent(before: Iterable[Happening], onset: datetime) -> list[rootcause.RecentChange]:
    return [
        rootcause.RecentChange(
            named(one.item), one.text, max(0.0, (onset - one.at).total_seconds() / 60)
        )
        for one in before
    ]


def _in_words(reasons: Iterable[str]) -> tuple[str, ...]:
    """Return the reasons of a suspect, marks in words of their own."""
    return tuple(
        next((words for mark, words in MARKED.items() if reason.startswith(mark)), reason)
        for reason in reasons
    )


def most_shifted(told: Sequence[Line], item: int) -> tuple[int, ...]:
    """Return the series of an item that shifted most."""
    own = [line for line in told if line.item == item]
    ordered = sorted(own, key=lambda line: -_strength(line))[:LINES_SHOWN]
    return tuple(pk for line in ordered for pk in line.series)[:SERIES_SHOWN]


def _strength(line: Line) -> float:
    shift = shift_of(_signal(line, len(line.values) - BEFORE - GAP))
    return abs(shift.strength) if shift else 0.0
