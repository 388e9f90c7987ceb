"""Where one alert belongs: the incident of what explains it, and of what it explains.

Time of the alert splits what is known: among causes known *before* it the likeliest alone is
chosen, while all that is known *at the same time* is joined. So alerts of equal time may come in
any order.
"""

import math
from dataclasses import dataclass

from .estate import Estate
from .failures import Failure, Failures
from .incidents import Incident

# A cause two hops away counts a third of a direct one: what lies between should have failed too.
FARTHER = 0.3
# The least share of the direct dependents that must fail for a silent cause to be inferred.
# Measured on estates as in `bench/correlation.py`: .4 to .6 are alike, .3 mixes, .7 splits.
SHARE = 0.5
FEWEST = 2


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast failures spread, in seconds, in proportion to the gap that ends an incident."""

    gap: float

    @property
    def lead(self) -> float:
        """Return the time a failure takes at least to reach the next item: 4 s of 120."""
        return self.gap / 30

    @property
    def hop(self) -> float:
        """Return the mean time it takes beyond that: 20 s of 120."""
        return self.gap / 6

    @property
    def together(self) -> float:
        """Return the time within which the effects of one silent cause show: 60 s of 120."""
        return self.gap / 2

    def likelihood(self, hops: int, delay: float) -> float:
        """Return the share of spreads over so many hops that take longer, less for distance.

        The delay is a sum of exponential times, so the share is a partial sum of Poisson terms.
        """
        wait = max(0.0, delay - self.lead * hops) / self.hop
        terms = (wait**n / math.factorial(n) for n in range(hops))
        return FARTHER ** (hops - 1) * math.exp(-wait) * sum(terms)


class Placing:
    """The search for what belongs together with one alert."""

    def __init__(self, estate: Estate, failures: Failures, pace: Pace, at: float) -> None:
        self._estate = estate
        self._failures = failures
        self._pace = pace
        self._at = at
        self._own = Incident()
        self._own.open_alerts = 1
        self._joined: dict[Incident, None] = {}
        self.reasons: list[str] = []

    def settle(self, number: int) -> tuple[Incident, tuple[int, ...]]:
        """Merge all that was found into the oldest, or number a new incident.

        Return it, and the numbers that it absorbed.
        """
        found = sorted(self._joined, key=lambda incident: incident.number)
        if not found:
            self._own.number = number
            return self._own, ()
        found[0].absorb([*found[1:], self._own])
        return found[0], tuple(incident.number for incident in found[1:])

    def alert(self, item: str) -> None:
        """Place an alert of an item; an alert without one, "", always stands alone."""
        if not item:
            return
        known = self._failures.of(item, self._at)
        if known is None:
            self._fail(item, since=self._at, does_alert=True)
            return
        self.reasons.append(
            f"{item} is failing in this incident already."
            if known.does_alert
            else f"{item} was taken for the silent cause of this incident."
        )
        self._join(known)
        known.does_alert = True
        known.last_at = max(known.last_at, self._at)

    def _fail(self, item: str, *, since: float, does_alert: bool) -> None:
        failure = Failure(item, since, self._at, self._at, does_alert, self._own)
        cause = self._likeliest(failure)
        if cause is not None:
            failure.explained_at = -math.inf
            self._join(cause)
            self.reasons.append(self._because(failure, cause))
        else:
            self._join_simultaneous(failure)
        self._failures.add(failure)
        self._explain(failure, self._pace.hop if does_alert else self._pace.together)
        if cause is None:
            for support in self._estate.supports(item):
                self._infer(support)

    def _join(self, failure: Failure) -> None:
        root = failure.incident.root
        if root is not self._own:
            self._joined[root] = None

    def _likeliest(self, failure: Failure) -> Failure | None:
        """Return the failure known before that explains this one best."""
        best, best_rank = None, (0.0, 0.0, "")
        for item, hops in self._estate.causes(failure.item).items():
            cause = self._failures.of(item, self._at)
            if cause is None or cause.known_at >= self._at:
                continue
            likelihood = self._pace.likelihood(hops, self._at - cause.since)
            rank = (likelihood, cause.since, item)
            if rank > best_rank:
                best, best_rank = cause, rank
        return best

    def _join_simultaneous(self, failure: Failure) -> None:
        """Join every cause that became known with this failure, or a little later if it is late."""
        for item in self._estate.causes(failure.item):
            cause = self._failures.of(item, self._at)
            if cause is not None and 0 <= cause.known_at - self._at <= self._pace.hop:
                self._join(cause)
                failure.explained_at = self._at
                self.reasons.append(self._because(failure, cause))

    def _explain(self, cause: Failure, seconds: float) -> None:
        """Join what depends on the failure and failed unexplained within so many seconds."""
        effects = [
            effect
            for effect in self._failures.unexplained(cause.item, self._at)
            if effect is not cause and abs(effect.known_at - self._at) <= seconds
        ]
        for effect in effects:
            self._join(effect)
            effect.explained_at = min(effect.explained_at, self._at)
        if effects and cause.does_alert:
            self.reasons.append(f"{cause.item} explains {_named(effects)}, which failed with it.")

    def _infer(self, item: str) -> None:
        """Take an item for failed when enough of what depends on it directly fails together."""
        known = self._failures.of(item, self._at)
        if known is not None and known.known_at != self._at:
            return
        effects = [
            effect
            for effect in self._failures.unexplained(item, self._at)
            if item in self._estate.supports(effect.item)
            and abs(effect.known_at - self._at) <= self._pace.together
        ]
        failing, dependents = (
            len({effect.item for effect in effects}),
            self._estate.dependents(item),
        )
        if failing < max(FEWEST, SHARE * dependents):
            return
        since = min(self._at, *(effect.known_at for effect in effects))
        self.reasons.append(
            f"{failing} of {dependents} that depend on {item} fail together: {item} is likely down."
        )
        if known is None:
            self._fail(item, since=since, does_alert=False)
        else:
            known.since = min(known.since, since)
            self._explain(known, self._pace.together)

    def _because(self, failure: Failure, cause: Failure) -> str:
        hops = self._estate.causes(failure.item)[cause.item]
        way = "directly" if hops == 1 else f"over {hops} hops"
        sign = "failed" if cause.does_alert else "is likely to have failed"
        seconds = abs(self._at - cause.since)
        return f"{failure.item} depends {way} on {cause.item}, which {sign} {seconds:.0f} s before."


def _named(effects: list[Failure]) -> str:
    """Name up to two of them, and how many there are besides."""
    items = sorted({effect.item for effect in effects})
    if len(items) <= 2:
        return " and ".join(items)
    return f"{items[0]}, {items[1]} and {len(items) - 2} more"
