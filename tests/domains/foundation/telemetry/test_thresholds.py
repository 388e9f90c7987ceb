"""What a threshold may say, and which of several holds for a series."""

import pytest
from django.db import IntegrityError, transaction

from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import Threshold
from fullscore.domains.foundation.telemetry.reading.judged import catalog_of, held
from fullscore.kit.errors import Invalid
from tests import make
from tests.domains.foundation.telemetry.worlds import world

__all__ = ["world"]
LIMITS = {"medium_at": None, "high_at": None, "critical_at": None}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"clear_at": 70}, id="no limit at all"),
        pytest.param({"high_at": 80, "clear_at": 80}, id="clear on the limit"),
        pytest.param({"high_at": 80, "clear_at": 90}, id="clear on the bad side"),
        pytest.param({"medium_at": 90, "high_at": 80, "clear_at": 70}, id="out of order"),
        pytest.param({"medium_at": 90, "critical_at": 80, "clear_at": 70}, id="a gap, too"),
        pytest.param({"operator": "<", "high_at": 10, "clear_at": 5}, id="below: clear too low"),
        pytest.param({"operator": "<", "medium_at": 5, "high_at": 10, "clear_at": 20},
                     id="below: out of order"),
        pytest.param({"high_at": 80, "clear_at": 70, "window_seconds": 14}, id="window too short"),
        pytest.param({"high_at": 80, "clear_at": 70, "window_seconds": 15, "for_seconds": 3601},
                     id="more than 240 windows"),
        pytest.param({"high_at": 80, "clear_at": 70, "function": "median"}, id="no function"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_the_database_and_the_form(db, values):
    metric = make.metric()
    values = LIMITS | values

    with pytest.raises(IntegrityError), transaction.atomic():
        Threshold.objects.create(metric=metric, **values)

    page = make.client(make.user(role="operator")).post(
        "/thresholds/add", {"metric": metric.pk, **{k: v for k, v in values.items() if v}}
    )
    assert page.status_code == 422
    assert not Threshold.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        pytest.param({"selector": "colour=red"}, "selector", id="no field of items"),
        pytest.param({"selector": "kind=spaceship"}, "selector", id="no kind"),
        pytest.param({"labels": ["mode"]}, "labels", id="labels without values"),
        pytest.param({"labels": {"cpu": 1}}, "labels", id="a label that is no text"),
        pytest.param({"hours": "always"}, "hours", id="no hours"),
        pytest.param({"high_at": float("inf")}, "high_at", id="no finite limit"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_field(db, values, field):
    known = {"metric": make.metric(), "high_at": 80.0, "clear_at": 70.0}

    with pytest.raises(Invalid) as refused:
        services.set_threshold(by=make.user(), **known | values)

    assert list(refused.value.fields) == [field]


def test_an_operator_adds_and_changes_one_and_a_viewer_does_not(db):
    metric = make.metric()
    sent = {"metric": metric.pk, "operator": ">", "function": "avg", "window_seconds": 300,
            "for_seconds": 0, "high_at": "80", "clear_at": "70", "no_data": "unknown",
            "labels": "{}"}  # fmt: skip

    answer = make.client(make.user(role="operator")).post("/thresholds/add", sent)
    refused = make.client(make.user(role="viewer")).post("/thresholds/add", sent)

    assert (answer.status_code, refused.status_code) == (302, 403)
    assert Threshold.objects.get().high_at == 80


def test_the_most_specific_selector_wins(world):
    metric = make.metric()
    web, db, lone = make.item("web", tags=["front"]), make.item("db"), make.item("lone")
    series = [world.series(metric, item) for item in (web, db, lone, None)]
    everything = make.threshold(metric=metric)
    kind = make.threshold(metric=metric, selector="kind=host")
    tag = make.threshold(metric=metric, selector="tag=front")
    one = make.threshold(metric=metric, selector=f"id={db.pk}")

    catalog = catalog_of([everything, kind, tag, one], now=world.now)
    rows = held([everything, kind, tag, one], catalog)

    told = [[catalog.series[n] for n in found] for found in rows]
    assert told == [[series[3].pk], [series[2].pk], [series[0].pk], [series[1].pk]]


def test_labels_narrow_and_other_functions_or_directions_do_not_compete(world):
    metric, item = make.metric(), make.item()
    root = world.series(metric, item, labels={"mountpoint": "/", "fstype": "ext4"})
    home = world.series(metric, item, labels={"mountpoint": "/home"})
    thresholds = [
        make.threshold(metric=metric),
        make.threshold(metric=metric, labels={"mountpoint": "/"}),
        make.threshold(metric=metric, function="max"),
        make.threshold(metric=metric, operator="<", high_at=1.0, clear_at=2.0),
    ]

    catalog = catalog_of(thresholds, now=world.now)
    told = [[int(catalog.series[n]) for n in found] for found in held(thresholds, catalog)]

    assert told == [[home.pk], [root.pk], [root.pk, home.pk], [root.pk, home.pk]]
