"""What servers use by day, when that runs out, and what the two checks of it say."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fullscore.config.resources import RESOURCES
from fullscore.connectors.samples import Samples, open_store
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.checks import capacity as checks
from fullscore.domains.infrastructure.servers.models import Capacity
from fullscore.domains.infrastructure.servers.queries import capacity, daily
from fullscore.domains.infrastructure.servers.queries.capacity import Course, Key, Standing
from fullscore.domains.infrastructure.servers.rules import outlook
from fullscore.interfaces.cli.run import run
from fullscore.kit import time
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.models.user import system
from tests import make
from tests.domains.infrastructure.servers.hosts import NOW, worst

DAY = date(2026, 3, 1)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
YESTERDAY = NOW.date() - timedelta(days=1)
CPU, MEMORY, DISK = "capacity_cpu_p95_ratio", "capacity_memory_p95_ratio", (
    "capacity_filesystem_max_ratio"
)  # fmt: skip


@pytest.fixture
def store(tmp_path, monkeypatch):
    opened = open_store(f"parquet://{tmp_path / 'samples'}")
    monkeypatch.setattr(telemetry, "store", lambda: opened)
    yield opened
    opened.close()


# ── one day, from samples ──────────────────────────────────────────────────────────────────────


class World:
    """A server whose samples are written as a probe sends them."""

    def __init__(self, store, server):
        self.store, self.server, self.metrics = store, server, {}

    def tells(self, metric, values, *, day=DAY, every=60, **labels):
        """Write one series of a day; `values` is a function of the seconds since midnight."""
        seconds = np.arange(0, 86_400, every)
        if metric not in self.metrics:
            self.metrics[metric] = make.metric(name=metric)
        series = make.series(metric=self.metrics[metric], item=self.server.item, labels=labels)
        start = capacity.starts_ms(day)
        self.store.append(
            Samples(
                np.full(len(seconds), series.pk), start + seconds * 1000,
                np.array([float(values(s)) for s in seconds]),
            )
        )  # fmt: skip
        return series

    def figures(self, day=DAY):
        return {(key.name, key.mount): value for key, value in daily.of_day(day)}


@pytest.fixture
def world(store, db):
    return World(store, make.server(cpu_count=2))


def test_of_idle_time_the_rest_was_used_whatever_the_number_of_processors_is_said_to_be(world):
    for core in ("0", "1", "2", "3"):
        world.tells("node_cpu_seconds_total", lambda s: 0.70 * s, cpu=core, mode="idle")
        world.tells("node_cpu_seconds_total", lambda s: 0.05 * s, cpu=core, mode="iowait")
        world.tells("node_cpu_seconds_total", lambda s: 0.25 * s, cpu=core, mode="user")

    assert world.figures()[CPU, ""] == pytest.approx(0.25, abs=0.001)


def test_where_idle_time_is_not_told_what_worked_counts_against_the_known_processors(world):
    world.tells("node_cpu_seconds_total", lambda s: 0.8 * s, cpu="0", mode="user")
    world.tells("node_cpu_seconds_total", lambda s: 0.2 * s, cpu="0", mode="system")

    assert world.figures()[CPU, ""] == pytest.approx(0.5, abs=0.001)


def test_a_peak_of_two_hours_is_in_the_p95_and_one_of_half_an_hour_in_the_most(world):
    total = world.tells("node_memory_MemTotal_bytes", lambda s: 100.0)
    for seconds, in_p95 in ((7200, True), (1800, False)):
        Series.objects.exclude(pk=total.pk).delete()
        world.tells("node_memory_MemAvailable_bytes", lambda s, n=seconds: 10 if s < n else 80)

        told = world.figures()

        assert told["capacity_memory_p50_ratio", ""] == pytest.approx(0.2)
        assert told["capacity_memory_max_ratio", ""] == pytest.approx(0.9)
        assert (told[MEMORY, ""] > 0.8) is in_p95


def test_of_a_filesystem_the_fullest_moment_counts_and_what_lies_in_memory_does_not(world):
    for kind, mount in (("ext4", "/srv"), ("tmpfs", "/run")):
        labels = {"fstype": kind, "mountpoint": mount, "device": "x"}
        world.tells("node_filesystem_size_bytes", lambda s: 200.0, **labels)
        world.tells(
            "node_filesystem_avail_bytes", lambda s: 20 if 4000 < s < 5000 else 100, **labels
        )

    assert {k: v for k, v in world.figures().items() if k[0] == DISK} == {(DISK, "/srv"): 0.9}


def test_traffic_is_that_of_real_devices_both_ways(world):
    for device, rate in (("eth0", 300), ("lo", 9000), ("veth1", 9000)):
        world.tells("node_network_receive_bytes_total", lambda s, r=rate: r * s, device=device)
        world.tells("node_network_transmit_bytes_total", lambda s, r=rate: 2 * r * s, device=device)

    assert world.figures()["capacity_network_bytes_rate", ""] == pytest.approx(900, rel=0.01)


def test_a_day_of_which_less_than_six_hours_were_measured_has_no_percentile(world):
    world.tells("node_memory_MemTotal_bytes", lambda s: 100.0)
    series = world.tells("node_memory_MemAvailable_bytes", lambda s: 50.0)
    ends = capacity.starts_ms(DAY) + 5 * 3_600_000
    world.store.append(
        Samples(
            np.full(19 * 60, series.pk), ends + np.arange(19 * 60) * 60_000,
            np.full(19 * 60, np.nan),
        )
    )  # fmt: skip

    assert (MEMORY, "") not in world.figures()


# ── from days to when it runs out ──────────────────────────────────────────────────────────────


def keeps(server, *, until=DAY, days=90, **courses):
    """Keep figures of a server's last days; each a function of how many days ago it was."""
    names = {"cpu": CPU, "memory": MEMORY, "network": "capacity_network_bytes_rate"}
    figures = {}
    for name, course in courses.items():
        points = [(until - timedelta(days=n), course(n)) for n in range(days)]
        key = Key(server.item_id, names[name]) if name in names else (
            Key(server.item_id, DISK, f"/{name}")
        )  # fmt: skip
        figures[key] = points
    services.keep_figures(figures, now=NOW)


