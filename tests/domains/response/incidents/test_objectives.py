"""What is left of error budgets, by incidents and by series, and who reads it."""

from datetime import timedelta

import pytest

from fullscore.connectors.samples import open_store
from fullscore.domains.foundation.changes.queries import weighing
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.foundation.telemetry import services as measuring
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.foundation.telemetry.services import Measured, intake
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import ServiceObjective
from fullscore.engines.aftermath import budget_left
from fullscore.kit import time
from fullscore.kit.errors import Invalid
from tests import make

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def fresh_store(tmp_path, monkeypatch):
    """Give each test a store of its own, and no memory of other tests' series."""
    store = open_store(f"parquet://{tmp_path / 'samples'}")
    monkeypatch.setattr(telemetry, "store", lambda: store)
    for known in (intake.memory, intake._alive, intake._refreshed, intake._leads, intake._told):
        known.clear()
    intake._door.cache_clear()
    yield
    store.close()
    intake._door.cache_clear()


BUDGET = 28 * 86_400 * 0.001  # seconds that may go wrong


@pytest.mark.parametrize(
    ("bad", "target", "left"),
    [
        pytest.param(0.0, 0.999, 1.0, id="nothing went wrong"),
        pytest.param(0.0005, 0.999, 0.5, id="half is spent"),
        pytest.param(0.001, 0.999, 0.0, id="all is spent"),
        pytest.param(0.003, 0.999, -2.0, id="overspent"),
    ],
)
def test_what_is_left(bad, target, left):
    assert budget_left(bad, target) == pytest.approx(left)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "left"),
    [
        pytest.param({}, 0.5, id="grave"),
        pytest.param({"severity": 3}, 1.0, id="not grave"),
        pytest.param({"incident": None}, 1.0, id="in no incident"),
    ],
)
def test_time_in_which_something_grave_alerts_is_spent(values, left):
    now = time.now()
    shop, database = make.item(kind="service"), make.item()
    make.link(from_item=shop, to_item=database)
    objective = make.service_objective(service=shop)
    at = now - DAY
    make.alert(item=database, state="resolved", starts_at=at,
               ends_at=at + timedelta(seconds=BUDGET / 2), **values)  # fmt: skip

    assert services.measure_objectives(now=now) == 1

    objective.refresh_from_db()
    assert objective.left == pytest.approx(left, abs=1e-6)
    series = telemetry.series_of(shop, "service_error_budget_ratio", objective="up")
    (written,) = telemetry.means(series, now=now + timedelta(seconds=1), seconds=60,
                                 function="last").values()  # fmt: skip
    assert written == pytest.approx(left, abs=1e-6)


@pytest.mark.django_db
def test_what_is_longer_ago_than_the_window_is_forgiven():
    now, objective = time.now(), make.service_objective(service=make.item(kind="service"))
    make.alert(item=objective.service, state="resolved", starts_at=now - 40 * DAY,
               ends_at=now - 28 * DAY)  # fmt: skip

    services.measure_objectives(now=now)

    objective.refresh_from_db()
    assert objective.left == 1.0


@pytest.mark.django_db
def test_a_ratio_is_that_of_two_counters():
    now, shop = time.now(), make.item(kind="service")
    objective = make.service_objective(
        service=shop, kind="ratio", good="good_total", total="all_total", target=0.9
    )
    assert services.measure_objectives(now=now) == 0

    start = now - timedelta(hours=1)
    samples = [
        Measured(name, {}, float(minute * step), telemetry.milliseconds(start) + minute * 60_000)
        for name, step in (("good_total", 95), ("all_total", 100))
        for minute in range(60)
    ]
    measuring.ingest(samples, item=shop, now=now)
    assert services.measure_objectives(now=now) == 1

    objective.refresh_from_db()
    assert objective.left == pytest.approx(0.5, abs=0.01)


@pytest.mark.django_db
def test_the_risk_of_changes_reads_what_is_left():
    now, shop = time.now(), make.item(kind="service")
    make.service_objective(service=shop)
    make.alert(item=shop, state="resolved", starts_at=now - DAY,
               ends_at=now - DAY + timedelta(seconds=BUDGET * 0.75))  # fmt: skip

    services.measure_objectives(now=now)

    assert weighing._budget_left({shop.pk}) == pytest.approx(0.25, abs=1e-6)


@pytest.mark.django_db
def test_figures_are_kept_as_series_each_night():
    now = time.now()
    make.incident(starts_at=now - DAY, detected_at=now - DAY + timedelta(seconds=90))

    assert services.write_figures(now=now) == 4  # mean, median and 90 % to notice; changes a week

    rows = Series.objects.filter(metric__name="response_figure_seconds")
    kept = {(one.labels["figure"], one.labels["statistic"]) for one in rows}
    assert kept == {("detect", "mean"), ("detect", "median"), ("detect", "p90")}
    found = telemetry.means(list(rows), now=now + timedelta(seconds=1), seconds=60, function="last")
    assert set(found.values()) == {90.0}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        pytest.param({"kind": "ratio"}, "both metrics", id="ratio of nothing"),
        pytest.param({"target": 1.0}, "at most 99.999 percent", id="nothing may go wrong"),
        pytest.param({"target": 100}, "at most 99.999 percent", id="nothing, in percent"),
        pytest.param({"target": 30}, "at least 50 percent", id="hardly anything"),
    ],
)
def test_what_cannot_be_promised(values, sentence):
    from fullscore.kit.audit import recorded

    with (
        pytest.raises(Invalid, match=sentence),
        recorded(ServiceObjective(service=make.item(), **values), "add", by=make.user()),
    ):
        pass


@pytest.mark.django_db
@pytest.mark.parametrize("written", ["99.9", 99.9, "0.999", 0.999])
def test_a_promise_is_taken_in_percent_and_as_a_part(written):
    from fullscore.kit.audit import recorded

    promised = ServiceObjective(service=make.item(kind="service"), target=written)
    with recorded(promised, "add", by=make.user()):
        pass  # it is checked and saved on leaving

    promised.refresh_from_db()
    assert promised.target == 0.999
