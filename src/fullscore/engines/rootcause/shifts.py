"""How far one metric moved, in its bad direction, from what it usually is."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

QUARTERS = np.array([0.25, 0.5, 0.75])
FEWEST = 5  # samples before, below which nothing is usual
LARGEST = 1e100  # beyond it squares would overflow
BEYOND_DOUBT = 1e4  # usual spreads; more says nothing more
# What counts as the usual spread at least: half the standard deviation, for a spike that comes
# every hour is no surprise; 2 % of the level; of a share, a quarter of a point.
OF_DEVIATION, OF_LEVEL, OF_SHARE = 0.5, 0.02, 0.0025


class Kind(Enum):
    """What a metric tells, read from its name."""

    FAILURE = ("error", "fail", "exception", "timeout", "drop", "loss", "retrans")
    DELAY = ("latency", "duration", "delay", "response", "rtt", "elapsed", "lag")
    HEALTH = ("availab", "success", "health")  # worse when it falls; judged as failure
    STRAIN = ("cpu", "mem", "load", "disk", "queue", "satur", "heap", "swap", "pressure")
    VOLUME = ()  # anything else: neither direction is the bad one


@dataclass(frozen=True, slots=True)
class Signal:
    """One metric of an item, before and after the onset; NaN = no sample."""

    item: str
    metric: str
    before: np.ndarray
    after: np.ndarray
    towards: str | None = None  # the callee of a metric measured per edge

    def said(self, value: float) -> str:
        """Return a value as reasons say it; who knows its unit says it better."""
        return plain(value)


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """How a signal moved. Strengths are logarithms of usual spreads, worse = positive."""

    signal: Signal
    kind: Kind  # never HEALTH
    strength: float  # mean over the samples after, less for one with gaps
    rise: float  # mean after less the usual, in the metric's unit, worse = positive
    profile: Floats  # strength per sample after; NaN = no sample
    usual: float
    now: float


def plain(value: float) -> str:
    """Return a figure as people read it: 5,813,000 and not 5.813e+06; four digits that count."""
    rounded = float(f"{value:.4g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:.4g}"


def kind_of(metric: str) -> Kind:
    """Return what a metric tells; of its name all that counts is the words it holds."""
    name = metric.lower().replace("workload", "")  # work that comes in is volume
    return next((kind for kind in Kind if any(word in name for word in kind.value)), Kind.VOLUME)


def shift_of(signal: Signal) -> Shift | None:
    """Return how a signal moved; None where too little was measured to say.

    Strength of a sample: sign(z)·log(1 + |z|), z = (value − median) / spread, spread =
    max(IQR / 1.349, half the standard deviation, 2 % of the median). The mean of logarithms lets
    a fault count that comes and goes, yet not a single wild sample. An infinite value is none.
    """
    before, after = _values(signal.before), _values(signal.after)
    usual_samples, is_there = before[np.isfinite(before)], np.isfinite(after)
    if len(usual_samples) < FEWEST or not is_there.any():
        return None
    kind = kind_of(signal.metric)
    least = 1e-9
    sign = 1.0
    if kind is Kind.HEALTH:
        full = 1.0 if max(usual_samples.max(), np.nanmax(after)) <= 1 else 100.0
        kind, sign, least = Kind.FAILURE, -1.0, OF_SHARE * full
        usual_samples, after = full - usual_samples, full - after
    low, usual, high = _quartiles(usual_samples)
    spread = max(
        (high - low) / 1.349, OF_DEVIATION * usual_samples.std(), OF_LEVEL * abs(usual), least
    )
    away = np.clip((after - usual) / spread, -BEYOND_DOUBT, BEYOND_DOUBT)
    profile = np.sign(away) * np.log1p(np.abs(away))
    coverage = min(1.0, 2 * is_there.mean()) * min(1.0, 2 * len(usual_samples) / len(before))
    strength = float(profile[is_there].mean() * coverage)
    now = float(after[is_there].mean())
    shown = (float(usual), now) if sign > 0 else (full - float(usual), full - now)
    return Shift(signal, kind, strength, now - float(usual), profile, *shown)


def _quartiles(samples: Floats) -> Floats:
    """Return what numpy's percentile returns, eight times faster on a few hundred samples."""
    ordered = np.sort(samples)
    places = QUARTERS * (len(ordered) - 1)
    return np.asarray(np.interp(places, np.arange(len(ordered)), ordered), np.float64)


def _values(samples: np.ndarray) -> Floats:
    values = np.array(samples, dtype=np.float64).ravel()
    values[~np.isfinite(values)] = np.nan
    return np.clip(values, -LARGEST, LARGEST)
