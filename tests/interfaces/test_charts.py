"""Pictures say what they show, draw gaps as gaps, start bars at zero, and run nothing."""

from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from fullscore.interfaces.web import charts
from fullscore.interfaces.web.charts import Limit, Mark, Series, drawing
from fullscore.interfaces.web.charts.grids import Bar

pytestmark = pytest.mark.once
START = datetime(2026, 11, 23, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script>&'


def hourly(*values, name="load"):
    return Series(name, [(START + timedelta(hours=n), v) for n, v in enumerate(values)])


def drawn(html):
    """Return the picture as a tree: it must be well-formed, since mail and PDF read it too."""
    return ElementTree.fromstring(str(html).partition("<ul")[0])


def paths(html, name):
    return [p.get("d") for p in drawn(html).iter("path") if name in p.get("class", "").split()]


PICTURES = {
    "line": charts.line(
        [hourly(1, 2, 3)], title=HOSTILE, unit=HOSTILE, marks=[Mark(START, HOSTILE)]
    ),
    "line of nothing": charts.line([], title=HOSTILE),
    "bars": charts.bars([(HOSTILE, 3.0)], title=HOSTILE, limit=(HOSTILE, 4.0)),
    "waterfall": charts.waterfall([(HOSTILE, 3.0), ("b", -1.0)], title=HOSTILE),
    "heat map": charts.heatmap([HOSTILE], [HOSTILE], {(0, 0): 2.0}, title=HOSTILE),
    "matrix": charts.matrix(
        [(HOSTILE, "/")], [HOSTILE], {(0, 0): (HOSTILE, "crit")}, title=HOSTILE
    ),
    "gantt": charts.gantt([Bar(HOSTILE, date(2026, 1, 5), date(2026, 2, 1))], title=HOSTILE),
    "objective": charts.objective(0.999, 0.9995, title=HOSTILE),
    "band": charts.quantile_band([START], [1], [2], [3], title=HOSTILE, past=hourly(1, 2).points),
}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_names_are_text_and_never_markup(picture):
    assert "<script" not in picture
    assert "&lt;script" in picture
    ElementTree.fromstring(str(picture))


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_pictures_carry_classes_and_no_colours(picture):
    assert "fill=" not in picture
    assert "stroke=" not in picture
    assert "oklch" not in picture


def test_a_picture_says_its_finding():
    picture = charts.line(
        [hourly(2e9, 8.3e9, 1e9)], title="Transit", unit="bit/s", zone=ZoneInfo("Europe/Berlin")
    )

    told = drawn(picture)

    assert told.get("role") == "img"
    assert told.get("aria-label") == "Transit. Peak 8.3 Gbit/s on 23 Nov at 02:00 CET."
    assert told.findtext("desc") in told.get("aria-label")


def test_a_gap_lifts_the_pen():
    [path] = paths(charts.line([hourly(1, 2, None, 3, 4)], title="Load"), "l")

    assert path.count("M") == 2


def test_a_lone_point_between_gaps_stays_visible():
    [path] = paths(charts.line([hourly(1, None, 3, None, 4)], title="Load"), "l")

    assert path.count("h0") == 3


def test_more_than_six_series_become_others():
    many = [hourly(1, 2, name=f"host {n}") for n in range(9)]

    picture = charts.line(many, title="Load")

    assert len(paths(picture, "l")) == 6
    assert "4 others" in picture
    assert "host 5" not in picture


def test_limits_and_marks_are_named():
    picture = charts.line(
        [hourly(1, 2, 3)], title="Load", limits=[Limit("committed", 9)],
        marks=[Mark(START + timedelta(hours=1), "Change 42")],
    )  # fmt: skip

    assert {"committed", "Change 42"} <= {t.text for t in drawn(picture).iter("text")}


def test_a_limit_far_above_is_still_inside_the_picture():
    picture = charts.line([hourly(1, 2, 3)], title="Load", limits=[Limit("committed", 50)])

    [limit] = [e for e in drawn(picture).iter("line") if e.get("class") == "limit"]
    assert 0 < float(limit.get("y1")) < 220


@pytest.mark.parametrize(
    ("value", "tone", "word"),
    [
        pytest.param(0.9996, "is-ok", "Kept", id="kept"),
        pytest.param(0.99949, "is-crit", "Missed", id="just missed"),
        pytest.param(None, "", "Nothing was measured", id="not measured"),
    ],
)
def test_an_objective_says_whether_it_was_kept(value, tone, word):
    picture = charts.objective(value, 0.9995, title="Checkout")

    assert word in drawn(picture).get("aria-label")
    assert tone in picture


def test_bars_start_at_zero_even_below_it():
    picture = charts.bars([("gain", 4.0), ("loss", -2.0)], title="Variance")

    gain, loss = (e for e in drawn(picture).iter("rect") if "bar" in e.get("class"))
    assert float(loss.get("x")) + float(loss.get("width")) == pytest.approx(
        float(gain.get("x")), abs=0.2
    )


def test_a_waterfall_ends_where_its_steps_lead():
    picture = charts.waterfall([("plan", 100.0), ("hiring", 20.0), ("cloud", -5.0)], title="Cost")

    assert drawn(picture).findtext("desc") == "From 100 to 115"


def test_what_was_not_measured_is_empty_on_a_heat_map():
    picture = charts.heatmap(["Mon", "Tue"], ["8", "9"], {(0, 0): 4.0, (1, 1): 1.0}, title="Pages")

    assert picture.count('class="void"') == 2
    assert drawn(picture).findtext("desc") == "Most: Mon, 8 with 4"


def test_the_spark_of_nothing_is_empty_and_does_not_fail():
    assert 'd=""' in charts.sparkline([])
    assert "M0" in charts.sparkline([5.0])


@pytest.mark.parametrize(
    ("low", "high", "base", "expected"),
    [
        pytest.param(0, 10, 10, [0, 2.5, 5, 7.5, 10], id="decimal steps"),
        pytest.param(
            0, 4 * 1024**3, 1024, [n * 1024**3 for n in range(5)], id="steps round in GiB"
        ),
        pytest.param(5, 5, 10, [5, 5.25, 5.5, 5.75, 6], id="one value only"),
    ],
)
def test_ticks_are_round(low, high, base, expected):
    assert drawing.ticks(low, high, base=base) == pytest.approx(expected)
