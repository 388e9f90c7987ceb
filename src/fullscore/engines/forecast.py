"""Where a figure will be: when it reaches a limit, and within which band it moves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

PAIRED = 600  # points: their 179,700 slopes take 5 ms; more points are thinned evenly
TREND_DAYS = 90.0
LEAST_DAYS = 14
RECENT_DAYS = 7.0  # which say how high the line stands now: one of each weekday
SHARE, LOW, HIGH = 0.80, 0.10, 0.90  # an 80 % band
Z = 1.2815515655446004  # the normal quantile of HIGH
ORIGINS, APART, FEWEST = 6, 7, 21  # past days forecast from, points between them, points before
TRIED = 45  # points paired then: four times as fast, and the spread of slopes is little more
UNTRIED, NARROWEST, WIDEST = 1.5, 0.7, 6.0  # times the width that the residuals alone would give
AT_ONCE = 2_000_000  # slopes in memory


@dataclass(frozen=True, slots=True)
class Sample:
    """Use at one instant: days since any fixed origin; any unit, the same as the limit."""

    day: float
    used: float


@dataclass(frozen=True, slots=True)
class Band:
    """What to expect: days as in the input, and the low, middle and high of each."""

    days: Floats
    low: Floats
    middle: Floats
    high: Floats

    def reaches(self, limit: float) -> tuple[float | None, float | None]:
        """Return the first days on which the high and the low edge reach a limit.

        None: not within it.
        """
        return self._first(self.high, limit), self._first(self.low, limit)

    def _first(self, edge: Floats, limit: float) -> float | None:
        over = np.flatnonzero(edge >= limit)
        return float(self.days[over[0]]) if over.size else None


@dataclass(frozen=True, slots=True)
class Bands:
    """What to expect of many figures: the coming days [H]; low, middle and high of each [S, H]."""

    days: Floats
    low: Floats
    middle: Floats
    high: Floats
    slope: Floats  # [S] units per day

    def of(self, place: int) -> Band:
        """Return the band of one figure."""
        return Band(self.days, self.low[place], self.middle[place], self.high[place])


@dataclass(frozen=True, slots=True)
class _Line:
    """A trend with its season, for each of S figures, and what of the past it leaves over."""

    slope: Floats  # [S]
    level: Floats  # [S]
    season: Floats  # [S, phases]
    left: Floats  # [S, n]

    def at(self, days: Floats) -> Floats:
        """Return where the line stands on some days."""
        phases = _phases(days, self.season.shape[1])
        return self.level[:, None] + self.slope[:, None] * days + self.season[:, phases]


def days_until_full(samples: Sequence[Sample], limit: float) -> float | None:
    """Return the days from the last sample until use reaches `limit`.

    None means never: use is flat, falling, or known at fewer than two distinct days.
    0.0 means the limit is already reached.

    Method: Theil-Sen slope (median of pairwise slopes, units per day), which one bad sample cannot
    tip; breakdown point 29 %. Above 600 samples an evenly spaced subset is paired.
    Source: P. K. Sen, J. Am. Stat. Assoc. 63 (1968) 1379-1389.
    """
    if not samples:
        return None
    last = max(samples, key=lambda s: s.day)
    if last.used >= limit:
        return 0.0
    days = np.array([s.day for s in samples], dtype=np.float64)
    used = np.array([s.used for s in samples], dtype=np.float64)
    slope = theil_sen(days, used)
    return (limit - last.used) / slope if slope > 0 else None


def theil_sen(days: Floats, values: Floats) -> float:
    """Return the median of all pairwise slopes, units per day; 0.0 without two distinct days."""
    order = np.argsort(days, kind="stable")
    return float(_slopes(days[order], values[None, order])[0])


def band(
    days: ArrayLike, values: ArrayLike, *, horizon_days: int, season_days: int | None = None,
    seed: int = 0,
) -> Band | None:  # fmt: skip
    """Return an 80 % band for each coming day; None when less than 14 days are known.

    As `bands`, of one figure; what is not finite is left out. `seed` alters nothing, for nothing is
    drawn by chance: callers of the method that drew may give it. ValueError: as there.
    """
    at = np.asarray(days, dtype=np.float64)
    known = np.asarray(values, dtype=np.float64)
    if at.shape != known.shape or at.ndim != 1:
        raise ValueError("days and values must be two arrays of one length")
    fine = np.isfinite(at) & np.isfinite(known)
    found = bands(at[fine], known[None, fine], horizon_days=horizon_days, season_days=season_days)
    return None if found is None else found.of(0)


def bands(
    days: ArrayLike, table: ArrayLike, *, horizon_days: int, season_days: int | None = None
) -> Bands | None:
    """Return 80 % bands of S figures known on the same n days; None under 14 days.

    `table` is [S, n], finite. Method: Theil-Sen trend on the last 90 days, medians per phase of the
    season (7 for weekdays), standing where the last 7 days stand. The width joins the 10 % and 90 %
    quantiles of the residuals with how far they wander in h days (from the growth of their squared
    differences over 7 and 14 points), and is stretched until 80 % of the errors lie inside that
    the same method would have made from up to six past days of the figure itself.
    Source of the stretching: G. Shafer, V. Vovk, A tutorial on conformal prediction, J. Mach.
    Learn. Res. 9 (2008) 371-421. ValueError: unequal lengths, horizon < 1, season < 1.
    """
    at, known = _checked(days, table)
    if horizon_days < 1 or (season_days is not None and season_days < 1):
        raise ValueError("horizon and season are at least one day")
    if len(np.unique(np.floor(at))) < LEAST_DAYS:
        return None
    return _bands(at, known, at.max() + np.arange(1, horizon_days + 1.0), season_days or 1)


def backtest(
    days: ArrayLike, table: ArrayLike, *, held_days: int, season_days: int | None = None
) -> tuple[Whole, int]:
    """Forecast the last days from those before; return how many lie inside [S], and of how many.

    (0s, 0) when less than 14 days come before. ValueError: as `bands`.
    """
    at, known = _checked(days, table)
    before = at <= at.max() - held_days if len(at) else np.zeros(0, dtype=bool)
    if held_days < 1 or len(np.unique(np.floor(at[before]))) < LEAST_DAYS:
        return np.zeros(len(known), dtype=np.int64), 0
    found = _bands(at[before], known[:, before], at[~before], season_days or 1)
    real, slack = known[:, ~before], 1e-9 * (1 + np.abs(known).max(axis=1))[:, None]
    inside = (real >= found.low - slack) & (real <= found.high + slack)
    return inside.sum(axis=1).astype(np.int64), real.shape[1]


def _checked(days: ArrayLike, table: ArrayLike) -> tuple[Floats, Floats]:
    """Return the days in order, and each figure on them."""
    at, known = np.asarray(days, dtype=np.float64), np.asarray(table, dtype=np.float64)
    if at.ndim != 1 or known.ndim != 2 or known.shape[1] != len(at):
        raise ValueError("days and each figure must be of one length")
    order = np.argsort(at, kind="stable")
    return at[order], known[:, order]


def _bands(at: Floats, known: Floats, ahead: Floats, season: int) -> Bands:
    recent = at >= at.max() - TREND_DAYS
    at, known = at[recent], known[:, recent]
    line = _line(at, known, season)
    middle = line.at(ahead)
    low, high = _widths(line.left, ahead - at.max())
    stretch = _stretch(at, known, season)[:, None]
    return Bands(ahead, middle - stretch * low, middle, middle + stretch * high, line.slope)


def _line(at: Floats, known: Floats, season: int, *, paired: int = PAIRED) -> _Line:
    slope = _slopes(at, known, paired)
    left = known - slope[:, None] * at
    level = np.median(left, axis=1)
    left = left - level[:, None]
    phases, medians = _phases(at, season), np.zeros((len(known), season))
    if season > 1:
        for phase in np.unique(phases):
            medians[:, phase] = np.median(left[:, phases == phase], axis=1)
        left = left - medians[:, phases]
    stands = np.median(left[:, at > at.max() - RECENT_DAYS], axis=1)
    return _Line(slope, level + stands, medians, left)


def _phases(at: Floats, season: int) -> Whole:
    phases: Whole = np.floor(at).astype(np.int64) % season
    return phases


def _slopes(at: Floats, known: Floats, paired: int = PAIRED) -> Floats:
    """Return the Theil-Sen slope of each figure, some at a time."""
    if len(at) > paired:
        chosen = np.linspace(0, len(at) - 1, paired).round().astype(np.intp)
        at, known = at[chosen], known[:, chosen]
    first, second = np.triu_indices(len(at), k=1)
    apart = at[second] - at[first]
    first, second, apart = first[apart > 0], second[apart > 0], apart[apart > 0]
    slopes = np.zeros(len(known))
    if not len(apart):
        return slopes
    step = max(1, AT_ONCE // len(apart))
    for start in range(0, len(known), step):
        some = known[start : start + step]
        rise = (some[:, second] - some[:, first]) / apart
        slopes[start : start + step] = np.median(rise, axis=1)
    return slopes


def _widths(left: Floats, days_ahead: Floats) -> tuple[Floats, Floats]:
    """Return how far below and above the line the edges lie so many days ahead, unstretched."""
    centred = left - np.median(left, axis=1)[:, None]
    low, high = np.quantile(centred, [LOW, HIGH], axis=1)
    wandering = np.zeros(len(left))
    if left.shape[1] > 14:
        week, fortnight = (left[:, lag:] - left[:, :-lag] for lag in (7, 14))
        grown = (fortnight**2).mean(axis=1) - (week**2).mean(axis=1)
        wandering = np.maximum(0.0, grown / 7)  # squared units per day
    # The line stands where the middle of the last week stood.
    far = Z * np.sqrt(wandering[:, None] * (days_ahead + RECENT_DAYS / 2))
    return np.hypot(low[:, None], far), np.hypot(high[:, None], far)


def _stretch(at: Floats, known: Floats, season: int) -> Floats:
    """Return by what the widths are multiplied, so that 80 % of past errors lay inside."""
    scores = []
    for place in range(1, ORIGINS + 1):
        cut = len(at) - place * APART
        if cut < FEWEST:
            break
        line = _line(at[:cut], known[:, :cut], season, paired=TRIED)
        low, high = _widths(line.left, at[cut:] - at[cut - 1])
        error = known[:, cut:] - line.at(at[cut:])
        least = 1e-9 * (1 + np.abs(known).max(axis=1))[:, None]
        scores.append(np.abs(error) / np.maximum(np.where(error > 0, high, low), least))
    if not scores:
        return np.full(len(known), UNTRIED)
    found: Floats = np.quantile(np.concatenate(scores, axis=1), SHARE, axis=1)
    return np.clip(found, NARROWEST, WIDEST)
