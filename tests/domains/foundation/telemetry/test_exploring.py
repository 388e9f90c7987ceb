"""Finding series, drawing them in units, and asking for them as a program."""

import csv
import io
import json
from datetime import timedelta

import pytest

from fullscore.domains.foundation.access import tokens
from fullscore.domains.foundation.telemetry.reading import asking
from fullscore.kit.errors import Invalid
from tests import make
from tests.domains.foundation.telemetry.worlds import START, world

__all__ = ["world"]


@pytest.fixture
def web(world):
    """Return the traffic of a host, which rises by 100 bytes a second."""
    metric = make.metric(name="net_bytes_total", title="Network in", unit="By", kind="counter")
    series = world.series(metric, make.item("web1"), labels={"device": "eth0"})
    world.measured(series, *[100.0 * 15 * n for n in range(240)])
    return series


def read(browser, **asked):
    """Return the answer behind a chart."""
    answer = browser.get("/explore/series", asked)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


@pytest.fixture
def browser(db):
    return make.client(make.user(role="viewer"))


@pytest.mark.parametrize(
    ("words", "is_found"),
    [
        pytest.param("net_bytes", True, id="the metric's name"),
        pytest.param("network", True, id="its title, in any case"),
        pytest.param("web1", True, id="the item"),
        pytest.param("eth0", True, id="a label"),
        pytest.param("network web1 eth0", True, id="each word somewhere"),
        pytest.param("network web2", False, id="not every word"),
        pytest.param("100%_", False, id="signs of a pattern are signs"),
    ],
)
def test_series_are_found_by_metric_item_and_label(web, browser, words, is_found):
    page = browser.get("/explore", {"q": words}).content.decode()

    assert (f"series={web.pk}" in page) is is_found
    assert ("Nothing is measured under these words" in page) is not is_found


def test_traffic_is_drawn_in_bits_a_second_and_says_how(web, browser):
    told = read(browser, series=web.pk, range="1h")

    values = [v for _, v in told["series"][0]["points"] if v is not None]
    assert (told["unit"], told["series"][0]["name"]) == ("bit/s", "Network in · web1 · device=eth0")
    assert values[5] == pytest.approx(800)
    assert told["resolution"] == "rate, steps of 15 s, of raw samples"
    assert told["sentence"].startswith("Peak: Network in")


def test_thresholds_and_p95_are_lines_in_the_unit_of_the_chart(web, browser):
    make.threshold(metric=web.metric, function="rate", high_at=1000.0, clear_at=900.0)
    make.threshold(metric=web.metric, function="max", high_at=7.0, clear_at=6.0)

    told = read(browser, series=web.pk, range="1h", p95=1)

    lines = {line["label"]: line["value"] for line in told["thresholds"]}
    assert lines == {"high": 8000.0, "p95": pytest.approx(800)}


def test_series_of_several_units_get_a_chart_each(world, web, browser):
    load = world.series(make.metric(title="Load", unit="1"), web.item)
    seven = [world.series(load.metric, make.item()) for _ in range(6)]

    page = browser.get("/explore", {"series": [web.pk, load.pk, *(s.pk for s in seven)]})

    text = page.content.decode()
    assert text.count("<ts-chart") == 3  # traffic; six of seven loads; the seventh
    refused = browser.get("/explore/series", {"series": [web.pk, load.pk]})
    assert refused.status_code == 422


def test_everything_chosen_stands_in_the_address(web, browser):
    asked = {"series": web.pk, "range": "custom", "from": "2026-03-02T08:00",
             "to": "2026-03-02T09:00", "function": "max", "p95": 1, "q": "load"}  # fmt: skip

    page = browser.get("/explore", asked).content.decode()

    src = page.split('<ts-chart src="')[1].split('"')[0].replace("&amp;", "&")
    for word in ("function=max", "from=2026-03-02T08%3A00", "p95=1", f"series={web.pk}"):
        assert word in src
    assert json.loads(browser.get(src).content)["series"][0]["points"][-1][1] == 100.0 * 15 * 239


def test_what_is_gone_or_of_others_is_said_and_not_shown(world, web):
    red, blue = make.team("red"), make.team("blue")
    theirs = world.series(make.metric(title="Secret"), make.item("theirs", owner=blue))
    browser = make.client(make.user(role="viewer", team=red))

    page = browser.get("/explore", {"series": [theirs.pk, 999_999], "q": "secret"})

    text = page.content.decode()
    assert "2 of the series in this address are gone, or not yours to see" in text
    assert "theirs" not in text
    assert read(browser, series=theirs.pk)["series"] == []


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param({"range": "2y"}, "custom", id="no such range"),
        pytest.param({"range": "custom"}, "from when", id="custom without a start"),
        pytest.param({"range": "custom", "from": "2026-03-02T08:00", "to": "2026-03-02T07:00"},
                     "before the end", id="the wrong way round"),
        pytest.param({"range": "custom", "from": "yesterday"}, "no moment", id="no moment"),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_drawn_is_refused_in_words(web, browser, asked, why):
    answer = browser.get("/explore/series", {"series": web.pk, **asked},
                         headers={"Accept": "application/json"})  # fmt: skip

    assert answer.status_code == 422
    assert why in answer.content.decode()


def rows_of(answer):
    """Return the rows of a file that is handed out piece by piece."""
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))


def test_a_file_holds_the_units_of_the_page_and_no_formula(world, web, browser):
    evil = world.series(make.metric(title="=1+1", kind="counter", unit="1"), web.item)

    answer = browser.get("/explore.csv", {"series": [web.pk, evil.pk], "range": "1h"})

    rows = rows_of(answer)
    assert rows[0][2:] == ["Network in · web1 · device=eth0 [bit/s]", "'=1+1 · web1 [/s]"]
    assert float(rows[20][2]) == pytest.approx(800)
    assert rows[20][3] == ""


