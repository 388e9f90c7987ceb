"""OTLP metrics: what becomes of each kind, that JSON means what protobuf means, and garbage."""

import json
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Metric,
    Summary,
    SummaryDataPoint,
)

from fullscore.connectors import otlp
from fullscore.connectors.base import Garbled
from fullscore.connectors.otlp import Format, OtlpLimits, decode
from tests.connectors.otlp import requests
from tests.connectors.otlp.requests import T0, distribution, gauge, histogram, number, sums

RECORDINGS = Path(__file__).parent / "recordings"
STALE = 0x7FF0000000000002


def bits(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def rows(batch):
    """Return samples as (name, labels, kind, unit, ms, start, value in bits)."""
    arrays = (batch.ts_ms.tolist(), batch.starts_ms.tolist(), batch.values.tolist())
    for key, at, starts, value in zip(batch.keys, *arrays, strict=True):
        name, labels, kind, unit = batch.named[key]
        yield name, tuple(sorted(labels.items())), kind, unit, at, starts, bits(value)


def read(told, **options):
    """Read a request in both formats, which must mean the same."""
    binary = decode(requests.packed(told), Format.PROTOBUF, **options)
    text = decode(requests.in_json(told), Format.JSON, **options)
    assert list(rows(text)) == list(rows(binary))
    assert (text.count, text.left_out, text.why) == (binary.count, binary.left_out, binary.why)
    assert text.points.tolist() == binary.points.tolist()
    return binary


def brief(batch):
    return [
        (name, dict(labels).get("le", ""), kind, starts, value)
        for (name, labels, kind, _, _, starts, _), value in zip(
            rows(batch), batch.values.tolist(), strict=True
        )
    ]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        pytest.param(gauge("a.b", number(1.5)), [("a_b", "", "gauge", -1, 1.5)], id="gauge"),
        pytest.param(gauge("a", number(7)), [("a", "", "gauge", -1, 7.0)], id="a whole number"),
        pytest.param(gauge("a", number(0)), [("a", "", "gauge", -1, 0.0)], id="nought"),
        pytest.param(sums("a", number(3)), [("a", "", "counter", -1, 3.0)], id="counter"),
        pytest.param(
            sums("a", number(-3), monotonic=False),
            [("a", "", "gauge", -1, -3.0)],
            id="a sum that falls, too",
        ),
        pytest.param(
            sums("a", number(3, starts=T0 - 10), temporality=1),
            [("a", "", "counter", T0 - 10, 3.0)],
            id="delta",
        ),
        pytest.param(
            sums("a", number(3), temporality=1),
            [("a", "", "counter", 0, 3.0)],
            id="delta from nobody knows when",
        ),
        pytest.param(
            histogram("a", distribution([1, 0, 4], [0.5, 10.0], 12.5)),
            [
                ("a_bucket", "0.5", "counter", -1, 1.0),
                ("a_bucket", "10", "counter", -1, 1.0),
                ("a_bucket", "+Inf", "counter", -1, 5.0),
                ("a_count", "", "counter", -1, 5.0),
                ("a_sum", "", "counter", -1, 12.5),
            ],
            id="histogram",
        ),
        pytest.param(
            histogram("a", distribution([], [])),
            [("a_bucket", "+Inf", "counter", -1, 0.0), ("a_count", "", "counter", -1, 0.0)],
            id="histogram without buckets or sum",
        ),
    ],
)
def test_what_becomes_of_each_kind(metric, expected):
    assert brief(read(requests.request(metric))) == expected


def test_the_end_of_a_series_is_prometheus_marker_and_a_running_total_has_none():
    ended = [number(None, flags=1), number(5.0, flags=1)]

    found = read(requests.request(gauge("a", *ended), sums("b", *ended, temporality=1)))

    assert [bits(value) for value in found.values] == [STALE, STALE]
    assert (found.count, found.left_out) == (4, {})


def test_the_end_of_a_histogram_ends_all_its_series():
    told = distribution([1, 2], [1.0], 3.0, flags=1)

    found = read(requests.request(histogram("a", told)))

    assert [(name, bits(value)) for name, _, _, _, value in brief(found)] == [
        ("a_bucket", STALE),
        ("a_bucket", STALE),
        ("a_count", STALE),
        ("a_sum", STALE),
    ]


# ── names ──────────────────────────────────────────────────────────────────────────────────────


