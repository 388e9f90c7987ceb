"""Dashboards that make themselves, what their charts tell, and the list of series."""

import json
from datetime import timedelta

import pytest

from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.foundation.telemetry.reading import asking, dashboards, marks
from fullscore.kit.audit import recorded
from fullscore.kit.models.user import system
from tests import make
from tests.domains.foundation.telemetry.worlds import START, world

__all__ = ["world"]


@pytest.fixture
def browser(db):
    return make.client(make.user(role="viewer"))


def named(*names, **values):
    """Return metrics as they come in: title, unit and kind by their names."""
    return list(services.metrics_named(names).values())


def shown(rows, kind="host", is_together=True):
    """Return the charts of each group, as (title, metrics)."""
    told = dashboards.groups(rows, kind=kind, is_together=is_together)
    return {group.title: [(c.title, c.metrics) for c in group.charts] for group in told}


def test_charts_are_made_of_the_metrics_that_exist(world):
    web = make.item("web1")
    for metric in named("node_load1", "node_load15", "node_filesystem_size_bytes", "queue_depth"):
        world.series(metric, web)

    told = shown(Series.objects.all())

    assert list(told.items()) == [
        ("Processor", [("Load", ("node_load1", "node_load15"))]),
        ("Disks", [("Filesystem size", ("node_filesystem_size_bytes",))]),
        ("Queue", [("queue_depth", ("queue_depth",))]),
    ]


def test_of_a_service_what_is_its_own_comes_first(world):
    for metric in named("node_load1", "queue_depth"):
        world.series(metric)

    assert list(shown(Series.objects.all(), kind="service")) == ["Queue", "Processor"]


def test_of_many_items_each_metric_has_a_chart_of_its_own(world):
    for metric in named("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes"):
        world.series(metric)

    told = shown(Series.objects.all(), is_together=False)

    assert [title for title, _ in told["Memory"]] == ["Memory", "Memory available"]


@pytest.mark.parametrize(
    ("name", "expected", "note"),
    [
        pytest.param("queue_depth", [9, 8, 7, 6, 5, 4], "the 6 highest of 10", id="the highest"),
        pytest.param("node_memory_MemFree_bytes", [0, 1, 2, 3, 4, 5], "the 6 lowest of 10",
                     id="of what is free the lowest"),
    ],
)  # fmt: skip
def test_a_chart_of_many_shows_the_six_that_stand_out(world, browser, name, expected, note):
    (metric,) = named(name)
    for n in range(10):
        world.measured(world.series(metric, make.item(f"web{n}")), float(n), float(n))

    answer = browser.get("/dashboards/series", {"kind": "host", "metric": name, "range": "1h"})

    told = json.loads(answer.content)
    assert [one["name"] for one in told["series"]] == [f"web{n}" for n in expected]
    assert note in told["resolution"]


def test_a_legend_says_only_what_differs(world):
    web = make.item("web1")
    (cpu,) = named("node_cpu_seconds_total")
    some = [world.series(cpu, web, labels={"cpu": "0", "mode": m}) for m in ("user", "idle")]

    assert list(dashboards.told_apart(some).values()) == ["user", "idle"]
    assert list(dashboards.told_apart(some[:1]).values()) == ["CPU time"]


def test_an_item_has_a_dashboard_and_its_page_leads_there(world, browser):
    web = make.item("web1")
    world.measured(world.series(*named("node_load1"), web), 1.0, 2.0)

    page = browser.get(f"/items/{web.pk}/dashboard").content.decode()
    item = browser.get(f"/items/{web.pk}").content.decode()

    assert "Dashboard of web1" in page
    src = page.split('<ts-chart src="')[1].split('"')[0].replace("&amp;", "&")
    assert json.loads(browser.get(src).content)["series"][0]["points"]
    assert f"/items/{web.pk}/dashboard" in item
    assert "1 series of 1 metric" in item


def test_the_first_dashboard_is_of_the_kind_that_is_measured_most(world, browser):
    assert "Nothing is measured here yet" in browser.get("/dashboards").content.decode()
    for kind in ("host", "vm", "vm"):
        world.series(*named("node_load1"), make.item(kind=kind))

    answer = browser.get("/dashboards", follow=True)

    assert answer.request["PATH_INFO"] == "/dashboards/vm"
    assert "/dashboards/host" in answer.content.decode()


