"""What changed before this broke: rows, their scores and reasons, and who may read them."""

from datetime import timedelta

import pytest

from fullscore.config import commands, tools
from fullscore.domains.foundation.access import tokens
from fullscore.domains.foundation.changes import services as changes
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.domains.response.troubleshooting.models import Cause
from fullscore.domains.response.troubleshooting.reading import changed
from fullscore.domains.response.troubleshooting.reading.happenings import SOURCES
from fullscore.kit.audit import recorded
from fullscore.kit.models import AuditEntry
from tests import make
from tests.domains.response.troubleshooting.conftest import START, chain
from tests.domains.response.troubleshooting.test_causes import IO, updated

HOUR = timedelta(hours=1)


@pytest.fixture
def eve(world):
    """Return somebody who sees everything there is of incidents and items."""
    return make.user("eve", role="engineer")


def told(rows):
    return [(row.item, row.happening.kind) for row in rows]


def test_the_nearer_in_time_and_in_the_estate_comes_first(world, eve):
    shop, app, db = chain("shop", "app", "db")
    updated(shop, START - 6 * HOUR)
    updated(app, START - HOUR)
    updated(db, START - HOUR)

    rows = changed.before_incident(world.outage(shop), by=eve)

    assert told(rows) == [("app", "packages"), ("db", "packages"), ("shop", "packages")]
    assert [row.hops for row in rows] == [1, 2, 0]
    assert rows[0].score > rows[1].score > rows[2].score > 0


def test_a_shift_after_it_speaks_against_it_more_than_none(world, eve):
    one, other = make.item("one"), make.item("other")
    world.now += timedelta(minutes=40)
    for item, at in ((one, START), (other, START)):
        updated(item, at)
    world.measured(world.series(one, IO), 0.02, 0.5)
    world.measured(world.series(other, IO), 0.02)

    rows = changed.before([one.pk, other.pk], world.now, by=eve)

    assert [row.item for row in rows] == ["one", "other"]
    assert rows[0].score == pytest.approx(rows[1].score / 0.3)
    assert "shifted after it" in rows[0].reasons[2]
    assert rows[1].reasons[2] == "Nothing that is measured on it shifted after it."


def test_facts_that_are_read_a_little_later_may_have_come_before(world, eve):
    shop = make.item("shop")
    updated(shop, START + timedelta(minutes=9))

    (row,) = changed.before_incident(world.outage(shop), by=eve)

    assert row.reasons[0] == "Seen 9 min after, and up to 15 min older: it may have come before."
    assert row.score > 0


def test_the_first_facts_of_a_host_are_no_change(world, eve):
    from fullscore.kit.models import Version

    shop = make.item("shop")
    facts = make.facts(server=make.server(item=shop), section="packages")
    Version.objects.create(
        noun="servers.facts", record_id=facts.pk, state={"content": []}, starts_at=START - HOUR
    )

    assert changed.before([shop.pk], START, by=eve) == []


def test_every_source_tells_what_it_keeps(world, eve):
    shop, db = make.item("shop"), make.item("db")
    server = make.server(item=shop, booted_at=START - 3 * HOUR)
    make.unit(server=server, name="web.service", active="active", sub="running",
              since=START - HOUR)  # fmt: skip
    make.unit(server=server, name="at-boot.service", active="active", sub="running",
              since=START - 3 * HOUR + timedelta(minutes=1))  # fmt: skip
    make.server_account(server=server, name="deploy", becomes_root="%deploy",
                        last_login_at=START - HOUR)  # fmt: skip
    make.server_account(server=server, name="guest", last_login_at=START - HOUR)
    world.now = START - HOUR
    link = Link(from_item=shop, to_item=db, kind="needs")
    with recorded(link, "add", by=eve):
        pass
    with recorded(shop, "change", by=eve):
        shop.criticality = 1
    changes.record(by=eve, title="New release", items=[shop], at=START - 2 * HOUR,
                   ended_at=START - HOUR)  # fmt: skip
    make.change(title="Not yet", items=[shop], starts_at=START - HOUR, ends_at=START + HOUR)

    rows = changed.before([shop.pk], START, by=eve)

    assert sorted(row.happening.kind for row in rows) == [
        "change", "dependency", "login", "record", "restart", "units",
    ]  # fmt: skip
    texts = " ".join(row.happening.text for row in rows)
    assert "web.service was started." in texts
    assert "New release" in texts
    assert "Not yet" not in texts
    assert "at-boot" not in texts
    assert "deploy logged in" in texts
    assert "guest" not in texts
    assert f"It depends on item {db.pk}" in texts
    assert "Eve changed it: criticality." in texts


