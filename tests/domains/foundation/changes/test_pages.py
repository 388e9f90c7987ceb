"""What is seen of changes, by whom: pages, calendar programs, the API and the command line."""

import json
import re
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient
from icalendar import Calendar

from fullscore.config.resources import RESOURCES
from fullscore.domains.foundation.access import tokens
from fullscore.domains.foundation.changes.models import Change
from fullscore.interfaces.cli.run import run
from tests import make
from tests.domains.foundation.changes.conftest import HOUR, needs


def fields(item, clock, **more):
    """Return what a browser sends for a change of one item."""
    moment = "%Y-%m-%dT%H:%M"
    known = {
        "title": "New disk",
        "kind": "normal",
        "items": [item.pk],
        "rollback": "written",
        "verification": "automated",
        "starts_at": clock.now.strftime(moment),
        "ends_at": (clock.now + HOUR).strftime(moment),
    }
    return known | more


def test_the_form_says_what_a_change_would_mean_before_it_is_stored(crew, clock):
    host = make.item("db1")
    needs(make.item("Web shop", kind="service", criticality=1), host)
    make.change(title="Other work", items=[host], starts_at=clock.now, ends_at=clock.now + HOUR)
    make.freeze(name="Peak week", starts_at=clock.now - HOUR, ends_at=clock.now + 2 * HOUR)

    page = make.client(crew.ann).post("/changes/preview", fields(host, clock)).content.decode()

    assert "Web shop" in page  # what it reaches
    assert "of 100 points" in page  # how risky it is
    assert "Other work" in page  # what is in the way,
    assert "Peak week" in page
    assert "Next free slot" in page  # and when there is room
    assert Change.objects.count() == 1


def test_a_change_in_the_way_that_one_may_not_see_keeps_its_name_to_itself(db, clock):
    red, blue = make.team("red"), make.team("blue")
    host, base = make.item("ours", owner=red), make.item("theirs", owner=blue)
    needs(host, base)
    make.change(title="Secret work", items=[base], starts_at=clock.now, ends_at=clock.now + HOUR)
    browser = make.client(make.user(role="engineer", team=red))

    page = browser.post("/changes/preview", fields(host, clock)).content.decode()

    assert "conflict" in page
    assert "Secret work" not in page
    assert "theirs" not in page


def test_what_is_asked_for_on_the_page_is_a_draft_with_its_steps(crew, clock):
    told = fields(make.item(), clock, plan="Stop it\nStart it")

    answer = make.client(crew.ann).post("/changes/add", told)

    change = Change.objects.get()
    assert answer.headers["Location"] == f"/changes/{change.pk}"
    assert [step.title for step in change.steps.all()] == ["Stop it", "Start it"]
    assert change.requested_by == crew.ann


def test_the_server_reads_a_window_in_the_time_zone_of_who_types_it(crew, clock):
    crew.ann.time_zone = "Europe/Amsterdam"
    crew.ann.save()
    browser, told = AsyncClient(), fields(make.item(), clock)
    browser.cookies = make.client(crew.ann).cookies

    answer = async_to_sync(browser.post)("/changes/add", told)

    assert answer.status_code == 302
    assert Change.objects.get().starts_at == clock.now - HOUR  # winter: one hour ahead of UTC


def test_a_grant_for_one_team_shows_its_changes_only(db):
    red = make.team("red")
    ours = make.change(title="Ours", items=[make.item(owner=red)])
    theirs = make.change(title="Theirs", items=[make.item(owner=make.team("blue"))])
    browser = make.client(make.user(role="viewer", team=red))

    listed = browser.get("/changes?show=planned").content.decode()

    assert "Ours" in listed
    assert "Theirs" not in listed
    assert browser.get(f"/changes/{ours.pk}").status_code == 200
    assert browser.get(f"/changes/{theirs.pk}").status_code == 404


@pytest.mark.parametrize(
    ("role", "verb", "status"),
    [
        pytest.param("viewer", "assess", 403, id="a viewer asks for nothing"),
        pytest.param("engineer", "approve", 403, id="an engineer approves nothing"),
        pytest.param("engineer", "start", 403, id="nor starts anything"),
        pytest.param("approver", "start", 403, id="an approver carries nothing out"),
        pytest.param("operator", "approve", 403, id="an operator approves nothing"),
        pytest.param("operator", "break_freeze", 403, id="nor breaks a freeze"),
        pytest.param("approver", "approve", 200, id="an approver may"),
    ],
)
def test_who_may_do_what(db, role, verb, status):
    change = make.change()

    assert make.client(make.user(role=role)).get(f"/changes/{change.pk}/{verb}").status_code == (
        status
    )


def test_the_page_of_a_running_change_offers_its_steps(running, crew):
    change = running()
    step = change.steps.first()
    browser = make.client(crew.otto)

    page = browser.get(f"/changes/{change.pk}").content.decode()
    assert f'action="/change-steps/{step.pk}/finish"' in page

    browser.post(f"/change-steps/{step.pk}/finish", {"next": f"/changes/{change.pk}"})
    step.refresh_from_db()
    assert step.done_by == crew.otto


