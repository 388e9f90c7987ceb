"""How much what happened before an outage speaks against it: near in time, near in the estate."""

from dataclasses import dataclass

HALF_LIFE_HOURS = 2.0  # after so long a happening counts half
PER_HOP = 0.6  # for each step from what broke to what it depends on
WITHOUT_SHIFT = 0.3  # where nothing that is measured shifted after it
OCCASIONS = 10.0  # by as many occasions the usual rate outweighs one's own experience


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to an item before a moment at which something broke."""

    hours_before: float  # its end → the moment; below 0 it came after, and caused nothing
    hops: int  # from what broke: 0 is itself
    has_shifted: bool  # whether a metric of the item shifted after it
    failure_rate: float  # 0 … 1, of its kind


def score(happening: Happening) -> float:
    """Return 0 … 1: half for every two hours, 0.6 per hop, 0.3 without a shift, times the rate.

    ValueError: a rate outside 0 … 1, or hops below 0.
    """
    if not 0.0 <= happening.failure_rate <= 1.0 or happening.hops < 0:
        raise ValueError("A failure rate lies in 0 … 1, and hops count from 0.")
    if happening.hours_before < 0.0:
        return 0.0
    recency = 0.5 ** (happening.hours_before / HALF_LIFE_HOURS)
    shift = 1.0 if happening.has_shifted else WITHOUT_SHIFT
    return float(recency * PER_HOP**happening.hops * shift * happening.failure_rate)


def failure_rate(blamed: int, seen: int, *, usual: float) -> float:
    """Return how often a kind was to blame, drawn to the usual rate while there are few occasions.

    Method: mean of a beta distribution whose prior weighs as much as ten occasions.
    ValueError: more blamed than seen.
    """
    if not 0 <= blamed <= seen:
        raise ValueError("What was to blame was seen, too.")
    return (blamed + OCCASIONS * usual) / (seen + OCCASIONS)