def test_attributes_of_resource_and_point_are_labels_and_the_points_win():
    found = read(
        requests.request(
            gauge("a", number(1.0, http__route="/x", zone="point")),
            scope="io.lib",
            service__name="shop",
            host__id="5f",
            zone="resource",
        )
    )

    (named,) = found.named.values()
    assert named.labels == {
        "service_name": "shop",
        "host_id": "5f",
        "zone": "point",
        "http_route": "/x",
        "otel_scope_name": "io.lib",
    }


def test_what_only_describes_a_resource_is_no_label():
    found = read(
        requests.request(
            gauge("a", number(1.0)),
            service__version="1.2",
            telemetry__sdk__name="x",
            os__type="linux",
            host__name="web1",
        )
    )

    (named,) = found.named.values()
    assert named.labels == {"host_name": "web1"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(True, "true", id="true"),
        pytest.param(-7, "-7", id="a whole number"),
        pytest.param(0.5, "0.5", id="a fraction"),
        pytest.param(["a", 1, {"b": None}], '["a",1,{"b":null}]', id="a list"),
        pytest.param(b"\xff\x00", "/wA=", id="bytes"),
        pytest.param("Köln", "Köln", id="a text"),
    ],
)
def test_values_of_attributes_are_texts(value, text):
    found = read(requests.request(gauge("a", number(1.0, x=value))))

    (named,) = found.named.values()
    assert named.labels == {"x": text}


def test_attributes_that_become_one_label_are_joined_and_empty_ones_are_none():
    found = read(requests.request(gauge("a", number(1.0, b__c="1", b_c="2", d=""))))

    (named,) = found.named.values()
    assert named.labels == {"b_c": "1;2"}


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        pytest.param("By", "By", id="bytes"),
        pytest.param("{request}", "1", id="only an annotation"),
        pytest.param("{packet}/s", "1/s", id="an annotation in a rate"),
        pytest.param("", "", id="none"),
        pytest.param("furlongs per fortnight", "", id="longer than any"),
    ],
)
def test_units_are_ucum_without_annotations(code, unit):
    found = read(requests.request(gauge("a", number(1.0), unit=code)))

    assert [named.unit for named in found.named.values()] == [unit]


def test_a_key_is_the_same_again_and_what_is_known_is_not_named_again():
    told = requests.packed(requests.request(histogram("a", distribution([1], [], x="y")), h="1"))
    first = decode(told, Format.PROTOBUF)

    again = decode(told, Format.PROTOBUF, known=set(first.keys))

    assert again.keys == first.keys
    assert again.named == {}


def test_no_two_series_share_a_key():
    one = number(1)
    metrics = [gauge("a", one), gauge("b", one), gauge("a", one, unit="s"), sums("a", one)]
    some = [
        requests.request(metric, scope=scope, **resource)
        for metric in [*metrics, gauge("a", number(1, x="1"))]
        for scope in ("", "s")
        for resource in ({}, {"h": "1"})
    ]

    for pack, format in ((requests.packed, Format.PROTOBUF), (requests.in_json, Format.JSON)):
        keys = {key for one in some for key in decode(pack(one), format).keys}
        assert len(keys) == len(some)


# ── what is left out ───────────────────────────────────────────────────────────────────────────

TWO = ExponentialHistogram(data_points=[ExponentialHistogramDataPoint()] * 2)
EXPONENTIAL = Metric(name="e", exponential_histogram=TWO)
SUMMARY = Metric(name="s", summary=Summary(data_points=[SummaryDataPoint()]))


