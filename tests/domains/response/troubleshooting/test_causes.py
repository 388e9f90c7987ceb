"""Who is suspected: synthetic outages through the real store."""

import re
from datetime import timedelta

import pytest

from fullscore.domains.response.incidents.announcements import IncidentsOpened
from fullscore.domains.response.troubleshooting import jobs, queries, services
from fullscore.domains.response.troubleshooting.models import Cause, Ranking, Suspect
from fullscore.domains.response.troubleshooting.reading.causes import topmost
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make
from tests.domains.response.troubleshooting.conftest import START, chain, later

LATENCY, IO = "http_request_duration_seconds", "node_pressure_io_waiting_share"


def ranked(world, incident, minutes=10):
    """Rank some minutes after the first symptom; return names and reasons, worst first."""
    services.rank(incident, now=later(world, minutes), by=system())
    return {s.item.name: s.reasons for s in queries.suspects_now(incident)}


def test_the_dependency_that_shifted_comes_first_and_excuses_what_needs_it(world):
    shop, app, db = chain("shop", "app", "db")
    world.now += timedelta(minutes=10)
    for item, name, usual, broken in (
        (shop, LATENCY, 0.2, 0.9), (app, LATENCY, 0.1, 0.6), (db, IO, 0.02, 0.6),
    ):  # fmt: skip
        world.measured(world.series(item, name), usual, broken)
    world.now -= timedelta(minutes=10)

    told = ranked(world, world.outage(shop, app))

    assert next(iter(told)) == "db"
    assert any("the usual" in reason for reason in told["db"])
    assert any(f"item {db.pk}, on which it depends" in r for r in told["app"])


@pytest.mark.parametrize(
    ("name", "unit", "usual", "broken", "said"),
    [
        ("pool_pressure_ratio", "1", 0.2, 0.35, r"\d\d\.?\d? % instead of the usual 20 %"),
        ("queue_memory_bytes", "By", 2**31, 3 * 2**30, r"2\.\d+ GiB instead of the usual 2 GiB"),
        ("node_memory_swap_odd", "", 4.0, 6.0, r"5\.\d+ instead of the usual 4"),
    ],
)
def test_reasons_say_figures_in_their_unit(world, name, unit, usual, broken, said):
    shop, db = chain("shop", "db")
    world.now += timedelta(minutes=10)
    world.measured(world.series(shop, LATENCY), 0.2, 0.9)
    world.measured(world.series(db, name, unit=unit), usual, broken)
    world.now -= timedelta(minutes=10)

    told = ranked(world, world.outage(shop))

    assert any(re.fullmatch(rf"{name} is {said}\.", reason) for reason in told["db"])


def test_what_moved_beside_the_chain_is_not_first(world):
    shop, db = chain("shop", "db")
    world.now += timedelta(minutes=10)
    bystander = make.item("bystander")
    for item, name, usual, broken in (
        (shop, LATENCY, 0.2, 0.9), (db, IO, 0.02, 0.6), (bystander, IO, 0.02, 0.9),
    ):  # fmt: skip
        world.measured(world.series(item, name), usual, broken)
    world.now -= timedelta(minutes=10)

    told = ranked(world, world.outage(shop))

    assert next(iter(told)) == "db"
    assert "bystander" not in told


def test_the_way_leads_across_what_nobody_measures(world):
    shop, _between, db = chain("shop", "unmeasured", "db")
    world.now += timedelta(minutes=10)
    world.measured(world.series(shop, LATENCY), 0.2, 0.9)
    world.measured(world.series(db, IO), 0.02, 0.6)
    world.now -= timedelta(minutes=10)

    assert next(iter(ranked(world, world.outage(shop)))) == "db"


def test_an_item_that_fell_silent_is_suspected(world):
    shop, db = chain("shop", "db")
    world.now += timedelta(minutes=10)
    world.measured(world.series(shop, LATENCY), 0.2, 0.9)
    world.measured(world.series(db, IO), 0.02, until=START - timedelta(minutes=3))
    world.now -= timedelta(minutes=10)

    told = ranked(world, world.outage(shop))

    assert next(iter(told)) == "db"
    assert "Nothing is measured on it any more: it fell silent." in told["db"]