def test_what_is_of_others_is_not_told(world):
    red, blue = make.team("red"), make.team("blue")
    ours, theirs = chain("ours", "theirs-secret")
    for item, team in ((ours, red), (theirs, blue)):
        item.owner = team
        item.save()
        updated(item, START - HOUR)
    rita = make.user("rita", role="engineer", team=red)
    incident = world.outage(ours, owner=red)

    rows = changed.before_incident(incident, by=rita)
    page = make.client(rita).get(f"/incidents/{incident.pk}/changed").content.decode()

    assert told(rows) == [("ours", "packages")]
    assert "theirs-secret" not in page


def test_each_source_asks_for_a_right_of_its_own(world):
    assert all(source.permission.count(".") == 1 for source in SOURCES)

    shop = make.item("shop")
    updated(shop, START - HOUR)

    assert changed.before([shop.pk], START, by=make.user("nobody")) == []


# ── pages, API, command line, assistant ────────────────────────────────────────────────────────


@pytest.fixture
def outage(world, eve):
    """Return an incident whose host was updated an hour before it."""
    db = make.item("db")
    updated(db, START - HOUR)
    incident = world.outage(db)
    world.now += timedelta(minutes=10)
    return incident


def test_the_page_lets_somebody_name_the_cause(outage, eve):
    browser = make.client(eve)
    page = browser.get(f"/incidents/{outage.pk}/changed").content.decode()
    key = page.split('name="happening" value="')[1].split('"')[0]

    answer = browser.post(f"/incidents/{outage.pk}/cause", {"happening": key})
    spoilt = browser.post(f"/incidents/{outage.pk}/cause", {"happening": "packages:1:1"})

    cause = Cause.objects.get()
    assert answer.status_code == 302
    assert spoilt.status_code == 404
    assert (cause.kind, cause.item.name, cause.by) == ("packages", "db", eve)
    assert AuditEntry.objects.filter(noun="troubleshooting.cause").count() == 1


def test_a_change_that_was_it_counts_as_one_that_failed(outage, eve):
    db = Item.objects.get(name="db")
    release = changes.record(by=eve, title="New release", items=[db], at=START - HOUR)
    browser = make.client(eve)
    page = browser.get(f"/incidents/{outage.pk}/changed").content.decode()
    (key,) = [part.split('"')[0] for part in page.split('name="happening" value="')[1:]
              if part.startswith("change:")]  # fmt: skip

    browser.post(f"/incidents/{outage.pk}/cause", {"happening": key})

    assert Cause.objects.get().kind == "change"
    link = outage.change_links.get()
    assert (link.change, link.kind) == (release, "cause")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        pytest.param("at=2026-03-02T09:00Z", 1, id="a moment after it"),
        pytest.param("at=2026-03-02T07:00Z", 0, id="a moment before it"),
        pytest.param("at=2026-03-04T09:00Z&hours=24", 0, id="too long ago"),
        pytest.param("hours=168", 1, id="a week"),
    ],
)
def test_any_item_is_asked_about_any_moment(world, outage, eve, query, count):
    world.now += timedelta(days=3)
    item = outage.alerts.get().item

    page = make.client(eve).get(f"/items/{item.pk}/changed?{query}").content.decode()

    assert page.count('class="row suspect"') == count


def test_programs_ask_for_an_incident_or_an_item(outage, eve, client):
    text = tokens.new()
    make.token(text, user=eve)
    headers = {"Authorization": f"Bearer {text}"}
    item = outage.alerts.get().item
    ask = "/api/troubleshooting/changed"

    of_incident = client.get(f"{ask}?incident={outage.pk}", headers=headers).json()
    of_item = client.get(f"{ask}?item={item.pk}&at=2026-03-02T09:00:00Z", headers=headers).json()
    neither = client.get(ask, headers=headers)
    too_long = client.get(f"{ask}?item={item.pk}&hours=9999", headers=headers)

    assert of_incident["rows"] == of_item["rows"]
    assert of_incident["rows"][0]["item"] == {"id": item.pk, "name": "db"}
    assert of_incident["rows"][0]["why"][0] == "1 h before."
    assert (neither.status_code, too_long.status_code) == (422, 422)


def test_the_command_prints_what_changed(outage, eve, capsys, monkeypatch):
    monkeypatch.setattr(commands, "ready", lambda: None)

    code = commands.changed(["--incident", str(outage.pk), "--as", eve.email])
    commands.changed(["--item", "DB", "--at", "2026-03-02T09:00", "--as", eve.email])

    told = capsys.readouterr().out.splitlines()
    assert code == 0
    assert told[0] == "1 things changed in the 24 h before 2026-03-02 09:00 UTC."
    assert told[:3] == told[3:]


def test_an_assistant_asks_the_same(outage, eve):
    answer = tools.what_changed_before(eve, incident=outage.pk)

    assert answer["rows"][0]["kind"] == "packages"
    assert answer["rows"][0]["item"]["name"] == "db"