@pytest.mark.parametrize("way", ["month", "week"])
def test_the_calendar_shows_changes_and_shades_freezes(crew, clock, way):
    make.change(title="New disk", starts_at=clock.now, ends_at=clock.now + HOUR)
    make.freeze(name="Peak week", starts_at=clock.now, ends_at=clock.now + timedelta(days=2))

    page = make.client(crew.ann).get(f"/changes/calendar?by={way}").content.decode()

    assert "New disk" in page
    assert len(re.findall("is-frozen", page)) == 3  # days


def test_the_calendar_of_a_service_shows_what_it_depends_on(crew, clock):
    service, host = make.item("Shop", kind="service"), make.item("db1")
    needs(service, host)
    make.change(title="Near", items=[host], starts_at=clock.now, ends_at=clock.now + HOUR)
    make.change(title="Far away", starts_at=clock.now, ends_at=clock.now + HOUR)

    page = make.client(crew.ann).get(f"/changes/calendar?item={service.pk}").content.decode()

    assert "Near" in page
    assert "Far away" not in page


def test_a_day_that_is_none_is_said_to_be_none(crew):
    answer = make.client(crew.ann).get("/changes/calendar?on=tomorrow")

    assert answer.status_code == 422


# ── calendar programs ──────────────────────────────────────────────────────────────────────────


def address_of(browser):
    page = browser.post("/changes/calendar/address").content.decode()
    return re.search(r"(/changes/calendar/[\w-]+\.ics)", page)[1]


def test_a_calendar_program_reads_what_its_owner_may_see(db, clock, client):
    red = make.team("red")
    when = {"starts_at": clock.now, "ends_at": clock.now + HOUR}
    make.change(title="Ours", items=[make.item(owner=red)], **when)
    make.change(title="Theirs", items=[make.item(owner=make.team("blue"))], **when)
    address = address_of(make.client(make.user(role="viewer", team=red)))

    answer = client.get(address)  # nobody is signed in

    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert [str(event["summary"]) for event in events] == ["Ours (draft)"]
    assert events[0].decoded("dtstart") == clock.now


def test_a_new_address_ends_the_old_one(crew, client):
    browser = make.client(crew.ann)
    old = address_of(browser)

    new = address_of(browser)

    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    assert client.get("/changes/calendar/guessed.ics").status_code == 404


# ── programs and the command line ──────────────────────────────────────────────────────────────


def test_programs_ask_edit_and_act(crew, clock, client):
    text = tokens.new()
    make.token(text, user=crew.ann, scopes=["read", "write", "act"])
    headers = {"Authorization": f"Bearer {text}"}
    one, two = make.item(), make.item()
    body = fields(one, clock) | {"starts_at": clock.now, "ends_at": clock.now + HOUR}

    def call(method, path, told):
        return client.generic(method, path, told, content_type="application/json", headers=headers)

    encoded = json.dumps(body, default=str)
    made = call("POST", "/api/changes", encoded)
    pk = Change.objects.get().pk
    call("POST", f"/api/changes/{pk}/assess", "{}")
    assert Change.objects.get().state == "assessed"
    renamed = call("PATCH", f"/api/changes/{pk}", json.dumps({"title": "Better"}))
    assert Change.objects.get().state == "assessed"
    call("PATCH", f"/api/changes/{pk}", json.dumps({"items": [one.pk, two.pk]}))
    refused = call("POST", f"/api/changes/{pk}/approve", "{}")

    assert (made.status_code, renamed.status_code, refused.status_code) == (201, 200, 403)
    assert Change.objects.get().state == "draft"  # other items: it is to be weighed anew
    shown = client.get(f"/api/changes/{pk}", headers=headers).json()
    assert shown["items"] == [{"id": i.pk, "name": i.name} for i in (one, two)]


def test_the_command_line_says_what_came_of_a_verb(crew, clock, capsys):
    change = make.change(title="New disk", requested_by=crew.ann, rollback="rehearsed")

    code = run(
        ["change", "assess", str(change.pk)],
        lambda: RESOURCES,
        (),
        lambda email: crew.ann,
    )

    assert code == 0
    assert "Assessed" in capsys.readouterr().out


def test_a_step_is_ticked_off_on_the_page_of_its_change(crew, clock):
    change = make.running_change(make.item("db1"))
    step = make.change_step(change=change, title="Stop it")
    browser = make.client(crew.otto, enforce_csrf_checks=True)
    page = browser.get(f"/changes/{change.pk}").content.decode()
    form = re.search(r'<form id="act-here".*?</form>', page, re.S)[0]
    assert f'form="act-here" formaction="/change-steps/{step.pk}/finish"' in page

    sent = dict(re.findall(r'name="(\w+)" value="([^"]+)"', form))
    answer = browser.post(f"/change-steps/{step.pk}/finish", sent)
    step.refresh_from_db()

    assert answer.url == f"/changes/{change.pk}"
    assert step.done_at is not None