def noisy(level, a_day, size=0.01):
    """Return a course that stands at a level today, having grown by so much a day."""
    dice = np.random.default_rng(5)
    wobble = dice.normal(0, size, 400)
    return lambda ago: float(np.clip(level - a_day * ago + wobble[ago], 0, 1))


def test_what_grows_says_between_which_days_it_runs_out_and_what_first(store, db):
    server = make.server()
    keeps(server, cpu=noisy(0.7, 0.002), memory=noisy(0.3, 0.0), srv=noisy(0.5, 0.004),
          var=noisy(0.9, 0.0))  # fmt: skip

    services.judge_capacity(DAY, by=system())

    told = Capacity.objects.get(server=server)
    assert told.runs_out_of == "cpu"
    assert 35 <= (told.runs_out_on - DAY).days <= 65
    first, last = told.cpu_reaches.split("/")
    assert date.fromisoformat(first) <= told.runs_out_on <= date.fromisoformat(last)
    assert told.cpu_trend == pytest.approx(6, abs=1)
    assert told.memory_reaches == ""
    assert told.mount == "/srv"  # it fills, while /var is only full
    assert told.disk_trend == pytest.approx(12, abs=1.5)
    assert told.days == 90
    assert 0.6 <= told.inside / told.tried <= 1


def test_the_same_days_made_again_replace_what_was_known(store, db):
    server = make.server()
    for level in (0.3, 0.6):
        keeps(server, cpu=noisy(level, 0, 0))
        services.judge_capacity(DAY, by=system())

    assert Capacity.objects.get(server=server).cpu_p95 == 60


