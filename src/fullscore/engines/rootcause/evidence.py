"""What speaks against each item, gathered from the shifts of its metrics."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .shifts import Floats, Kind, Shift, kind_of

NOISE = 0.3  # strength that many metrics reach by chance
OTHER_METRIC = 0.6  # weight of what is not the symptom's own metric, and again not its kind
ITS_OWN_CALLS = 0.3  # weight of an item's view as a client: it tells of those it calls
VOLUME = 0.35  # weight of traffic: it follows faults more than it causes them
OUT_OF_STEP, UNKNOWN_STEP = 0.3, 0.6  # weights by how a shift moves with the symptom
FEWEST_IN_STEP = 4  # samples from which a common movement can be told
LEAST_MOVEMENT = 0.4  # of the symptom, in strength: below, there is nothing to be in step with
DEGRADED = (Kind.DELAY, Kind.FAILURE)


@dataclass(slots=True)
class Evidence:
    """What was found at one item."""

    strengths: dict[Kind, float] = field(default_factory=dict)
    rises: dict[str, float] = field(default_factory=dict)  # by metric; latency or failures
    shifts: list[tuple[float, Shift]] = field(default_factory=list)  # weighed, above noise

    @property
    def felt(self) -> float:
        """Return how slow or failing the item is; what it depends on may explain that."""
        return max((self.strengths.get(kind, 0.0) for kind in DEGRADED), default=0.0)

    @property
    def local(self) -> float:
        """Return what nothing below can explain: its own processor, memory, traffic."""
        return self.strengths.get(Kind.STRAIN, 0.0) + self.strengths.get(Kind.VOLUME, 0.0)

    @property
    def total(self) -> float:
        """Return all that speaks against the item."""
        return self.felt + self.local


def gathered(
    shifts: Sequence[Shift], symptom: str, symptom_metric: str | None
) -> defaultdict[str, Evidence]:
    """Return the evidence by item. What is measured per edge speaks against the callee."""
    symptom_profile = _profile(shifts, symptom, symptom_metric)
    found: defaultdict[str, Evidence] = defaultdict(Evidence)
    for shift in shifts:
        item = shift.signal.towards or shift.signal.item
        at = found[item]
        strength = abs(shift.strength) if shift.kind is Kind.VOLUME else shift.strength
        weighed = max(0.0, strength - NOISE) * _weight(shift, symptom_metric)
        if item != symptom:
            weighed *= _in_step(shift.profile, symptom_profile)
        if weighed > 0:
            at.strengths[shift.kind] = max(at.strengths.get(shift.kind, 0.0), weighed)
            at.shifts.append((weighed, shift))
        metric = shift.signal.metric
        if shift.kind in DEGRADED and symptom_metric in (None, metric):
            at.rises[metric] = max(at.rises.get(metric, 0.0), shift.rise)
    return found


def _weight(shift: Shift, symptom_metric: str | None) -> float:
    if shift.kind is Kind.VOLUME:
        return VOLUME
    if shift.kind is Kind.STRAIN:
        return 1.0
    signal, weight = shift.signal, 1.0
    if symptom_metric is not None:
        wanted = kind_of(symptom_metric)
        wanted = Kind.FAILURE if wanted is Kind.HEALTH else wanted
        weight *= 1.0 if shift.kind is wanted else OTHER_METRIC
        weight *= 1.0 if signal.metric == symptom_metric else OTHER_METRIC
    if signal.towards is None and "client" in signal.metric.lower():
        weight *= ITS_OWN_CALLS
    return weight


def _profile(shifts: Iterable[Shift], symptom: str, metric: str | None) -> Floats | None:
    """Return how bad the symptom was at each sample after the onset, if that is known."""
    own = [
        shift.profile
        for shift in shifts
        if shift.signal.item == symptom
        and not shift.signal.towards
        and (shift.kind in DEGRADED if metric is None else shift.signal.metric == metric)
    ]
    if not own:
        return None
    length = max(map(len, own))
    ordered = np.sort([profile for profile in own if len(profile) == length], axis=0)
    count = np.isfinite(ordered).sum(axis=0)
    return np.where(count > 0, np.nansum(ordered, axis=0) / np.maximum(count, 1), np.nan)


def _in_step(profile: Floats, symptom: Floats | None) -> float:
    """Return a weight by the correlation with the symptom: a cause rises and falls with it."""
    if symptom is None or len(profile) != len(symptom):
        return UNKNOWN_STEP
    is_there = np.isfinite(profile) & np.isfinite(symptom)
    if is_there.sum() < FEWEST_IN_STEP or symptom[is_there].std() < LEAST_MOVEMENT:
        return UNKNOWN_STEP
    one = profile[is_there] - profile[is_there].mean()
    other = symptom[is_there] - symptom[is_there].mean()
    size = float(np.sqrt((one @ one) * (other @ other)))
    correlation = float(one @ other) / size if size > 1e-9 else 0.0
    return OUT_OF_STEP + (1 - OUT_OF_STEP) * max(0.0, correlation)