def test_a_file_holds_base_units_where_they_are_asked_for(web, browser):
    rows = rows_of(browser.get("/explore.csv", {"series": web.pk, "range": "1h", "base": 1}))

    assert rows[0][2:] == ["Network in · web1 · device=eth0 [By/s]"]
    assert float(rows[20][2]) == pytest.approx(100)


@pytest.mark.parametrize(
    ("unit", "value", "decimals", "head", "said"),
    [
        pytest.param("By", 3 * 2**30 + 1, 2, "GiB", "3.0", id="bytes in the prefix of the peak"),
        pytest.param("ratio", 0.123456, 2, "%", "12.35", id="shares in percent"),
        pytest.param("Cel", 21.23456, 1, "°C", "21.2", id="as many decimals as the metric has"),
        pytest.param("s", 0.000123456, 2, "s", "0.000123", id="never fewer than three digits"),
        pytest.param("", 7.0, 0, "1", "7.0", id="without a unit"),
    ],
)
def test_a_column_is_told_in_the_unit_that_fits(world, browser, unit, value, decimals, head, said):
    one = world.series(make.metric(title="Figure", unit=unit, decimals=decimals))
    world.measured(one, value)

    rows = rows_of(browser.get("/explore.csv", {"series": one.pk, "range": "1h"}))

    assert rows[0][2] == f"Figure [{head}]"
    assert rows[-1][2] == said


def test_data_programs_get_an_arrow_stream_with_the_units_in_it(web, browser):
    ipc = pytest.importorskip("pyarrow.ipc", reason="pyarrow is not installed")

    answer = browser.get("/explore.arrows", {"series": web.pk, "range": "1h"})

    table = ipc.open_stream(answer.content).read_all()
    (field,) = list(table.schema)[1:]
    assert (field.name, field.metadata[b"unit"]) == ("Network in · web1 · device=eth0", b"By/s")
    assert table.column(1).to_pylist()[5] == pytest.approx(100)


@pytest.fixture
def program(db):
    """Return the headers of a program that reads as a viewer."""
    text = tokens.new()
    make.token(text, user=make.user(role="viewer"))
    return {"Authorization": f"Bearer {text}"}


def test_a_program_asks_by_metric_and_item(web, client, program):
    asked = {"metric": "net_bytes_total", "item": web.item.pk, "start": "2026-03-02T08:30:00Z",
             "end": "2026-03-02T09:00:00Z", "step": 60}  # fmt: skip

    answer = client.get("/api/telemetry/query", asked, headers=program)

    told = answer.json()
    assert answer.status_code == 200, told
    assert (told["unit"], told["function"], told["step_seconds"]) == ("By/s", "rate", 60)
    assert told["series"][0]["item"] == {"id": web.item.pk, "name": "web1"}
    assert len(told["series"][0]["points"]) == 30
    assert told["series"][0]["points"][10][1] == pytest.approx(100)


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        pytest.param("csv", b"\xef\xbb\xbfts_ms,time,Network in", id="CSV"),
        pytest.param("arrow", b"\xff\xff\xff\xff", id="Arrow"),
    ],
)
def test_a_program_may_ask_for_a_table(web, client, program, kind, begins):
    asked = {"metric": "net_bytes_total", "item": web.item.pk, "format": kind,
             "start": "2026-03-02T08:30:00Z", "end": "2026-03-02T09:00:00Z"}  # fmt: skip

    answer = client.get("/api/telemetry/query", asked, headers=program)

    content = b"".join(answer) if answer.streaming else answer.content
    assert answer.status_code == 200
    assert content.startswith(begins)
    assert b"By/s" in content


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param({}, 422, id="no metric"),
        pytest.param({"metric": "nothing"}, 404, id="no such metric"),
        pytest.param({"metric": "net_bytes_total", "step": 1}, 422, id="too many points"),
        pytest.param({"metric": "net_bytes_total", "step": 0}, 422, id="no step at all"),
        pytest.param({"metric": "net_bytes_total", "function": "median"}, 422, id="no function"),
        pytest.param({"metric": "net_bytes_total", "start": "soon"}, 422, id="no moment"),
        pytest.param({"metric": "net_bytes_total", "format": "pdf"}, 422, id="no such format"),
    ],
)
def test_what_a_program_asks_wrongly_is_refused(web, client, program, asked, status):
    answer = client.get("/api/telemetry/query", asked, headers=program)

    assert (answer.status_code, set(answer.json())) == (status, {"title", "detail", "fields"})


def test_a_program_needs_a_token_and_sees_only_its_own(world, web, client):
    text = tokens.new()
    make.token(text, user=make.user(role="viewer", team=make.team("red")))

    unknown = client.get("/api/telemetry/query", {"metric": "net_bytes_total"})
    other = client.get("/api/telemetry/query", {"metric": "net_bytes_total"},
                       headers={"Authorization": f"Bearer {text}"})  # fmt: skip

    assert (unknown.status_code, other.status_code) == (401, 404)


def test_no_span_makes_more_than_1500_points(world):
    for days in (0.01, 1, 30, 365):
        told = asking.span(START - timedelta(days=days), START)
        assert days * 86_400 / told.step_seconds <= 1500
    with pytest.raises(Invalid, match="58 s or more"):
        asking.span(START - timedelta(days=1), START, step_seconds=57)


def test_the_resolution_says_what_is_left_of_old_samples(world):
    def kept(days):
        return asking.span(world.now - timedelta(days=days), world.now).resolution

    assert "raw" in kept(29)
    assert "five-minute" in kept(100)
    assert "hourly" in kept(200)