def test_upkeep_that_drops_raw_samples_leaves_the_days_as_they_were(store, db):
    server = make.server()
    keeps(server, cpu=noisy(0.6, 0.002), srv=noisy(0.5, 0.004))
    before = capacity.history(DAY)

    for hours in range(6):
        store.maintain(now_ms=telemetry.milliseconds(NOW + timedelta(hours=hours)))

    after = capacity.history(DAY)
    kept = store.read(
        list(Series.objects.values_list("pk", flat=True)),
        start_ms=0, end_ms=telemetry.milliseconds(NOW - timedelta(days=40)),
    )  # fmt: skip
    assert len(kept) == 0
    assert np.isfinite(before.table).all()
    np.testing.assert_array_equal(before.table, after.table)


def test_a_few_days_have_a_level_and_no_forecast(store, db):
    server = make.server()
    keeps(server, days=5, cpu=noisy(0.9, 0.01))

    services.judge_capacity(DAY, by=system())

    told = Capacity.objects.get(server=server)
    assert (told.days, told.cpu_trend, told.cpu_reaches, told.tried) == (5, None, "", 0)


def test_what_fell_silent_keeps_the_day_of_its_last_figures_and_what_is_retired_goes(store, db):
    silent, retired = make.server(), make.server()
    keeps(silent, until=DAY - timedelta(days=5), cpu=noisy(0.7, 0.002))
    keeps(retired, cpu=noisy(0.3, 0))
    services.judge_capacity(DAY, by=system())
    Item.objects.filter(pk=retired.item_id).update(state="retired")

    services.judge_capacity(DAY, by=system())

    (told,) = Capacity.objects.all()
    assert told.until == DAY - timedelta(days=5)
    assert told.runs_out_on == told.until + timedelta(days=told.cpu_days)


def test_what_is_over_its_limit_runs_out_now(store, db):
    server = make.server()
    keeps(server, cpu=noisy(0.9, 0.0))

    services.judge_capacity(DAY, by=system())

    told = Capacity.objects.get(server=server)
    assert told.runs_out_on == DAY
    assert outlook.words(told.cpu_reaches, today=DAY) == "now"


def test_a_night_makes_the_days_that_are_over_and_the_next_one_only_what_is_new(world):
    now = MIDNIGHT + timedelta(days=3, hours=1)
    for day in range(3):
        when = DAY + timedelta(days=day)
        world.tells("node_memory_MemTotal_bytes", lambda s: 100.0, day=when, n=str(day))
        world.tells("node_memory_MemAvailable_bytes", lambda s: 40.0, day=when, n=str(day))

    assert services.measure_capacity(by=system(), now=now) == 1
    told = Capacity.objects.get()
    assert (told.until, told.days, told.memory_p95) == (DAY + timedelta(days=2), 3, 60.0)

    services.measure_capacity(by=system(), now=now + timedelta(days=1))
    told.refresh_from_db()
    assert (told.until, told.days) == (DAY + timedelta(days=2), 3)
    assert Series.objects.filter(bound_by=Series.BoundBy.OURS).count() == 3


def test_a_thousand_servers_cost_as_many_statements_as_one(store, db):
    def cost():
        with CaptureQueriesContext(connection) as asked:
            services.judge_capacity(DAY, by=system())
            list(capacity.standings(Scope(NOW)))
        return [query["sql"][:90] for query in asked]

    keeps(make.server(), cpu=noisy(0.5, 0.001))
    few = cost()
    for _ in range(4):
        keeps(make.server(), cpu=noisy(0.5, 0.001), memory=noisy(0.4, 0))

    assert len(cost()) <= len(few)


@pytest.mark.once
@pytest.mark.parametrize(
    ("interval", "words"),
    [
        pytest.param("2026-03-03/2026-03-09", "between 3 and 9 March", id="one month"),
        pytest.param("2026-03-30/2026-04-02", "between 30 March and 2 April", id="two months"),
        pytest.param("2026-12-30/2027-01-02", "between 30 December 2026 and 2 January 2027",
                     id="far away"),
        pytest.param("2026-03-09/2026-03-09", "on 9 March", id="one day"),
        pytest.param("2026-03-09/..", "from 9 March on", id="open"),
        pytest.param("2026-02-20/2026-03-09", "between 2 and 9 March", id="begun"),
        pytest.param("2026-02-20/2026-02-21", "now", id="over"),
        pytest.param("2026-02-20/..", "now or later", id="begun and open"),
        pytest.param("", "", id="never"),
    ],
)  # fmt: skip
def test_an_interval_is_said_as_people_say_it(interval, words):
    assert outlook.words(interval, today=date(2026, 3, 2)) == words


