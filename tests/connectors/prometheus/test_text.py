"""What exporters show: the quick reading and the makers' own agree, whatever is in a line."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families as families

from fullscore.connectors.base import Garbled
from fullscore.connectors.prometheus import text

AT = 1_780_000_000_000


def told(found):
    """Return samples as (name, labels, value in bits, instant)."""
    for key, value, at in zip(found.keys, found.values, found.ts_ms, strict=True):
        name, labels = found.named[key]
        yield name, tuple(sorted(labels.items())), repr(value), at


def theirs(body):
    for family in families(body):
        for one in family.samples:
            labels = tuple(sorted((k, v) for k, v in one.labels.items() if v))
            at = AT if one.timestamp is None else round(float(one.timestamp) * 1000)
            yield one.name, labels, repr(one.value), at


names = st.from_regex(r"[a-z_:][a-z0-9_:]{0,6}", fullmatch=True)
# Names that begin with two underscores are Prometheus' own: its library refuses them.
label_names = st.from_regex(r"(?!__)[a-z_][a-z0-9_]{0,4}", fullmatch=True)
ODD = "\r\x85\u2028\u2029"  # end lines to Python, but not to the format
label_values = st.text(st.characters(codec="utf-8", exclude_characters=ODD), max_size=8)
floats = st.floats() | st.integers(-9, 9).map(float)
instants = st.none() | st.integers(0, 2**41)


@st.composite
def lines(draw):
    labels = draw(st.dictionaries(label_names, label_values, max_size=3))
    escaped = {
        k: v.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        for k, v in labels.items()
    }
    inside = ",".join(f'{k}="{v}"' for k, v in escaped.items())
    key = draw(names) + (f"{{{inside}}}" if labels or draw(st.booleans()) else "")
    at = draw(instants)
    return f"{key} {draw(floats)}" + ("" if at is None else f" {at}")


@settings(max_examples=300)
@given(st.lists(lines(), max_size=6))
def test_the_quick_reading_agrees_with_the_makers_own(some):
    body = "\n".join(some) + "\n"

    assert sorted(told(text.parse(body.encode(), at_ms=AT))) == sorted(theirs(body))


@given(st.lists(lines(), max_size=4), st.lists(lines(), max_size=4))
def test_known_keys_change_nothing(first, second):
    known = text.parse("\n".join(first).encode(), at_ms=AT)
    body = "\n".join([*first, *second]).encode()

    found = text.parse(body, at_ms=AT, known=set(known.named))
    found.named |= known.named

    assert sorted(told(found)) == sorted(told(text.parse(body, at_ms=AT)))


@given(st.binary(max_size=60))
def test_whatever_comes_is_samples_or_a_sentence(body):
    try:
        found = text.parse(body, at_ms=AT)
    except Garbled as error:
        is_sound = bool(str(error))
    else:
        is_sound = len(found.keys) == len(found.values) == len(found.ts_ms)

    assert is_sound


def test_what_the_makers_library_shows_is_read_with_its_kinds():
    registry = CollectorRegistry()
    Counter("seen", "Seen.", registry=registry).inc(3)
    Gauge("level", "Level.", ["where"], registry=registry).labels('a "b" \\').set(math.inf)
    Histogram("took_seconds", "Took.", registry=registry).observe(0.2)

    found = text.parse(generate_latest(registry), at_ms=AT)

    assert sorted(told(found)) == sorted(theirs(generate_latest(registry).decode()))
    assert {"seen_total", "took_seconds_bucket", "took_seconds_count"} <= found.counters
    assert "level" not in found.counters


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"up 1\n<html>\n", id="no metrics"),
        pytest.param(b"up 1\nup one\n", id="no number"),
        pytest.param(b"up 1\nup 1_0\n", id="no number but to Python"),
        pytest.param(b'up 1\nup{a="b} 1\n', id="a quote too few"),
        pytest.param(b'up 1\nup{a="\xff"} 1\n', id="no UTF-8"),
    ],
)
def test_the_line_that_cannot_be_read_is_named(body):
    with pytest.raises(Garbled, match="Line 2"):
        text.parse(body, at_ms=AT)


def test_more_samples_than_the_limit_are_refused():
    with pytest.raises(Garbled, match="more than 3"):
        text.parse(b"a 1\nb 1\nc 1\nd 1\n", at_ms=AT, limit=3)


@pytest.mark.parametrize("instant", ["nan", "inf", "-inf", "1e300", "1e18"])
def test_a_line_with_an_instant_nobody_knows_is_refused(instant):
    with pytest.raises(Garbled, match="Line 1"):
        text.parse(f"a 1 {instant}\n".encode(), at_ms=AT)