def test_little_memory_left_is_much_memory_in_use(world):
    shop, db = chain("shop", "db")
    world.now += timedelta(minutes=10)
    world.measured(world.series(shop, LATENCY), 0.2, 0.9)
    world.measured(world.series(db, "node_memory_MemTotal_bytes"), 64e9, noise=0)
    world.measured(world.series(db, "node_memory_MemAvailable_bytes"), 40e9, 1e9)
    world.now -= timedelta(minutes=10)

    told = ranked(world, world.outage(shop))

    assert next(iter(told)) == "db"
    assert any(reason.startswith("memory in use is") for reason in told["db"])


def test_a_recent_update_stands_among_the_reasons_of_an_item_that_shifted(world):
    shop, db = chain("shop", "db")
    world.now += timedelta(minutes=10)
    world.measured(world.series(shop, LATENCY), 0.2, 0.9)
    world.measured(world.series(db, IO), 0.02, 0.6)
    world.now -= timedelta(minutes=10)
    updated(db, START - timedelta(minutes=40))

    told = ranked(world, world.outage(shop))

    assert any("openssl amd64 version 3.0.15 → version 3.0.16" in r and "40 minutes" in r
               for r in told["db"])  # fmt: skip


def updated(item, at):
    """Let a package of a host be another since then."""
    from fullscore.kit import history
    from fullscore.kit.models import Version

    facts = make.facts(server=make.server(item=item), section="packages", at=at)
    states = [
        {"content": [{"name": "openssl", "architecture": "amd64", "version": version}]}
        for version in ("3.0.15", "3.0.16")
    ]
    common = {"noun": "servers.facts", "record_id": facts.pk}
    Version.objects.create(
        **common, state=states[0], starts_at=at - timedelta(days=9), ends_at=at
    )  # fmt: skip
    Version.objects.create(**common, state=states[1], starts_at=at)
    assert history.of(facts).count() == 2


@pytest.mark.parametrize(
    ("has_item", "words"),
    [
        pytest.param(False, "No alert of it names an item", id="no item"),
        pytest.param(True, "Nothing is measured", id="nothing measured"),
    ],
)
def test_a_look_that_finds_nothing_says_why(world, has_item, words):
    incident = world.outage(*([make.item()] if has_item else []))

    ranking = services.rank(incident, now=later(world, 5), by=system())

    assert words in ranking.note
    assert not ranking.suspects.exists()


def test_suspects_are_ranked_at_once_and_after_5_and_15_minutes(world):
    world.outage(make.item())
    counts = []

    for minute in range(20):
        later(world, 1 if minute else 0)
        jobs.rank_young()
        counts.append(Ranking.objects.count())

    assert counts == [1] * 5 + [2] * 10 + [3] * 5


def test_a_new_incident_is_ranked_by_the_reaction_to_it(world):
    from fullscore.config.reactions import REACTIONS

    incident = world.outage(make.item())

    for reaction in REACTIONS[IncidentsOpened]:
        reaction(ids=[incident.pk])

    assert incident.rankings.count() == 1


@pytest.mark.parametrize(
    ("items", "needs", "tops"),
    [
        pytest.param([1, 2, 3], [(1, 2), (2, 3)], [1], id="a chain"),
        pytest.param([1, 2, 3], [(1, 3), (2, 3)], [1, 2], id="two above one"),
        pytest.param([2, 3], [(2, 3), (3, 2)], [2], id="a circle"),
        pytest.param([5], [], [5], id="alone"),
    ],
)
def test_the_symptom_is_what_nothing_else_of_the_incident_depends_on(items, needs, tops):
    assert topmost(needs, items) == tops


# ── this was it ────────────────────────────────────────────────────────────────────────────────


