"""How long samples are kept, who says so, and what the page of the store tells."""

from contextlib import suppress
from datetime import timedelta
from functools import cache

import pytest

from fullscore.connectors.base import Refused
from fullscore.connectors.samples import Grouped, Retention, open_store
from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Check
from fullscore.domains.foundation.telemetry import jobs, queries, services
from fullscore.domains.foundation.telemetry.reading import storage
from fullscore.domains.foundation.telemetry.services import Measured, intake
from fullscore.kit import access
from fullscore.kit.errors import Invalid
from fullscore.kit.models.user import system
from tests import make
from tests.disks import small_disk
from tests.domains.foundation.telemetry.worlds import world

__all__ = ["small_disk", "world"]

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        pytest.param([], (30, 180, 1825), id="without a rule, what ships"),
        pytest.param([("", 7, 30, 365)], (7, 30, 365), id="everything, for less"),
        pytest.param([("tag=shop", 90, 180, 1825)], (90, 180, 1825), id="some items, for longer"),
        pytest.param([("", 7, 30, 365), ("tag=shop", 14, 30, 730)], (14, 30, 730),
                     id="of each resolution the longest"),
    ],
)  # fmt: skip
def test_the_longest_rule_holds_for_the_whole_store(db, rules, kept):
    for selector, raw, fives, hours in rules:
        make.storage_rule(
            selector=selector, raw_days=raw, five_minute_days=fives, hourly_days=hours
        )

    assert queries.retention() == Retention(*kept)


def test_a_rule_reaches_the_store_at_its_next_upkeep(world, settings, monkeypatch):
    monkeypatch.setattr(queries, "_url", lambda: f"parquet://{world.store.folder}")
    one = world.series(make.metric())
    world.now -= 10 * DAY
    world.measured(one, 1.0, 2.0)
    world.now += 10 * DAY
    world.measured(one, 3.0)

    jobs.maintain_store.call()
    assert world.store.read([one.pk], start_ms=0, end_ms=2**42).values.tolist() == [1, 2, 3]
    services.set_storage(by=system(), raw_days=7, five_minute_days=8, hourly_days=9)
    jobs.maintain_store.call()

    assert world.store.read([one.pk], start_ms=0, end_ms=2**42).values.tolist() == [3]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        pytest.param({"selector": "tag=shop", "raw_days": 7}, "raw_days", id="shorter for some"),
        pytest.param({"selector": "colour=red"}, "selector", id="no such selector"),
    ],
)
def test_a_rule_that_would_not_hold_is_refused_in_words(db, values, field):
    with pytest.raises(Invalid) as told:
        services.set_storage(by=system(), **values)

    assert list(told.value.fields) == [field]


def test_coarser_figures_are_kept_at_least_as_long(db):
    admin = make.client(make.user(role="administrator"))

    answer = admin.post(
        "/storage-rules/add", {"raw_days": 30, "five_minute_days": 7, "hourly_days": 365}
    )

    assert answer.status_code == 422
    assert "Coarser figures are kept at least as long" in answer.content.decode()


@pytest.mark.parametrize(
    ("role", "may"),
    [
        pytest.param("administrator", True, id="an administrator"),
        pytest.param("operator", False, id="an operator"),
        pytest.param("engineer", False, id="an engineer"),
    ],
)
def test_only_administrators_say_how_long_samples_are_kept(db, role, may):
    someone = make.user(role=role)

    for action in ("add", "change", "delete"):
        assert access.may(someone, f"telemetry.{action}_storagerule") is may
    assert access.may(someone, "telemetry.view_storagerule")


# ── the page ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def browser(db):
    return make.client(make.user(role="viewer"))


def test_the_page_tells_what_the_store_holds(world, browser, monkeypatch):
    monkeypatch.setattr(storage, "folder", lambda: world.store.folder)
    world.measured(world.series(make.metric()), *range(1000))
    make.refusal(reason="future", count=1200)
    make.refusal(reason="future", count=34)
    services.measure_store(now=world.now)

    text = browser.get("/store").content.decode()

    assert "1 k samples, all of them readable" in text
    assert '<td class="num">1,234</td>' in text
    assert "/refusals?reason=future" in text
    assert "2 Mar 2026" in text  # the oldest sample
    assert text.count("<ts-chart") == 2


def test_an_empty_store_says_what_will_stand_there(world, browser):
    text = browser.get("/store").content.decode()

    assert "Nothing is stored yet" in text
    assert "Everything was taken" in text
    assert "The first measure of the store comes within ten minutes" in text


def test_a_segment_that_cannot_be_read_is_named(world, browser):
    world.measured(world.series(make.metric()), 1.0)
    (name,) = world.store.manifest.live()
    world.store.manifest.quarantine(name)

    text = browser.get("/store").content.decode()

    assert "1 segment cannot be read" in text
    assert name in text


def test_a_volume_that_fills_is_in_the_headline(world, browser, monkeypatch):
    free = iter(range(400, 0, -1))
    usage = lambda _: type("Usage", (), {"total": 1000 * 2**30, "free": next(free) * 2**30})  # noqa: E731
    monkeypatch.setattr(storage.shutil, "disk_usage", usage)
    monkeypatch.setattr(storage, "folder", lambda: world.store.folder)
    for _ in range(30):
        services.measure_store(now=world.now)
        world.now += timedelta(hours=1)

    assert "The volume is full in 15 days" in browser.get("/store").content.decode()


def test_a_full_volume_is_said_on_the_page_and_in_a_finding_until_there_is_room(
    world, browser, small_disk, monkeypatch
):
    small = open_store(f"parquet://{small_disk}/s")
    store = Grouped(small.append)
    monkeypatch.setattr(intake, "_door", cache(lambda: store))
    host = make.item()
    ballast = small_disk / "ballast"

    def tell(value):
        world.now += timedelta(minutes=1)
        at = queries.milliseconds(world.now)
        return services.ingest([Measured("load", {}, value, at)], item=host, now=world.now)

    assert tell(1.0) == 1
    with suppress(OSError):
        ballast.write_bytes(bytes(2 * 2**20))
    with pytest.raises(Refused, match="no room"):
        tell(2.0)

    assert (
        "Nothing is taken: the sample store has no room" in browser.get("/store").content.decode()
    )
    findings.run_check(Check.objects.get(ident="telemetry.store_refuses"), by=system())
    (told,) = world.findings()
    assert (told.title, told.severity) == ("The sample store takes nothing", 5)
    assert told.title in browser.get("/").content.decode()

    ballast.unlink()
    assert tell(3.0) == 1
    for _ in range(2):
        world.now += timedelta(minutes=5)
        findings.run_check(Check.objects.get(ident="telemetry.store_refuses"), by=system())
    assert world.findings() == []
    assert "Nothing is taken" not in browser.get("/store").content.decode()


def test_whoever_may_see_nothing_does_not_see_the_store(world):
    assert make.client(make.user()).get("/store").status_code == 403
