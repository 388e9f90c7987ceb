"""OTLP requests, made with the official messages, as protobuf and as JSON."""

import json

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest as Request,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)

T0 = 1_780_000_000_000  # ms
NANO = 1_000_000
DELTA, CUMULATIVE = 1, 2


def value(told):
    """Return an AnyValue."""
    if isinstance(told, list):
        return AnyValue(array_value=ArrayValue(values=map(value, told)))
    if isinstance(told, dict):
        return AnyValue(kvlist_value=KeyValueList(values=attributes(told)))
    kinds = {bool: "bool_value", int: "int_value", float: "double_value", bytes: "bytes_value"}
    return AnyValue(**{kinds.get(type(told), "string_value"): told})


def attributes(told):
    return [KeyValue(key=name, value=value(one)) for name, one in told.items()]


def number(told, *, at=T0, starts=0, flags=0, **more):
    """Return a point of a gauge or sum; None has no value. Attributes: `a__b` is `a.b`."""
    point = NumberDataPoint(
        time_unix_nano=at * NANO,
        start_time_unix_nano=starts * NANO,
        flags=flags,
        attributes=attributes(dotted(more)),
    )
    if isinstance(told, int):
        point.as_int = told
    elif told is not None:
        point.as_double = told
    return point


def dotted(told):
    return {name.replace("__", "."): one for name, one in told.items()}


def distribution(counts, bounds, total=None, *, at=T0, starts=0, flags=0, **more):
    point = HistogramDataPoint(
        time_unix_nano=at * NANO,
        start_time_unix_nano=starts * NANO,
        flags=flags,
        attributes=attributes(dotted(more)),
        bucket_counts=counts,
        explicit_bounds=bounds,
        count=sum(counts),
    )
    if total is not None:
        point.sum = total
    return point


def gauge(name, *points, unit=""):
    return Metric(name=name, unit=unit, gauge=Gauge(data_points=points))


def sums(name, *points, unit="", monotonic=True, temporality=CUMULATIVE):
    told = Sum(data_points=points, is_monotonic=monotonic, aggregation_temporality=temporality)
    return Metric(name=name, unit=unit, sum=told)


def histogram(name, *points, unit="", temporality=CUMULATIVE):
    told = Histogram(data_points=points, aggregation_temporality=temporality)
    return Metric(name=name, unit=unit, histogram=told)


def request(*metrics, scope="", **resource):
    """Return a request of one resource and one scope."""
    inner = ScopeMetrics(metrics=metrics)
    inner.scope.name = scope
    outer = ResourceMetrics(scope_metrics=[inner])
    outer.resource.attributes.extend(attributes(dotted(resource)))
    return Request(resource_metrics=[outer])


def packed(told):
    return told.SerializeToString()


def in_json(told):
    """Return the same request by OTLP's JSON mapping."""
    named = json_format.MessageToDict(told, use_integers_for_enums=True)
    return json.dumps(named, ensure_ascii=False).encode()
