"""Score the samples of one series as they come."""

import math
from statistics import median
from typing import NamedTuple

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
# How a detector is packed: a form, ten figures, the gaps, two profiles. NaN stands for None.
FORM, NONE = 1.0, math.nan
SPREAD = 3
FIGURES = 10 + GAPS + DAY + SPREAD + WEEK + SPREAD


class Compared(NamedTuple):
    """A sample beside what is usual for its hour of the week; None: nothing was seen there yet."""

    at: float  # Unix seconds
    value: float
    usual: float | None
    deviations: float  # the larger of those from the two profiles


class Detector:
    """Tell how unusual each sample is by the usual of its hour of the day and of the week.

    Method: the departures from two seasonal profiles, in deviations z of their own history, give
    a surprise log(1 + z²) each, as of a heavy-tailed (Cauchy) likelihood; unbounded, so no two
    surprises are alike. Their sum is averaged over the last few samples and only then squashed.
    After a sample that reaches `ALARM` come a hundred that cannot: one event alarms once.
    Level and difference beside the two profiles were measured as well and gained nothing.

    Only what came before decides; picklable, a few KiB however long it runs. What is kept outside
    is `packed`, which is numbers only: to open it runs no code, as to open a pickle would.
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
        self._last: Compared | None = None

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

    @property
    def compared(self) -> Compared | None:
        """Return the last sample that was scored beside what is usual; None before the first."""
        return self._last

    def why(self) -> str:
        """Return in words how the last sample compares with the usual; hours are in UTC."""
        if self._last is None:
            return "Nothing was scored yet."
        at, value, usual, deviations = self._last
        hour = hour_named(at)
        if usual is None:
            return f"{value:.4g}: nothing was seen at {hour} before."
        times = f", {value / usual:.3g}× that" if value * usual > 0 else ""
        usually = f"{value:.4g} where {usual:.4g} is usual for {hour}"
        return f"{usually}{times}: {deviations:.3g} deviations."

    def _scored(self, at: float, value: float, scale: float) -> float:
        daily, weekly = self._day.deviations(at, value), self._week.deviations(at, value)
        surprise = 2.0 * (math.log(math.hypot(1.0, daily)) + math.log(math.hypot(1.0, weekly)))
        self._surprise += (surprise - self._surprise) / (RECENT * scale)
        self._last = Compared(at, value, self._week.usual(at), max(abs(daily), abs(weekly)))
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

    def packed(self) -> bytes:
        """Return all it knows as numbers, 1.8 KB, from which `unpacked` makes an equal one."""
        last = self._last or Compared(NONE, NONE, None, NONE)
        gaps = [*self._gaps, *[NONE] * (GAPS - len(self._gaps))]
        figures = [
            FORM, _told(self._step), _told(self._last_at), self._surprise, self._quiet,
            last.at, last.value, _told(last.usual), last.deviations, float(len(self._gaps)), *gaps,
            *self._day.figures(), *self._week.figures(),
        ]  # fmt: skip
        return np.array(figures, dtype="<f8").tobytes()

    @classmethod
    def unpacked(cls, data: bytes) -> "Detector":
        """Return the detector that was packed. ValueError: it is none of this form."""
        if len(data) != 8 * FIGURES:
            raise ValueError(f"A packed detector has {8 * FIGURES} bytes, not {len(data)}.")
        figures: list[float] = np.frombuffer(data, dtype="<f8").tolist()
        count = figures[9]
        if figures[0] != FORM or count not in range(GAPS):
            raise ValueError("This detector was packed in another form.")
        made = cls(step_seconds=_known(figures[1]))
        made._last_at, made._surprise, made._quiet = _known(figures[2]), figures[3], figures[4]
        if not math.isnan(figures[5]):
            made._last = Compared(figures[5], figures[6], _known(figures[7]), figures[8])
        made._gaps = figures[10 : 10 + int(count)]
        place = 10 + GAPS
        made._day.take(figures[place : place + DAY + SPREAD])
        made._week.take(figures[place + DAY + SPREAD :])
        return made


def _told(value: float | None) -> float:
    return NONE if value is None else value


def _known(figure: float) -> float | None:
    return None if math.isnan(figure) else figure


def scores(at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the score of every sample of a series, the same as one detector gives in turn.

    ValueError: times and values differ in number.
    """
    times, samples = np.asarray(at, float).tolist(), np.asarray(values, float).tolist()
    detector = Detector()
    return np.array([detector.update(*each) for each in zip(times, samples, strict=True)], float)


def hour_of_week(at: float) -> int:
    """Return the hour of the week in UTC, 0 … 167 from Monday 00:00, of a time in Unix seconds."""
    return int((at / HOUR - FIRST_MONDAY) % WEEK) % WEEK


def hour_named(at: float) -> str:
    """Return an hour of the week like "Monday 09:00"."""
    day, hour = divmod(hour_of_week(at), DAY)
    return f"{WEEKDAYS[day]} {hour:02}:00"