@pytest.mark.once
@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ("2026-03-03/2026-03-09", "3–9 Mar"),
        ("2026-03-30/2026-04-02", "30 Mar – 2 Apr"),
        ("2026-03-09/2026-03-09", "9 Mar"),
        ("2026-03-09/..", "from 9 Mar"),
        ("2026-02-20/2026-03-09", "now – 9 Mar"),
        ("2026-02-20/2026-02-21", "now"),
        ("", ""),
    ],
)
def test_in_a_list_it_is_brief(interval, words):
    assert outlook.brief(interval, today=date(2026, 3, 2)) == words


# ── the checks ─────────────────────────────────────────────────────────────────────────────────


def standing(*, until=YESTERDAY, days=90, cpu=(40.0, None), memory=(50.0, None),
             most=1.0, network=200.0, quiet=30, has_logins=True, login=None,
             cost=None):  # fmt: skip
    reaches = "2026-03-20/2026-04-02"
    return Standing(
        7, "web1", until, days,
        (Course("cpu", *cpu, reaches if cpu[1] is not None else ""),
         Course("memory", *memory, reaches if memory[1] is not None else "")),
        most, network, quiet, has_logins, login, cost,
    )  # fmt: skip


RECENT, LONG_AGO = NOW - timedelta(days=3), NOW - timedelta(days=90)
TWINS = [
    (checks.saturating, standing(cpu=(70.0, 30.0)), 3, "CPU in 30 days"),
    (checks.saturating, standing(memory=(70.0, 59.0)), 3, "memory in 59 days"),
    (checks.saturating, standing(cpu=(90.0, 0.0)), 3, "over it already"),
    (checks.saturating, standing(cpu=(60.0, 61.0)), "good", "in 61 days"),
    (checks.saturating, standing(), "good", "not in sight"),
    (checks.saturating, standing(until=None), "unknown", "nothing measured"),
    (checks.saturating, standing(days=13), "unknown", "less than two weeks"),
    (checks.saturating, standing(until=DAY - timedelta(days=9)), "unknown", "old figures"),
    (checks.saturating, standing(cpu=(None, None)), "unknown", "no CPU told"),
    (checks.idle, standing(), 2, "nobody ever logged in"),
    (checks.idle, standing(login=LONG_AGO), 2, "nobody for long"),
    (checks.idle, standing(login=RECENT), "good", "somebody lately"),
    (checks.idle, standing(most=3.0), "good", "it works"),
    (checks.idle, standing(network=1000.0), "good", "it talks"),
    (checks.idle, standing(most=None), "unknown", "no CPU told"),
    (checks.idle, standing(network=None), "unknown", "no traffic told"),
    (checks.idle, standing(quiet=29), "unknown", "not long enough"),
    (checks.idle, standing(has_logins=False), "unknown", "its accounts were not read"),
    (checks.idle, standing(until=None), "unknown", "nothing measured"),
]


@pytest.mark.once
@pytest.mark.parametrize(
    ("check", "fact", "expected"),
    [pytest.param(check, fact, word, id=f"{check.id}: {why}") for check, fact, word, why in TWINS],
)
def test_twins(check, fact, expected):
    assert worst(check, fact) == expected


@pytest.mark.once
def test_what_is_idle_says_what_it_costs():
    (said,) = checks.idle.judge(
        [standing(cost=Decimal("73.00"))], now=NOW, limits=Limits(checks.idle.limits)
    )

    assert said.title == "web1 does next to nothing, and costs 73 EUR a month"
    assert said.cost.loss_per_hour == pytest.approx(0.1)


