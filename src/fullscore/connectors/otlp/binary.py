"""OTLP as protobuf: walked down to the points, each of which is parsed by itself.

So no more than one point's bytes turn into objects at once, and too many points are noticed before
they are made. Exemplars and nested bytes nobody asks for make none at all.
"""

from array import array
from collections.abc import Container, Iterator
from typing import Any

from google.protobuf.message import DecodeError

from fullscore.connectors.base import Garbled
from fullscore.connectors.otlp import gathering, messages
from fullscore.connectors.otlp.contract import OtlpLimits
from fullscore.connectors.otlp.gathering import About, Distribution, Gathering, Origin, Point, Told
from fullscore.connectors.protobuf import wire

GAUGE, SUM, HISTOGRAM, EXPONENTIAL, SUMMARY = 5, 7, 9, 10, 11  # fields of Metric
NUMBER_KINDS = (GAUGE, SUM)
Span = tuple[int, int]  # where bytes begin and end


class Reading:
    """Reads one body."""

    def __init__(self, raw: bytes, known: Container[bytes], limits: OtlpLimits) -> None:
        self.raw, self.limits = raw, limits
        self.gathered = Gathering(known, limits)
        self.walks = limits.samples + limits.others  # fields that may still be walked over

    def request(self) -> Gathering:
        """Take every point of an ExportMetricsServiceRequest. Raises Garbled."""
        try:
            for number, span in self._parts(0, len(self.raw)):
                if number == 1:
                    self._resource(span)
        except IndexError as error:
            raise Garbled("The message is cut short.") from error
        except DecodeError as error:
            raise Garbled(f"The message is not what it should be: {error}.") from error
        except UnicodeDecodeError as error:
            raise Garbled("A text is not UTF-8.") from error
        return self.gathered

    def _parts(self, begin: int, end: int) -> Iterator[tuple[int, Span]]:
        """Yield number and content of the fields that have one, in [begin, end)."""
        for one in self._fields(begin, end):
            if one.kind == wire.COUNTED:
                yield one.number, (one.begin, one.end)

    def _fields(self, begin: int, end: int) -> Iterator[wire.Field]:
        for one in wire.fields(self.raw, begin, end):
            self.walks -= 1
            if self.walks < 0:
                raise Garbled("There is more in the body than is read at once.")
            yield one

    def _resource(self, span: Span) -> None:
        parts = list(self._parts(*span))
        # A message that comes in several pieces is their concatenation.
        resource = b"".join(self._bytes(one) for number, one in parts if number == 1)
        attributes = told(messages.Resource.FromString(resource).attributes)
        for number, one in parts:
            if number == 2:
                self._scope(attributes, one)

    def _scope(self, resource: Told, span: Span) -> None:
        parts = list(self._parts(*span))
        scope = b"".join(self._bytes(one) for number, one in parts if number == 1)
        name = messages.Scope.FromString(scope).name.decode()
        origin = gathering.origin(resource, name, self.limits)
        for number, one in parts:
            if number == 2:
                self._metric(origin, one)

    def _metric(self, origin: Origin, span: Span) -> None:
        name = unit = ""
        data: list[tuple[int, Span]] = []
        for number, one in self._parts(*span):
            if number == 1:
                name = self._bytes(one).decode()
            elif number == 3:
                unit = self._bytes(one).decode()
            elif number in (GAUGE, SUM, HISTOGRAM, EXPONENTIAL, SUMMARY):
                data = [d for d in data if d[0] == number] + [(number, one)]  # one of: the last
        if data:
            self._data(origin, name, unit, data)

    def _data(self, origin: Origin, name: str, unit: str, data: list[tuple[int, Span]]) -> None:
        """Take the points of a metric's data, which may have come in several pieces."""
        begins, ends = array("q"), array("q")
        settings = {2: 0, 3: 0}  # temporality, is monotonic
        for _, span in data:
            for one in self._fields(*span):
                if one.number == 1 and one.kind == wire.COUNTED:
                    begins.append(one.begin)
                    ends.append(one.end)
                elif one.number in settings and one.kind == wire.VARINT:
                    settings[one.number], _ = wire.varint(self.raw, one.begin, wire.VARINT_BYTES)
        kind = data[0][0]
        if kind in (EXPONENTIAL, SUMMARY):
            return self.gathered.others(name, len(begins))
        about = gathering.about(
            origin,
            name,
            unit,
            is_monotonic=kind == SUM and bool(settings[3]),
            temporality=-1 if kind == GAUGE else settings[2],
        )
        take = self._number if kind in NUMBER_KINDS else self._histogram
        for begin, end in zip(begins, ends, strict=True):
            take(about, self._bytes((begin, end)))

    def _number(self, about: About, raw: bytes) -> None:
        one = messages.NumberDataPoint.FromString(raw)
        value = one.as_double if one.HasField("as_double") else None
        if value is None and one.HasField("as_int"):
            value = float(one.as_int)
        self.gathered.number(about, _point(one), value)

    def _histogram(self, about: About, raw: bytes) -> None:
        one = messages.HistogramDataPoint.FromString(raw)
        total = one.sum if one.HasField("sum") else None
        told = Distribution(one.count, total, list(one.bucket_counts), list(one.explicit_bounds))
        self.gathered.histogram(about, _point(one), told)

    def _bytes(self, span: Span) -> bytes:
        begin, end = span
        if end - begin > self.limits.point_bytes:
            raise Garbled(f"A part of {end - begin} bytes; at most {self.limits.point_bytes} are.")
        return self.raw[begin:end]


def told(raws: Any) -> Told:
    """Return attributes as they came, framed so that no two lists are written alike."""
    sizes = array("I", [len(raws), *map(len, raws)]).tobytes()
    return Told(sizes + b"".join(raws), lambda: list(map(_attribute, raws)))


def _point(one: Any) -> Point:
    starts_at, at = one.start_time_unix_nano, one.time_unix_nano
    return Point(told(one.attributes), starts_at, at, one.flags)


def _attribute(raw: bytes) -> tuple[str, Any]:
    pair = messages.KeyValue.FromString(raw)
    return pair.key.decode(), _value(pair.value)


def _value(one: Any) -> Any:
    """Return the value of an AnyValue; None for an empty one."""
    sent = one.ListFields()
    if not sent:
        return None
    field, value = sent[-1]
    if field.name == "string_value":
        return value.decode()
    if field.name == "array_value":
        return [_value(inner) for inner in value.values]
    if field.name == "kvlist_value":
        return {pair.key.decode(): _value(pair.value) for pair in value.values}
    return value
