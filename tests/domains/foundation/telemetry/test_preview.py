"""Before a threshold is saved it says how often it would have fired, by the same judgement."""

import json
from datetime import timedelta

import pytest

from fullscore.domains.foundation.access import tokens
from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import Breach, Threshold
from fullscore.domains.foundation.telemetry.reading import history
from fullscore.kit.errors import Invalid
from tests import make
from tests.domains.foundation.telemetry.worlds import START, world

__all__ = ["world"]
WAVES = [10.0] * 20 + [90.0] * 8 + [75.0] * 4 + [10.0] * 20 + [90.0] * 3 + [60.0] * 4


@pytest.fixture
def series(world):
    """Return a series that was twice beyond 80 in the last quarter of an hour."""
    made = world.series(make.metric(title="Load"), make.item("web1"))
    world.measured(made, *WAVES)
    return made


@pytest.fixture
def ann(db):
    return make.user("ann", role="operator")


def threshold_of(series, **values):
    return make.threshold(metric=series.metric, window_seconds=15, function="last", **values)


def test_it_says_how_often_on_how_many_and_when(series, ann):
    make.series(metric=series.metric, first_at=START, last_at=START)

    told = services.preview(threshold_of(series), by=ann, days=2)

    assert told.sentence == "It would have fired 2 times in the last 2 days, on 1 of 2 series."
    newest, first = told.fired
    assert (newest.severity, newest.series, first.until - first.since) == (
        4, series, timedelta(seconds=12 * 15),
    )  # fmt: skip


def test_it_agrees_with_what_the_passes_find(world, series, ann):
    threshold = threshold_of(series, for_seconds=60)
    foreseen = services.preview(threshold, by=ann, days=1)
    start = START - timedelta(seconds=15 * len(WAVES))
    for n in range(1, len(WAVES) + 1):
        services.judge(now=start + timedelta(seconds=15 * n))

    breaches = Breach.objects.order_by("-since")

    assert len(foreseen.fired) == 1
    assert [(b.since, b.ended_at) for b in breaches] == [(f.since, f.until) for f in foreseen.fired]


def test_what_goes_on_has_no_end_and_a_quiet_past_is_said(world, series, ann):
    world.measured(series, 99.0)

    told = services.preview(threshold_of(series), by=ann)
    quiet = services.preview(threshold_of(series, high_at=1000.0), by=ann)
    nothing = services.preview(make.threshold(), by=ann)

    assert told.fired[0].until is None
    assert quiet.sentence == "It would never have fired in the last 30 days."
    assert "no series" in nothing.sentence


def test_muted_series_other_teams_and_idle_hours_are_left_out(world, series, ann):
    threshold = threshold_of(series)
    stranger = make.user(role="viewer", team=make.team("red"))

    assert services.preview(threshold, by=stranger).series == 0
    threshold.hours = "Sat 08:00-18:00"
    assert services.preview(threshold, by=ann).count == 0
    threshold.hours = ""
    series.is_muted = True
    series.save()
    assert services.preview(threshold, by=ann).series == 0


def test_a_more_specific_threshold_takes_its_series_out(series, ann):
    wide = threshold_of(series)
    threshold_of(series, selector="kind=host")

    assert services.preview(wide, by=ann).series == 0


def test_so_many_values_shorten_the_time_and_it_says_so(series, ann, monkeypatch):
    monkeypatch.setattr(history, "MOST_VALUES", 40)

    told = services.preview(threshold_of(series), by=ann)

    assert told.sentence.startswith("It would have fired 2 times in the last 10 min, on 1 of 1")
    assert "not looked at" in told.sentence


def test_days_are_bounded(series, ann):
    for days in (0, 91):
        with pytest.raises(Invalid, match="1 to 90"):
            services.preview(threshold_of(series), by=ann, days=days)


def test_the_form_previews_and_saves_nothing(series, ann):
    sent = {"metric": series.metric.pk, "operator": ">", "function": "last", "window_seconds": 15,
            "for_seconds": 0, "high_at": 80, "clear_at": 70, "no_data": "unknown",
            "labels": "{}", "preview": 1}  # fmt: skip

    page = make.client(ann).post("/thresholds/add", sent)
    wrong = make.client(ann).post("/thresholds/add", sent | {"selector": "colour=red"})

    assert page.status_code == 200
    assert "It would have fired 2 times in the last 30 days" in page.content.decode()
    assert wrong.status_code == 422
    assert "not selected by “colour”" in wrong.content.decode()
    assert not Threshold.objects.exists()


def test_page_verb_and_api_say_the_same(series, ann, client):
    threshold = threshold_of(series)
    text = tokens.new()
    make.token(text, user=ann)
    headers = {"Authorization": f"Bearer {text}"}

    panel = make.client(ann).get(f"/thresholds/{threshold.pk}/panel/would-have-fired")
    asked = {"threshold": threshold.pk, "days": 30}
    told = client.get("/api/telemetry/preview", asked, headers=headers)

    sentence = services.preview(threshold, by=ann).sentence
    assert sentence in panel.content.decode()
    assert told.json()["sentence"] == sentence
    assert len(json.loads(told.content)["fired"]) == 2