@pytest.mark.parametrize(
    ("metric", "fault", "words"),
    [
        pytest.param(EXPONENTIAL, {"histogram": 2}, "exponential", id="exponential histogram"),
        pytest.param(SUMMARY, {"histogram": 1}, "summary", id="summary"),
        pytest.param(gauge("a", number(None)), {"malformed": 1}, "no value", id="no value"),
        pytest.param(gauge("a", number(1.0, at=0)), {"malformed": 1}, "no time", id="no time"),
        pytest.param(gauge("", number(1.0)), {"malformed": 1}, "no name", id="no name"),
        pytest.param(
            sums("a", number(1), temporality=0),
            {"malformed": 1},
            "neither",
            id="a sum of no temporality",
        ),
        pytest.param(
            sums("a", number(float("inf")), temporality=1),
            {"malformed": 1},
            "no number",
            id="a delta without end",
        ),
        pytest.param(
            histogram("a", distribution([1], [1.0])),
            {"malformed": 1},
            "1 buckets",
            id="a bucket is missing",
        ),
        pytest.param(
            histogram("a", distribution([1, 1, 1], [2.0, 1.0])),
            {"malformed": 1},
            "rise",
            id="bounds that fall",
        ),
        pytest.param(
            gauge("a", number(1.0, x="y" * 20_000)),
            {"labels": 1},
            "16384",
            id="a point with a novel",
        ),
    ],
)
def test_what_cannot_be_kept_is_counted_with_words_and_the_rest_is_taken(metric, fault, words):
    found = read(requests.request(metric, gauge("good", number(1.0))))

    assert (found.left_out, len(found.keys)) == (fault, 1)
    assert words in found.why
    assert found.count == 1 + sum(fault.values())


def test_a_resource_with_too_many_attributes_loses_its_points_and_no_others():
    told = requests.request(gauge("a", number(1.0)), **{f"x{n}": "y" for n in range(65)})
    told.MergeFrom(requests.request(gauge("b", number(1.0))))

    found = read(told)

    assert [named.name for named in found.named.values()] == ["b"]
    assert found.left_out == {"labels": 1}


# ── limits and garbage ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        pytest.param(OtlpLimits(samples=2), gauge("a", *[number(1.0)] * 3), id="samples"),
        pytest.param(
            OtlpLimits(samples=2),
            histogram("a", distribution([1, 1], [1.0])),
            id="samples of one histogram",
        ),
    ],
)
def test_more_samples_than_a_body_may_hold_are_refused(limits, told):
    for pack, format in ((requests.packed, Format.PROTOBUF), (requests.in_json, Format.JSON)):
        with pytest.raises(Garbled, match="more than 2 samples"):
            decode(pack(requests.request(told)), format, limits=limits)


def test_sixteen_million_empty_points_are_refused_before_they_are_made():
    points = b"\x0a\x00" * 8_000_000

    def framed(number, inner):
        size, out = len(inner), bytearray([number << 3 | 2])
        while size > 0x7F:
            out.append(size & 0x7F | 0x80)
            size >>= 7
        return bytes([*out, size]) + inner

    body = framed(1, framed(2, framed(2, framed(5, points))))

    with pytest.raises(Garbled, match="more in the body"):
        decode(body, Format.PROTOBUF)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"resourceMetrics":[' + b"{}," * 600_000 + b"{}]}", id="objects"),
        pytest.param(b'{"x":[' + b"1," * 4_100_000 + b"1]}", id="numbers"),
        pytest.param(b"[" * 900_000, id="lists in lists"),
    ],
)
def test_json_of_too_many_parts_is_refused(body):
    with pytest.raises(Garbled):
        decode(body, Format.JSON, limits=OtlpLimits(json_containers=500_000))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param('{"resourceMetrics": {}}', "resourceMetrics is not a list", id="no list"),
        pytest.param('{"resourceMetrics": [1]}', r"\[0\] is not an object", id="no object"),
        pytest.param('{"resourceMetrics": [', "line 1", id="cut short"),
    ],
)
def test_what_is_wrong_in_json_is_told_with_its_place(body, words):
    with pytest.raises(Garbled, match=words):
        decode(body.encode(), Format.JSON)


@pytest.mark.parametrize(
    "point",
    [
        pytest.param({"asInt": "1.5"}, id="a fraction as a whole number"),
        pytest.param({"asInt": str(2**64)}, id="65 bits"),
        pytest.param({"asInt": True}, id="a truth as a number"),
        pytest.param({"asDouble": "one"}, id="a word as a number"),
        pytest.param({"asDouble": 10**400}, id="more than any number"),
        pytest.param({"timeUnixNano": "-1"}, id="before 1970"),
        pytest.param({"attributes": [{"key": "\ud800"}]}, id="half a letter"),
        pytest.param({"attributes": [{"key": "x", "value": {"bytesValue": "?"}}]}, id="no base64"),
    ],
)
def test_a_point_that_is_wrong_in_json_is_garbled(point):
    data = {"name": "a", "gauge": {"dataPoints": [{"asInt": "1", "timeUnixNano": "1"} | point]}}
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [data]}]}]})

    with pytest.raises(Garbled):
        decode(body.encode(), Format.JSON)


