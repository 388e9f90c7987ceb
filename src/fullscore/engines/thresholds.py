"""Which values are beyond a limit, since when, and how badly: many series at once.

Values come in columns of one length of time, the newest last; NaN is "nothing was measured". What
is worse above and what is worse below is judged alike: rules of the second kind are mirrored.

A breach begins when the whole of `hold` columns is beyond a limit, at the gravest limit that all of
them are beyond. It gets graver in the same way, milder when none of `hold` columns was as grave,
and ends with the first value on the good side of `clear`. Between `clear` and the mildest limit
it goes on (hysteresis: a value that dances on the limit is one breach). A missing value neither
begins nor ends one.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Grades = NDArray[np.int8]

MEDIUM, HIGH, CRITICAL = 3, 4, 5  # severities of the three limits, as findings count them
MISSING = -1  # grade of a value that is not there


@dataclass(frozen=True, slots=True)
class Rules:
    """One rule for each row of values; all arrays are of that length.

    `levels` has three columns, medium, high and critical, of which at least one is no NaN; `clear`
    lies on the good side of all. `hold` is a number of columns, at least 1.
    """

    levels: Floats  # rows × 3
    clear: Floats
    is_upper: Flags  # worse above
    is_strict: Flags  # a value on the limit is still good
    hold: NDArray[np.int64]

    def of(self, rows: NDArray[np.int64]) -> "Rules":
        """Return the rules of some rows, each as often as it is named."""
        return Rules(
            self.levels[rows], self.clear[rows], self.is_upper[rows], self.is_strict[rows],
            self.hold[rows],
        )  # fmt: skip

    @property
    def mildest(self) -> Grades:
        """Return the severity of each rule's mildest limit."""
        places: Grades = np.argmax(~np.isnan(self.levels), axis=1).astype(np.int8)
        return places + np.int8(MEDIUM)


class Span(NamedTuple):
    """One breach: its row, its first column, the first column after it, and its worst severity."""

    row: int
    first: int
    end: int  # the number of columns when it goes on
    severity: int


def grades(values: Floats, rules: Rules) -> Grades:
    """Return for each value 0, or 3, 4, 5 beyond medium, high, critical; MISSING for NaN."""
    mirror = np.where(rules.is_upper, 1.0, -1.0)[:, None]
    mirrored = values * mirror
    levels = rules.levels * mirror
    told = np.zeros(values.shape, dtype=np.int8)
    for place in range(3):
        limit = levels[:, place, None]
        is_beyond = (mirrored > limit) | (~rules.is_strict[:, None] & (mirrored == limit))
        told[is_beyond] = MEDIUM + place
    told[np.isnan(values)] = MISSING
    return told


def is_good(values: Floats, rules: Rules) -> Flags:
    """Say which values lie on the good side of `clear`, or on it."""
    mirror = np.where(rules.is_upper, 1.0, -1.0)[:, None]
    good: Flags = values * mirror <= (rules.clear * mirror[:, 0])[:, None]
    return good


def judge(values: Floats, rules: Rules, severity: Grades) -> Grades:
    """Return the severity of each row's breach after the newest column; 0 where there is none.

    `severity` is what it was before, 0 where there was none. Rows × columns, with at least as many
    columns as the longest `hold`; each row looks at its own last `hold` columns. Cost: linear in
    the number of values.
    """
    told = grades(values, rules)
    count = values.shape[1]
    is_held = np.arange(count) >= count - rules.hold[:, None]
    least = np.where(is_held, told, CRITICAL).min(axis=1).clip(min=0)
    # What was not measured may have been as bad as ever.
    most = np.where(is_held, np.where(told == MISSING, CRITICAL, told), 0).max(axis=1)
    stays = (severity > 0) & ~is_good(values[:, -1:], rules)[:, 0]
    after = np.maximum(least, np.minimum(severity, np.maximum(most, rules.mildest)))
    now: Grades = np.where(stays, after, least).astype(np.int8)
    return now


def spans(values: Floats, rules: Rules) -> list[Span]:
    """Return every breach of a history, as `judge` would have seen it column by column.

    The severity is the worst it reached. All rules hold the same number of columns. A history
    begins without a breach.
    """
    told = grades(values, rules)
    hold = int(rules.hold[0]) if len(rules.hold) else 1
    reached = np.zeros(values.shape, dtype=np.int8)
    for severity in (MEDIUM, HIGH, CRITICAL):
        reached[_for_whole(told >= severity, hold)] = severity
    places = np.arange(1, values.shape[1] + 1)
    begun = np.maximum.accumulate(np.where(reached > 0, places, 0), axis=1)
    ended = np.maximum.accumulate(np.where(is_good(values, rules), places, 0), axis=1)
    is_open = begun > ended
    edges = np.diff(np.pad(is_open, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, firsts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    return [
        Span(int(row), int(first), int(end), int(reached[row, first:end].max()))
        for row, first, end in zip(rows, firsts, ends, strict=True)
    ]


def _for_whole(flags: Flags, hold: int) -> Flags:
    """Say at which columns a flag was up for the whole of `hold` columns."""
    counts = np.cumsum(np.pad(flags, ((0, 0), (hold, 0))), axis=1, dtype=np.int32)
    whole: Flags = (counts[:, hold:] - counts[:, :-hold]) == hold
    return whole
