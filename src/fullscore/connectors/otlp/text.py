"""OTLP as JSON: names in lowerCamelCase, 64-bit numbers as text, enumerations as numbers.

Source: OpenTelemetry Protocol specification 1.x, section JSON Protobuf Encoding.
"""

import base64
import binascii
import json
from collections.abc import Container, Iterator
from typing import Any

from fullscore.connectors import documents
from fullscore.connectors.base import Garbled
from fullscore.connectors.documents import Node
from fullscore.connectors.otlp import gathering
from fullscore.connectors.otlp.contract import OtlpLimits
from fullscore.connectors.otlp.gathering import About, Distribution, Gathering, Origin, Point, Told

DEEPEST = 20  # lists and maps in an attribute's value
NUMBERS = {"gauge", "sum"}


class Reading:
    """Reads one body."""

    def __init__(self, raw: bytes, known: Container[bytes], limits: OtlpLimits) -> None:
        self.raw, self.limits = raw, limits
        self.gathered = Gathering(known, limits)

    def request(self) -> Gathering:
        """Take every point of an ExportMetricsServiceRequest. Raises Garbled."""
        self._refuse_too_much()
        try:
            for one in _entries(documents.read(self.raw), "resourceMetrics"):
                self._resource(one)
        except UnicodeEncodeError as error:
            raise Garbled("A text holds half of a letter, which nobody can write.") from error
        return self.gathered

    def _refuse_too_much(self) -> None:
        """Raise Garbled where more objects would be made than memory is meant for."""
        containers = self.raw.count(b"{") + self.raw.count(b"[")
        if (
            containers > self.limits.json_containers
            or self.raw.count(b",") > self.limits.json_values
        ):
            raise Garbled("There is more in the body than is read at once.")

    def _resource(self, one: Node) -> None:
        resource = one.optional("resource")
        attributes = _told(resource) if resource else Told(b"", list)
        for inner in _entries(one, "scopeMetrics"):
            scope = inner.optional("scope")
            name = _text(scope, "name") if scope else ""
            origin = gathering.origin(attributes, name, self.limits)
            for metric in _entries(inner, "metrics"):
                self._metric(origin, metric)

    def _metric(self, origin: Origin, one: Node) -> None:
        name, unit = _text(one, "name"), _text(one, "unit")
        for kind in ("exponentialHistogram", "summary"):
            if data := one.optional(kind):
                self.gathered.others(name, sum(1 for _ in _entries(data, "dataPoints")))
        for kind in ("gauge", "sum", "histogram"):
            if data := one.optional(kind):
                monotonic = data.optional("isMonotonic")
                about = gathering.about(
                    origin,
                    name,
                    unit,
                    is_monotonic=kind == "sum" and monotonic is not None and monotonic.of(bool),
                    temporality=-1 if kind == "gauge" else _whole(data, "aggregationTemporality"),
                )
                take = self._number if kind in NUMBERS else self._histogram
                for point in _entries(data, "dataPoints"):
                    take(about, point)

    def _number(self, about: About, one: Node) -> None:
        value = None
        if told := one.optional("asDouble"):
            value = _number(told)
        elif one.optional("asInt"):
            value = float(_whole(one, "asInt"))
        self.gathered.number(about, _point(one), value)

    def _histogram(self, about: About, one: Node) -> None:
        total = one.optional("sum")
        told = Distribution(
            _whole(one, "count"),
            None if total is None else _number(total),
            [_integer(count) for count in _entries(one, "bucketCounts")],
            [_number(bound) for bound in _entries(one, "explicitBounds")],
        )
        self.gathered.histogram(about, _point(one), told)


def _point(one: Node) -> Point:
    starts_at, at = _whole(one, "startTimeUnixNano"), _whole(one, "timeUnixNano")
    for name, value in (("startTimeUnixNano", starts_at), ("timeUnixNano", at)):
        if value < 0:
            raise one.wrong("lies before 1970", name)
    return Point(_told(one), starts_at, at, _whole(one, "flags"))


def _told(one: Node) -> Told:
    """Return the attributes of a point or a resource."""
    pairs = [
        (_text(pair, "key"), _any(pair.optional("value"))) for pair in _entries(one, "attributes")
    ]
    raw = json.dumps(pairs, ensure_ascii=False, default=repr).encode()
    return Told(raw, lambda: pairs)


def _any(one: Node | None, depth: int = 0) -> Any:
    """Return the value of an AnyValue; None for an empty one."""
    if one is None:
        return None
    if depth > DEEPEST:
        raise one.wrong(f"lies more than {DEEPEST} deep")
    if found := one.optional("stringValue"):
        return found.of(str)
    if found := one.optional("boolValue"):
        return found.of(bool)
    if one.optional("intValue"):
        return _whole(one, "intValue")
    if found := one.optional("doubleValue"):
        return _number(found)
    return _nested(one, depth)


def _nested(one: Node, depth: int) -> Any:
    if found := one.optional("arrayValue"):
        return [_any(inner, depth + 1) for inner in _entries(found, "values")]
    if found := one.optional("kvlistValue"):
        pairs = _entries(found, "values")
        return {_text(pair, "key"): _any(pair.optional("value"), depth + 1) for pair in pairs}
    if found := one.optional("bytesValue"):
        try:
            return base64.b64decode(found.of(str), validate=True)
        except (binascii.Error, ValueError) as error:
            raise found.wrong("is not base64") from error
    return None


def _entries(one: Node, name: str) -> Iterator[Node]:
    """Yield the entries of a list field, which may be absent."""
    found = one.optional(name)
    return iter(()) if found is None else found.items()


def _text(one: Node, name: str) -> str:
    found = one.optional(name)
    told: str = "" if found is None else found.of(str)
    return told


def _whole(one: Node, name: str) -> int:
    """Return a field that is an integer of 64 bits, as number or as text; 0 where it is absent."""
    found = one.optional(name)
    return 0 if found is None else _integer(found)


def _integer(one: Node) -> int:
    value = one.value
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError as error:
        raise one.wrong("is no whole number") from error
    if isinstance(number, bool) or not isinstance(number, int):
        raise one.wrong("is no whole number")
    if not -(2**63) <= number < 2**64:
        raise one.wrong("has more than 64 bits")
    return number


def _number(one: Node) -> float:
    if isinstance(one.value, bool) or not isinstance(one.value, str | int | float):
        raise one.wrong("is no number")
    try:
        return float(one.value)
    except (ValueError, OverflowError) as error:
        raise one.wrong("is no number") from error
