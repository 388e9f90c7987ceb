"""Where a figure will be: when it reaches a limit, and within which band it moves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

PAIRED = 600  # points: their 179,700 slopes take 5 ms; more points are thinned evenly
TREND_DAYS = 90.0
LEAST_DAYS = 14
DRAWS = 400
BLOCK = 7  # points kept together when residuals are drawn: yesterday's luck lasts
LOW, HIGH = 0.10, 0.90  # an 80 % band


@dataclass(frozen=True, slots=True)
class Sample:
    """Use at one instant: days since any fixed origin; any unit, the same as the limit."""

    day: float
    used: float


@dataclass(frozen=True, slots=True)
class Band:
    """What to expect: days as in the input, and the low, middle and high of each."""

    days: NDArray[np.float64]
    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]

    def reaches(self, limit: float) -> tuple[float | None, float | None]:
        """Return the first days on which the high and the low edge reach a limit.

        None: not within it.
        """
        return self._first(self.high, limit), self._first(self.low, limit)

    def _first(self, edge: NDArray[np.float64], limit: float) -> float | None:
        over = np.flatnonzero(edge >= limit)
        return float(self.days[over[0]]) if over.size else None


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


def theil_sen(days: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the median of all pairwise slopes, units per day; 0.0 without two distinct days."""
    order = np.argsort(days, kind="stable")
    days, values = days[order], values[order]
    if len(days) > PAIRED:
        chosen = np.linspace(0, len(days) - 1, PAIRED).round().astype(np.intp)
        days, values = days[chosen], values[chosen]
    first, second = np.triu_indices(len(days), k=1)
    apart = days[second] - days[first]
    has_slope = apart > 0
    if not has_slope.any():
        return 0.0
    rise = values[second][has_slope] - values[first][has_slope]
    return float(np.median(rise / apart[has_slope]))


def band(
    days: ArrayLike,
    values: ArrayLike,
    *,
    horizon_days: int,
    season_days: int | None = None,
    seed: int,
) -> Band | None:
    """Return an 80 % band for each coming day; None when less than 14 days are known.

    Method: Theil-Sen trend on the last 90 days, medians per phase of the season (7 for weekdays),
    block bootstrap of the residuals. ValueError: unequal lengths, horizon < 1, season < 1.
    """
    at = np.asarray(days, dtype=np.float64)
    known = np.asarray(values, dtype=np.float64)
    if at.shape != known.shape or at.ndim != 1:
        raise ValueError("days and values must be two arrays of one length")
    if horizon_days < 1 or (season_days is not None and season_days < 1):
        raise ValueError("horizon and season are at least one day")
    fine = np.isfinite(at) & np.isfinite(known)
    at, known = at[fine], known[fine]
    if len(np.unique(np.floor(at))) < LEAST_DAYS:
        return None
    recent = at >= at.max() - TREND_DAYS
    at, known = at[recent], known[recent]
    slope = theil_sen(at, known)
    level = float(np.median(known - slope * at))
    season, left = _season(at, known - (level + slope * at), season_days)
    ahead = at.max() + np.arange(1, horizon_days + 1, dtype=np.float64)
    middle = level + slope * ahead + _phase(ahead, season, season_days)
    noise = _drawn(left[np.argsort(at, kind="stable")], horizon_days, seed)
    low, high = np.quantile(noise, [LOW, HIGH], axis=0)
    return Band(ahead, middle + low, middle, middle + high)


def _season(
    at: NDArray[np.float64], residual: NDArray[np.float64], season_days: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the median of each phase, and what is left of the residuals without it."""
    if season_days is None:
        return np.zeros(1), residual
    phases = np.floor(at).astype(np.int64) % season_days
    season = np.zeros(season_days)
    for phase in range(season_days):
        mine = residual[phases == phase]
        season[phase] = float(np.median(mine)) if mine.size else 0.0
    return season, residual - season[phases]


def _phase(
    ahead: NDArray[np.float64], season: NDArray[np.float64], season_days: int | None
) -> NDArray[np.float64]:
    if season_days is None:
        return np.zeros_like(ahead)
    return season[np.floor(ahead).astype(np.int64) % season_days]


def _drawn(residual: NDArray[np.float64], horizon: int, seed: int) -> NDArray[np.float64]:
    """Return DRAWS possible courses of the residual, drawn in blocks."""
    dice = np.random.default_rng(seed)
    block = min(BLOCK, len(residual))
    count = -(-horizon // block)
    starts = dice.integers(0, len(residual) - block + 1, size=(DRAWS, count))
    courses = residual[starts[:, :, None] + np.arange(block)]
    drawn: NDArray[np.float64] = courses.reshape(DRAWS, count * block)[:, :horizon]
    return drawn
