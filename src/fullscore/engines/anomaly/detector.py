"""Score the samples of one series as they come."""

import math
from statistics import median

import numpy as np

from .profile import HOUR, Profile

# A sample whose score reaches this is unusual. The score is s/(s + CALM): one half is s = CALM.
# Measured on the developers' part of NAB (`bench/anomaly.py`): 3.5 to 4.0 are within 4 points;
# MEMORY, QUIET and the rates move the result by less than 5 when halved or doubled.
ALARM = 0.5
CALM = 3.75

DAY, WEEK = 24, 168  # hours
DAY_RATE, WEEK_RATE = 0.9, 2.7  # an hour of the week comes seldom and is learned at once
# Spans in samples of five minutes; samples farther apart are counted one by one.
STEP = 300.0
MEMORY = 2000  # a week
RECENT = 3
QUIET = 100
GAPS = 16  # from which the step is learned
SHORTEST = 1.0  # second
LARGEST = 1e100  # values beyond are taken for this: their squares must stay finite
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST_MONDAY = 4 * 24  # hours from the Thursday on which Unix time begins


class Detector:
    """Tell how unusual each sample is by the usual of its hour of the day and of the week.

    Method: the departures from two seasonal profiles, in deviations z of their own history, give
    a surprise log(1 + z²) each, as of a heavy-tailed (Cauchy) likelihood; unbounded, so no two
    surprises are alike. Their sum is averaged over the last few samples and only then squashed.
    After a sample that reaches `ALARM` come a hundred that cannot: one event alarms once.
    Level and difference beside the two profiles were measured as well and gained nothing.

    Only what came before decides; picklable, a few KiB however long it runs.
    """

    def __init__(self, *, step_seconds: float | None = None) -> None:
        """Take the usual time between samples, or learn it from the first gaps.

        ValueError: a step that is not positive and finite.
        """
        if step_seconds is not None and not (math.isfinite(step_seconds) and step_seconds > 0):
            raise ValueError("step_seconds must be positive and finite.")
        self._step = step_seconds
        self._gaps: list[float] = []
        self._last_at: float | None = None
        self._day = Profile(DAY, DAY_RATE)
        self._week = Profile(WEEK, WEEK_RATE)
        self._surprise = 0.0
        self._quiet = 0.0  # samples for which the alarm stays off
        self._last: tuple[float, float, float | None, float] | None = None

    def update(self, at: float, value: float) -> float:
        """Return the score, 0 to 1, of a sample at a time in Unix seconds, and learn from it.

        No number scores 0.0 and changes nothing. Times may repeat, go back and jump; one that is
        not finite counts as the last. Infinite values count as very large ones.
        """
        if math.isnan(value):
            return 0.0
        value = max(-LARGEST, min(LARGEST, float(value)))
        at = self._moment(float(at))
        step = self._pace()
        scale = max(1.0, STEP / step)
        score = self._scored(at, value, scale)
        for profile in (self._day, self._week):
            profile.learn(at, value, step, MEMORY * scale)
        return score

    def why(self) -> str:
        """Return in words how the last sample compares with the usual; hours are in UTC."""
        if self._last is None:
            return "Nothing was scored yet."
        at, value, usual, deviations = self._last
        hour = _hour_named(at)
        if usual is None:
            return f"{value:.4g}: nothing was seen at {hour} before."
        times = f", {value / usual:.3g}× that" if value * usual > 0 else ""
        usually = f"{value:.4g} where {usual:.4g} is usual for {hour}"
        return f"{usually}{times}: {deviations:.3g} deviations."

    def _scored(self, at: float, value: float, scale: float) -> float:
        daily, weekly = self._day.deviations(at, value), self._week.deviations(at, value)
        surprise = 2.0 * (math.log(math.hypot(1.0, daily)) + math.log(math.hypot(1.0, weekly)))
        self._surprise += (surprise - self._surprise) / (RECENT * scale)
        self._last = (at, value, self._week.usual(at), max(abs(daily), abs(weekly)))
        score = self._surprise / (self._surprise + CALM)
        if self._quiet > 0.0:
            self._quiet -= 1.0
            return min(score, ALARM) / 2.0
        if score >= ALARM:
            self._quiet = QUIET * scale
        return score

    def _moment(self, at: float) -> float:
        """Return a usable time, and learn the step while it is unknown."""
        last = self._last_at
        if not math.isfinite(at):
            return 0.0 if last is None else last
        if self._step is None and last is not None and at > last:
            self._gaps.append(at - last)
            if len(self._gaps) == GAPS:
                self._step = median(self._gaps)
                self._gaps.clear()
        self._last_at = at
        return at

    def _pace(self) -> float:
        """Return the seconds between samples as far as they are known."""
        step = self._step or (median(self._gaps) if self._gaps else STEP)
        return max(SHORTEST, step)


def scores(at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the score of every sample of a series, the same as one detector gives in turn.

    ValueError: times and values differ in number.
    """
    times, samples = np.asarray(at, float).tolist(), np.asarray(values, float).tolist()
    detector = Detector()
    return np.array([detector.update(*each) for each in zip(times, samples, strict=True)], float)


def _hour_named(at: float) -> str:
    """Return an hour of the week like "Monday 09:00"."""
    day, hour = divmod(int((at / HOUR - FIRST_MONDAY) % WEEK) % WEEK, DAY)
    return f"{WEEKDAYS[day]} {hour:02}:00"