def test_naming_a_suspect_keeps_the_cause_and_says_who(world):
    ann, suspect = make.user("ann"), make.suspect(reasons=["It alerts."])

    cause = services.this_was_it(suspect, by=ann, note="The disk was full.")

    assert (cause.item, cause.kind, cause.text) == (suspect.item, "item", "The disk was full.")
    entry = AuditEntry.objects.filter(noun="troubleshooting.cause").latest("n")
    assert (entry.by, entry.verb) == (ann, "name")


def test_naming_another_cause_replaces_the_first(world):
    ann, suspect = make.user("ann"), make.suspect()
    services.this_was_it(suspect, by=ann)

    services.name_cause(
        suspect.ranking.incident, by=ann, item=suspect.item, kind="packages", text="The update."
    )

    assert Cause.objects.get().text == "The update."


def test_a_merged_incident_has_no_cause_of_its_own(world):
    first = make.incident()
    merged = make.incident(
        merged_into=first, state="resolved", resolved_at=make.AT, resolution="Merged."
    )

    with pytest.raises(Conflict, match=f"see incident {first.pk}"):
        services.name_cause(merged, by=make.user(), item=None, kind="item", text="x")
    with pytest.raises(Invalid, match="one of change"):
        services.name_cause(first, by=make.user(), item=None, kind="weather", text="x")


def test_what_was_to_blame_before_weighs_more(world):
    before = queries.failure_rates(world.now)
    for _ in range(6):
        cause = make.cause(kind="packages", at=world.now)
        make.ranking(incident=cause.incident, happened=["packages", "units"])

    after = queries.failure_rates(world.now)

    assert after["packages"] > before["packages"]
    assert after["units"] < before["units"]
    assert after["login"] == before["login"]


# ── who may read it ────────────────────────────────────────────────────────────────────────────


def test_a_reader_is_told_no_name_of_an_item_of_others(world):
    red, blue = make.team("red"), make.team("blue")
    ours, theirs = make.item("ours", owner=red), make.item("theirs-secret", owner=blue)
    incident = world.outage(ours, owner=red)
    ranking = make.ranking(incident=incident)
    make.suspect(ranking=ranking, place=1, item=theirs)
    make.suspect(ranking=ranking, place=2, item=ours, reasons=[
        f"item {theirs.pk}, on which it depends, explains 80 %."])  # fmt: skip
    browser = make.client(make.user(role="engineer", team=red))

    page = browser.get(f"/incidents/{incident.pk}").content.decode()
    rows = browser.get("/suspects").content.decode()

    assert "(restricted), on which it depends" in page
    assert "1 more suspect you may not see" in page
    assert "theirs-secret" not in page + rows
    assert "ours" in rows


def test_who_only_looks_names_no_cause(world):
    suspect = make.suspect()
    browser = make.client(make.user(role="viewer"))

    assert "This was it" not in browser.get(
        f"/incidents/{suspect.ranking.incident.pk}"
    ).content.decode()  # fmt: skip
    assert browser.post(f"/suspects/{suspect.pk}/this_was_it").status_code == 403
    assert browser.post(f"/incidents/{suspect.ranking.incident_id}/rank").status_code == 403
    assert not Cause.objects.exists()


def test_the_page_ranks_and_names_in_two_posts(world):
    shop, db = chain("shop", "db")
    world.now += timedelta(minutes=10)
    world.measured(world.series(shop, LATENCY), 0.2, 0.9)
    world.measured(world.series(db, IO), 0.02, 0.6)
    incident = world.outage(shop)
    browser = make.client(make.user("ann", role="engineer"))

    ranked = browser.post(f"/incidents/{incident.pk}/rank")
    suspect = Suspect.objects.get(place=1)
    browser.post(f"/suspects/{suspect.pk}/this_was_it", {"note": "Its disk."})
    page = browser.get(f"/incidents/{incident.pk}").content.decode()

    assert ranked.status_code == 302
    assert suspect.item == db
    assert "named the cause:</b> Its disk." in page
    assert f"/explore?series={suspect.series[0]}" in page
