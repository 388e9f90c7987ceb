"""What is usual for the hour, and how far a value is from it."""

import math
from collections.abc import Sequence

HOUR = 3600.0
MANY = 10.0  # deviations taken for the first departure of what never varied
WIDEST = 1e150  # deviations beyond which nothing more is told; their square is still finite
STRANGE = 20.0  # deviations beyond which a value teaches no more than this many would


class Spread:
    """Mean and standard deviation of a stream that forgets: exponential weights.

    Method: weights 1/n until n reaches the span, then 1/span (D. Finch, Incremental calculation
    of weighted mean and variance, 2009). One wild value is learned as `STRANGE` deviations, so it
    does not blind the detector for what follows.
    """

    __slots__ = ("_count", "_mean", "_variance")

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0
        self._variance = 0.0

    def deviations(self, value: float) -> float:
        """Return how many standard deviations a value is from the mean before it; 0 when young."""
        off = value - self._mean
        if self._count < 2 or off == 0.0:
            return 0.0
        if self._variance <= 0.0:
            return math.copysign(MANY, off)
        return max(-WIDEST, min(WIDEST, off / math.sqrt(self._variance)))

    def bounded(self, value: float) -> float:
        """Return the value, or the nearest that is not strange."""
        if self._variance <= 0.0:
            return value
        limit = STRANGE * math.sqrt(self._variance)
        return max(self._mean - limit, min(self._mean + limit, value))

    def learn(self, value: float, span: float) -> None:
        """Take in a value; `span` is the number of values remembered."""
        self._count += self._count < span
        weight = 1.0 / self._count
        off = self.bounded(value) - self._mean
        self._mean += weight * off
        self._variance = (1.0 - weight) * (self._variance + weight * off * off)

    def figures(self) -> list[float]:
        """Return all it knows, in the order in which `take` reads it."""
        return [float(self._count), self._mean, self._variance]

    def take(self, figures: Sequence[float]) -> None:
        """Know what another one's figures tell."""
        count, self._mean, self._variance = figures
        self._count = int(count)


class Profile:
    """The usual value for each hour of a period, and the spread of what departs from it."""

    __slots__ = ("_departures", "_rate", "_usual")

    def __init__(self, hours: int, rate: float) -> None:
        """Take the period in hours, and how fast an hour is learned anew: by 1 - exp(-rate)."""
        self._usual: list[float | None] = [None] * hours
        self._rate = rate
        self._departures = Spread()

    def usual(self, at: float) -> float | None:
        """Return what is usual for the hour, None if it was never seen."""
        return self._usual[self._hour(at)]

    def deviations(self, at: float, value: float) -> float:
        """Return by how many usual departures a value departs from its hour; 0 if unknown."""
        usual = self.usual(at)
        return 0.0 if usual is None else self._departures.deviations(value - usual)

    def learn(self, at: float, value: float, step: float, span: float) -> None:
        """Take in a value that stands for `step` seconds."""
        hour = self._hour(at)
        usual = self._usual[hour]
        if usual is None:
            self._usual[hour] = value
            return
        departure = self._departures.bounded(value - usual)
        self._departures.learn(departure, span)
        self._usual[hour] = usual + (1.0 - math.exp(-self._rate * step / HOUR)) * departure

    def figures(self) -> list[float]:
        """Return all it knows, in the order in which `take` reads it; NaN: an hour never seen."""
        usual = (math.nan if value is None else value for value in self._usual)
        return [*usual, *self._departures.figures()]

    def take(self, figures: Sequence[float]) -> None:
        """Know what another one's figures tell."""
        hours = len(self._usual)
        self._usual = [None if math.isnan(value) else value for value in figures[:hours]]
        self._departures.take(figures[hours:])

    def _hour(self, at: float) -> int:
        return int(at / HOUR % len(self._usual)) % len(self._usual)
