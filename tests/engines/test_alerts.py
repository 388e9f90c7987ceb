"""What one signal does to an alert, and which labels a silence is for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.alerts import Known, Matcher, Said, fits, matchers, step

OPEN, TAKEN = Known(False, 3, 100.0), Known(True, 3, 100.0)


@pytest.mark.parametrize(
    ("known", "said", "ended_at", "expected"),
    [
        pytest.param(None, Said("trigger", 100), None, "open", id="a new key"),
        pytest.param(None, Said("trigger", 120), 110, "open", id="a resolved key opens anew"),
        pytest.param(None, Said("trigger", 110), 110, "open", id="at the moment it was resolved"),
        pytest.param(None, Said("trigger", 105), 110, "ignore", id="older than the resolution"),
        pytest.param(None, Said("resolve", 120), None, "ignore", id="resolve of an unknown key"),
        pytest.param(None, Said("resolve", 120), 110, "ignore", id="resolve of a resolved key"),
        pytest.param(None, Said("acknowledge", 120), None, "ignore", id="ack of nothing open"),
        pytest.param(OPEN, Said("trigger", 120), None, "repeat", id="said again"),
        pytest.param(OPEN, Said("trigger", 99), None, "ignore", id="said before it changed"),
        pytest.param(OPEN, Said("trigger", 120, 4), None, "raise", id="worse"),
        pytest.param(OPEN, Said("trigger", 120, 2), None, "lower", id="better"),
        pytest.param(OPEN, Said("acknowledge", 120), None, "acknowledge", id="acknowledged"),
        pytest.param(OPEN, Said("resolve", 120), None, "resolve", id="resolved"),
        pytest.param(OPEN, Said("resolve", 100), None, "resolve", id="in the same moment"),
        pytest.param(OPEN, Said("resolve", 99), None, "ignore", id="a resolution that is late"),
        pytest.param(TAKEN, Said("trigger", 120), None, "repeat", id="taken, said again"),
        pytest.param(TAKEN, Said("trigger", 120, 5), None, "raise", id="taken, and worse"),
        pytest.param(TAKEN, Said("acknowledge", 120), None, "ignore", id="taken twice"),
        pytest.param(TAKEN, Said("resolve", 120), None, "resolve", id="taken, then resolved"),
        pytest.param(OPEN, Said("note", 99), None, "note", id="a note is never too late"),
        pytest.param(None, Said("note", 120), None, "ignore", id="a note of nothing open"),
    ],
)
def test_what_a_signal_does(known, said, ended_at, expected):
    assert step(known, said, ended_at=ended_at) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a=b", (Matcher("a", "b"),), id="plain"),
        pytest.param('{a="b"}', (Matcher("a", "b"),), id="in braces"),
        pytest.param('a="b, c", d!=e', (Matcher("a", "b, c"), Matcher("d", "e", False)), id="two"),
        pytest.param('a="say \\"x\\""', (Matcher("a", 'say "x"'),), id="quotes"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_matchers_are_read(text, expected):
    assert matchers(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param('a=~"b("', "no pattern: missing", id="a pattern that is none"),
        pytest.param('a!~"(?=b)"', "no pattern", id="what RE2 does not have"),
        pytest.param("a", "form", id="no value"),
        pytest.param('a="b" c="d"', "form", id="no comma"),
        pytest.param('a="b', "form", id="an open quote"),
        pytest.param("=b", "form", id="no name"),
    ],
)
def test_what_is_no_matcher_is_refused_with_a_sentence(text, why):
    with pytest.raises(ValueError, match=why):
        matchers(text)


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        pytest.param("a=~P.*", {"a": "P4"}, True, id="without quotes"),
        pytest.param('a=~"P"', {"a": "P4"}, False, id="the whole value counts"),
        pytest.param('a=~"4"', {"a": "P4"}, False, id="from its first letter"),
        pytest.param('a=~"x|P4"', {"a": "P4"}, True, id="one of several"),
        pytest.param('a!~"x|P4"', {"a": "P4"}, False, id="none of several"),
        pytest.param('a!~"x"', {}, True, id="a missing label is an empty one"),
        pytest.param('a=~".*"', {}, True, id="which a pattern may take in"),
        pytest.param(r'a=~"P\\d"', {"a": "P4"}, True, id="as amtool writes a backslash"),
        pytest.param(r'a=~"P\d"', {"a": "P4"}, True, id="as people write it"),
        pytest.param('a=~"(x*)*y"', {"a": "x" * 5000}, False, id="in linear time"),
    ],
)
def test_patterns_are_of_the_whole_value(text, labels, expected):
    assert fits(matchers(text), labels) is expected


@given(st.text(min_size=1, max_size=30), st.booleans())
def test_a_matcher_is_read_as_it_is_written(value, is_equal):
    one = Matcher("name", value, is_equal)

    (read,) = matchers(str(one))

    assert read.value == value.strip()
    assert read.fits({"name": value.strip()}) is is_equal


def test_a_missing_label_is_an_empty_one():
    assert fits(matchers('team="", a!=b'), {"a": "c"})
    assert not fits(matchers("team=x"), {})