texts = st.text(st.characters(codec="utf-8"), max_size=6)
scalars = texts | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=4)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(texts, scalars, max_size=2)
named = st.dictionaries(texts, values, max_size=3)
instants = st.integers(0, 2**43)
counts = st.lists(st.integers(0, 2**40), max_size=4)


@st.composite
def metrics(draw):
    times = {"at": draw(instants), "starts": draw(instants), "flags": draw(st.integers(0, 2))}
    plain = st.builds(
        lambda told, more: _with(number(told, **times), more),
        st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False),
        named,
    )
    spread = st.builds(
        lambda counts, bounds, total, more: _with(
            distribution(counts, bounds, total, **times), more
        ),
        counts,
        st.lists(st.floats(allow_nan=False), max_size=3),
        st.none() | st.floats(allow_nan=False),
        named,
    )
    name, unit, temporality = draw(texts), draw(texts), draw(st.integers(0, 2))
    return draw(
        st.one_of(
            st.builds(lambda one: gauge(name, *one, unit=unit), st.lists(plain, max_size=3)),
            st.builds(
                lambda one, rises: sums(name, *one, monotonic=rises, temporality=temporality),
                st.lists(plain, max_size=3),
                st.booleans(),
            ),
            st.builds(
                lambda one: histogram(name, *one, temporality=temporality),
                st.lists(spread, max_size=2),
            ),
        )
    )


def _with(point, more):
    point.attributes.extend(requests.attributes(more))
    return point


@st.composite
def whole_requests(draw):
    told = requests.Request()
    for _ in range(draw(st.integers(0, 2))):
        one = requests.request(*draw(st.lists(metrics(), max_size=3)), scope=draw(texts))
        _with(one.resource_metrics[0].resource, draw(named))
        told.MergeFrom(one)
    return told


@settings(max_examples=150, deadline=None)
@given(whole_requests())
def test_json_means_what_protobuf_means(told):
    read(told)


@settings(max_examples=150, deadline=None)
@given(whole_requests(), st.data())
def test_whatever_is_changed_in_a_body_it_is_read_or_garbled(told, data):
    for pack, format in ((requests.packed, Format.PROTOBUF), (requests.in_json, Format.JSON)):
        body = bytearray(pack(told))
        for _ in range(data.draw(st.integers(1, 3))):
            if body:
                at = data.draw(st.integers(0, len(body) - 1))
                body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        with suppress(Garbled):
            decode(bytes(body), format)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(Format))
def test_garbage_is_read_as_nothing_or_garbled(body, format):
    with suppress(Garbled):
        decode(body, format)


# ── recordings, and what is answered ───────────────────────────────────────────────────────────


def test_what_the_python_sdk_sent_is_read():
    """Recorded from opentelemetry-sdk 1.45.2: a counter, a gauge and a histogram."""
    found = decode((RECORDINGS / "python-sdk.bin").read_bytes(), Format.PROTOBUF)

    told = {named.name: named for named in found.named.values()}
    assert set(told) == {
        "shop_orders",
        "shop_load",
        "shop_time_bucket",
        "shop_time_count",
        "shop_time_sum",
    }
    assert told["shop_orders"].labels == {
        "service_name": "shop",
        "service_instance_id": "3e13ef52-abbc-4464-86d0-5b8ac875a66d",
        "host_name": "web1",
        "otel_scope_name": "recording",
        "kind": "big",
    }
    assert (told["shop_orders"].kind, told["shop_time_sum"].unit) == ("counter", "s")
    assert found.left_out == {}


@pytest.mark.parametrize("format", Format)
def test_answers_are_what_the_official_messages_say(format):
    from google.protobuf import json_format
    from google.rpc.status_pb2 import Status
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceResponse as Response,
    )

    def told(kind, body):
        if format is Format.JSON:
            return json_format.Parse(body, kind())
        return kind.FromString(body)

    whole = told(Response, otlp.accepted(format))
    part = told(Response, otlp.accepted(format, rejected=3, why="Ümlaut."))
    failed = told(Status, otlp.failed(format, status=503, why="Full."))

    assert not whole.HasField("partial_success")
    assert part.partial_success.rejected_data_points == 3
    assert part.partial_success.error_message == "Ümlaut."
    assert (failed.code, failed.message) == (14, "Full.")