@pytest.mark.once
def test_what_will_not_last_says_when():
    said = list(
        checks.saturating.judge(
            [standing(cpu=(70.0, 25.0))], now=NOW, limits=Limits(checks.saturating.limits)
        )
    )

    assert said[0].title == "CPU of web1 is over 80 % between 20 March and 2 April"


def test_a_check_reads_what_the_night_wrote(store, db):
    sick, idle, new = make.server(), make.server(), make.server()
    make.facts(server=idle, section="users", content=[])
    keeps(sick, cpu=noisy(0.75, 0.002), memory=noisy(0.3, 0), network=lambda n: 1e6)
    keeps(idle, cpu=lambda n: 0.01, memory=noisy(0.3, 0), network=lambda n: 200.0)
    services.judge_capacity(DAY, by=system())
    scope = Scope(NOW)

    told = {one.item: one for one in capacity.standings(scope)}

    assert worst(checks.saturating, told[sick.item_id]) == 3
    assert worst(checks.saturating, told[idle.item_id]) == "good"
    assert worst(checks.idle, told[sick.item_id]) == "good"
    assert worst(checks.idle, told[idle.item_id]) == 2
    assert worst(checks.idle, told[new.item_id]) == "unknown"
    assert [one.item for one in capacity.standings(Scope(NOW, frozenset({idle.item_id})))] == [
        idle.item_id
    ]


# ── as it is seen ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ann(db):
    return make.user("ann", role="administrator")


def test_its_page_and_the_servers_draw_history_and_band_and_say_how_far_to_trust_them(
    store, ann, monkeypatch
):
    monkeypatch.setattr(time, "now", lambda: NOW)
    server = make.server()
    keeps(server, cpu=noisy(0.7, 0.002), memory=noisy(0.3, 0), srv=noisy(0.5, 0.004))
    for name in ("cpu_p50", "cpu_max", "memory_p50", "memory_max"):
        key = Key(server.item_id, f"capacity_{name}_ratio")
        services.keep_figures({key: [(DAY - timedelta(days=n), 0.2) for n in range(90)]}, now=NOW)
    services.judge_capacity(DAY, by=system())
    told = Capacity.objects.get()
    browser = make.client(ann)

    for address in (f"/capacity/{told.pk}", f"/servers/{server.pk}/panel/capacity"):
        page = browser.get(address).content.decode()
        assert 'class="band s6"' in page  # p50 to most
        assert page.count('class="band s1"') == 3  # CPU, memory, /srv
        assert "over 80 % between" in page
        assert "not over 80 % within half a year" in page
    page = browser.get(f"/capacity/{told.pk}").content.decode()
    assert f"of {told.tried} days forecast two weeks before" in page
    assert f"over all servers {round(100 * told.inside / told.tried)}" in page


def test_the_page_of_a_server_without_figures_says_when_they_come(store, ann):
    server = make.server()

    page = make.client(ann).get(f"/servers/{server.pk}/panel/capacity").content.decode()

    assert "after its first whole day" in page


def test_the_list_says_what_is_near_and_sorts_it_first(ann):
    near = make.capacity(runs_out_of="disk", runs_out_on=DAY, urgency=170, disk_reaches=f"{DAY}/..")
    make.capacity()

    page = make.client(ann).get("/capacity").content.decode()
    told = make.client(ann).get("/api/capacity", {"runs_out_of": "disk"}).json()

    assert "1 runs out within 60 days" in page
    assert page.index(str(near.server)) < page.index("20 %")
    assert [row["id"] for row in told["items"]] == [near.pk]


def test_a_shell_shows_it_by_the_servers_name_and_lists_what_runs_out_of_something(ann, capsys):
    near = make.capacity(runs_out_of="disk", runs_out_on=DAY, urgency=170)
    make.capacity()

    run(["capacity", "show", near.server.item.name], lambda: RESOURCES, (), lambda email: ann)
    shown = capsys.readouterr().out
    asked = ["capacity", "list", "--runs-out-of", "disk", "--count"]
    run(asked, lambda: RESOURCES, (), lambda email: ann)

    assert near.server.item.name in shown
    assert capsys.readouterr().out.strip() == "1"
