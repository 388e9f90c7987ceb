"""From points to samples: the same for both formats."""

from array import array
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from math import inf, isfinite
from struct import pack, unpack
from typing import NamedTuple

import numpy as np

from fullscore.connectors.base import Garbled
from fullscore.connectors.otlp import naming
from fullscore.connectors.otlp.contract import Fault, Named, OtlpBatch, OtlpLimits
from fullscore.connectors.otlp.naming import Attributes

NO_RECORDED_VALUE = 1  # the flag of a point that says only that its series has ended
(STALE,) = unpack("<d", pack("<Q", 0x7FF0000000000002))  # as Prometheus marks the end of a series
NOT_A_DELTA = -1
DELTA, CUMULATIVE = 1, 2  # AggregationTemporality
NANO = 1_000_000  # in a millisecond


class Told(NamedTuple):
    """Attributes: the bytes they came as, and how to read them."""

    raw: bytes
    read: Callable[[], Attributes]


class Point(NamedTuple):
    """What every kind of point has; instants are in nanoseconds, 0 where they were not sent."""

    attributes: Told
    starts_at: int
    at: int
    flags: int


class Distribution(NamedTuple):
    """The rest of a histogram's point."""

    observations: float
    total: float | None
    counts: Sequence[float]  # one more than bounds, or none
    bounds: Sequence[float]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where metrics come from: a resource, and a scope in it."""

    digest: bytes
    labels: dict[str, str]
    wrong: str = ""  # why nothing of it can be kept


@dataclass(frozen=True, slots=True)
class About:
    """What the points of one metric share."""

    name: str
    unit: str
    kind: str
    is_delta: bool
    origin: Origin
    digest: bytes
    wrong: str = ""


def origin(resource: Told, scope: str, limits: OtlpLimits) -> Origin:
    """Return where the metrics of a resource and scope come from."""
    digest = blake2b(resource.raw, digest_size=16, person=b"resource")
    digest.update(b"\0" + scope.encode())
    if len(resource.raw) > limits.labels_bytes:
        return Origin(b"", {}, f"Attributes of a resource take over {limits.labels_bytes} bytes.")
    labels = naming.labels(naming.telling(resource.read()))
    if len(labels) > limits.labels:
        return Origin(b"", {}, f"A resource has more than {limits.labels} attributes.")
    if scope:
        labels[naming.SCOPE] = scope
    return Origin(digest.digest(), labels)


def about(
    origin: Origin, name: str, unit: str, *, is_monotonic: bool = False, temporality: int = -1
) -> About:
    """Return what the points of a metric share; a gauge has no temporality, -1."""
    kind = "counter" if is_monotonic else "gauge"
    wrong = origin.wrong
    if not name:
        wrong = "A metric has no name."
    elif temporality not in (-1, DELTA, CUMULATIVE):
        wrong = f"{name[:80]} says neither “delta” nor “cumulative” of itself."
    told = "\0".join((name, unit, kind)).encode()
    digest = blake2b(origin.digest + told, digest_size=16, person=b"metric").digest()
    return About(
        naming.metric(name), naming.unit(unit), kind, temporality == DELTA, origin, digest, wrong
    )


class Gathering:
    """Takes points; their samples gather in arrays."""

    def __init__(self, known: Container[bytes], limits: OtlpLimits) -> None:
        self.known, self.limits = known, limits
        self.keys: list[bytes] = []
        self.named: dict[bytes, Named] = {}
        self.points, self.ts_ms, self.starts_ms = array("q"), array("q"), array("q")
        self.values = array("d")
        self.count = 0
        self.left_out: Counter[str] = Counter()
        self.why = ""

    def number(self, about: About, point: Point, value: float | None) -> None:
        """Take a point of a gauge or a sum."""
        self.count += 1
        if not self._is_kept(about, point):
            return
        if point.flags & NO_RECORDED_VALUE:
            value = STALE
        elif value is None:
            return self.leave_out("malformed", f"A point of {about.name} has no value.")
        elif about.is_delta and not isfinite(value):
            return self.leave_out("malformed", f"{about.name} adds what is no number.")
        Series(self, about, point).add("", about.kind, value)

    def histogram(self, about: About, point: Point, told: Distribution) -> None:
        """Take a point of a histogram with explicit buckets."""
        self.count += 1
        if not self._is_kept(about, point):
            return
        if point.flags & NO_RECORDED_VALUE:
            told = Distribution(STALE, STALE, [STALE] * (len(told.bounds) + 1), told.bounds)
        elif why := _objection(told, is_delta=about.is_delta):
            return self.leave_out("malformed", f"{about.name} {why}.")
        series = Series(self, about, point)
        for bound, count in zip((*told.bounds, inf), _cumulative(told), strict=True):
            series.add("_bucket", "counter", count, "1", naming.bound(bound))
        series.add("_count", "counter", told.observations, "1")
        if told.total is not None:
            series.add("_sum", "counter", told.total)

    def others(self, name: str, count: int) -> None:
        """Leave out points of a kind that is not kept."""
        self.count += count
        why = f"{name[:80]} is an exponential histogram or a summary: send explicit buckets."
        self.leave_out("histogram", why, count)

    def leave_out(self, fault: Fault, why: str, count: int = 1) -> None:
        """Count points that make no samples; the first words are kept."""
        self.left_out[fault] += count
        self.why = self.why or why

    def read(self) -> OtlpBatch:
        """Return what was gathered."""
        return OtlpBatch(
            self.keys,
            self.named,
            np.frombuffer(self.points, np.int64),
            np.frombuffer(self.ts_ms, np.int64),
            np.frombuffer(self.starts_ms, np.int64),
            np.frombuffer(self.values, np.float64),
            self.count,
            +self.left_out,
            self.why,
        )

    def _is_kept(self, about: About, point: Point) -> bool:
        """Say whether a point can be named and dated, and says anything; count it where not."""
        if about.wrong:
            fault: Fault = "labels" if about.origin.wrong else "malformed"
            self.leave_out(fault, about.wrong)
        elif not point.at:
            self.leave_out("malformed", f"A point of {about.name} has no time.")
        elif len(point.attributes.raw) > self.limits.labels_bytes:
            most = self.limits.labels_bytes
            self.leave_out("labels", f"Attributes of {about.name} take over {most} bytes.")
        elif about.is_delta and point.flags & NO_RECORDED_VALUE:
            pass  # nothing was added, and a running total does not end
        else:
            return True
        return False


class Series:
    """The series that one point has values of."""

    def __init__(self, gathering: Gathering, about: About, point: Point) -> None:
        self._to, self._about, self._point = gathering, about, point
        digest = blake2b(about.digest + point.attributes.raw, digest_size=16, person=b"point")
        self._digest = digest.digest()
        self._labels: dict[str, str] | None = None
        starts_ms = point.starts_at // NANO if about.is_delta else NOT_A_DELTA
        self._times = point.at // NANO, starts_ms

    def add(self, suffix: str, kind: str, value: float, unit: str = "", bound: str = "") -> None:
        """Add one sample; `bound` is the label `le` of a bucket."""
        to = self._to
        if len(to.keys) >= to.limits.samples:
            raise Garbled(f"There are more than {to.limits.samples} samples in one body.")
        key = self._digest + f"{suffix}{bound}".encode()
        if key not in to.known and key not in to.named:
            labels = {**self._named(), "le": bound} if bound else self._named()
            to.named[key] = Named(self._about.name + suffix, labels, kind, unit or self._about.unit)
        to.keys.append(key)
        to.points.append(to.count - 1)
        to.ts_ms.append(self._times[0])
        to.starts_ms.append(self._times[1])
        to.values.append(value)

    def _named(self) -> dict[str, str]:
        if self._labels is None:
            own = naming.labels(self._point.attributes.read())
            self._labels = {**self._about.origin.labels, **own}
        return self._labels


def _cumulative(told: Distribution) -> list[float]:
    """Return how many lie at or below each bound, and last all there are."""
    return [*accumulate(told.counts[:-1]), told.observations]


def _objection(told: Distribution, *, is_delta: bool) -> str:
    """Return what is wrong with a histogram; empty when nothing is."""
    bounds, nexts = told.bounds, (*told.bounds[1:], inf)
    if len(told.counts) != len(bounds) + 1 and (told.counts or bounds):
        return f"has {len(told.counts)} buckets between {len(bounds)} bounds"
    if any(not low < high for low, high in zip(bounds, nexts, strict=False)):
        return "has bounds that do not rise"
    if is_delta and told.total is not None and not isfinite(told.total):
        return "adds what is no number"
    return ""