def test_nobody_sees_on_a_dashboard_what_is_not_theirs(world):
    red, blue = make.team("red"), make.team("blue")
    theirs = make.item("theirs", owner=blue)
    world.measured(world.series(*named("node_load1"), theirs), 1.0)
    browser = make.client(make.user(role="viewer", team=red))

    assert browser.get(f"/items/{theirs.pk}/dashboard").status_code == 404
    answer = browser.get("/dashboards/series", {"kind": "host", "metric": "node_load1"})
    assert json.loads(answer.content)["series"] == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param({"metric": "node_load1"}, 422, id="neither an item nor a kind"),
        pytest.param({"kind": "host"}, 422, id="no metric"),
        pytest.param({"item": "one", "metric": "node_load1"}, 422, id="an item that is no number"),
        pytest.param({"item": "999", "metric": "node_load1"}, 404, id="no such item"),
    ],
)
def test_a_chart_that_cannot_be_drawn_is_refused(world, browser, asked, status):
    answer = browser.get("/dashboards/series", asked, headers={"Accept": "application/json"})

    assert answer.status_code == status


# ── steps, marks ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("every", "step"),
    [
        pytest.param(None, 15, id="nothing known"),
        pytest.param(15, 15, id="as fine as it comes"),
        pytest.param(600, 900, id="no finer than it comes"),
    ],
)
def test_a_slow_series_is_drawn_in_steps_that_it_fills(world, every, step):
    slow = world.series(make.metric(), every_seconds=every)
    asked = asking.span(START - timedelta(hours=1), START)

    assert asking.fitting(asked, [slow]).step_seconds == step


@pytest.fixture
def changes(monkeypatch):
    """Return the changes that are known of, for a test to add to."""
    known = []
    monkeypatch.setattr(marks, "_sources", [lambda items, start, end: known])
    return known


def test_changes_of_what_is_drawn_are_marked_by_the_minute(world, changes):
    web = make.item("web1")
    one = world.series(make.metric(), web)
    asked = asking.span(START - timedelta(hours=1), START)
    at = START - timedelta(minutes=10)
    changes += [(at + timedelta(seconds=5), web.pk, "units"), (at, web.pk, "packages")]

    assert marks.of([one], asked, by=make.user(role="viewer")) == [
        {"at_ms": int(at.timestamp() * 1000), "label": "packages, units changed"}
    ]


def test_among_several_items_a_mark_says_whose_it_is(world, changes):
    web, database = make.item("web1"), make.item("db1")
    some = [world.series(make.metric(), item) for item in (web, database)]
    changes.append((START - timedelta(minutes=10), web.pk, "packages"))

    (mark,) = marks.of(some, asking.span(START - timedelta(hours=1), START), by=system())

    assert mark["label"] == "packages of web1 changed"


def test_what_is_written_of_an_item_is_a_change_that_is_marked(world, browser):
    web = make.item("web1")
    one = world.series(make.metric(), web)
    for state in ("staged", "active"):  # the first is no change: nothing was written before it
        world.now += timedelta(minutes=5)
        with recorded(web, "change", by=system()):
            web.state = state

    told = json.loads(browser.get("/explore/series", {"series": one.pk, "range": "1h"}).content)

    assert [mark["label"] for mark in told["marks"]] == ["settings changed"]


# ── the list of series ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "count"),
    [
        pytest.param("node_load1", 1, id="the metric's name"),
        pytest.param("load web1", 1, id="title and item"),
        pytest.param("eth0", 1, id="a label"),
        pytest.param("nothing", 0, id="nothing"),
    ],
)
def test_the_list_finds_series_no_index_knows(world, browser, words, count):
    web = make.item("web1")
    world.series(*named("node_load1"), web)
    world.series(*named("node_network_receive_errs_total"), web, labels={"device": "eth0"})

    page = browser.get("/series", {"q": words}, headers={"HX-Request": "true", "HX-Target": "rows"})

    assert page.content.decode().count('name="pk"') == count


def test_a_forgotten_series_is_gone_and_begins_anew(world):
    one = world.series(make.metric())
    make.breach(series=one)
    admin = make.client(make.user(role="administrator"))

    answer = admin.post(f"/series/{one.pk}/forget")

    assert (answer.status_code, answer["Location"]) == (302, "/series")
    assert not Series.objects.exists()


def test_many_are_forgotten_at_once_by_whoever_may(world):
    some = [world.series(make.metric()) for _ in range(3)]
    sent = {"verb": "forget", "pk": [one.pk for one in some[:2]], "confirmed": 1}

    assert make.client(make.user(role="engineer")).post("/series/bulk", sent).status_code == 403
    make.client(make.user(role="administrator")).post("/series/bulk", sent)

    assert list(Series.objects.all()) == some[2:]
