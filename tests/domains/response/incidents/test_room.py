"""The room of an incident: what it shows, what is written in it, and what is told from it."""

from datetime import timedelta

import pytest

from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import Incident
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def elif_(db):
    user = make.user("elif", role="approver")
    make.person("Elif", user=user)
    return user


@pytest.fixture
def incident(elif_):
    """Return an incident of a host on which a critical service depends."""
    team = make.team("shopkeepers")
    shop = make.item("web-shop", kind="service", criticality=1, owner=team)
    host = make.item("host-7")
    make.link(from_item=shop, to_item=host, requirement=make.requirement(dependent=shop))
    incident = services.declare(by=elif_, title="No orders", severity=5, root_item=host)
    make.alert(incident=incident, item=host, severity=5, title="Host is gone")
    return incident


@pytest.fixture
def browser(elif_):
    return make.client(elif_)


def room(browser, incident, query=""):
    answer = browser.get(f"/incidents/{incident.pk}/room{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_says_what_is_broken_for_whom_and_why_it_is_urgent(browser, incident):
    page = room(browser, incident)

    assert "P1 because web-shop (critical) is down" in page
    assert f'href="/items/{incident.root_item_id}"' in page
    assert page.count(f'data-live="incidents.incident:{incident.pk}') == 4
    assert f"/incidents/{incident.pk}/panel/likely-causes" in page
    assert f"/incidents/{incident.pk}/panel/what-changed-before" in page


@pytest.mark.parametrize(
    ("part", "words"),
    [("top", "For whom"), ("told", "declared it"), ("side", "Who can help"), ("map", "host-7")],
)
def test_a_part_is_fetched_by_itself(browser, incident, part, words):
    page = room(browser, incident, f"?part={part}")

    assert words in page
    assert "<html" not in page
    assert f'id="room-{part}"' in page


def test_its_map_shows_what_alerts_and_what_suffers_for_hand_and_desk(browser, incident):
    page = room(browser, incident, "?part=map")

    host = incident.root_item_id
    for size in ("hand", "desk"):
        assert f'id="{size}{host}" href="/items/{host}"' in page
    assert page.count('aria-label="host-7, alerting"') == 2
    assert page.count('aria-label="web-shop, affected"') == 2
    assert page.count('class="edge is-crit"') == 2


def test_names_are_for_those_who_may_know_them(incident):
    team = incident.owner
    outsider = make.user("tom", role="viewer", team=team)
    page = room(make.client(outsider), incident)

    assert "host-7" not in page
    assert "web-shop" in page


def test_a_note_by_keyboard_empties_the_composer_and_shows_it(browser, incident):
    url = f"/incidents/{incident.pk}/room/say"
    answer = browser.post(url, {"verb": "note", "text": "It *smells* burnt."}, headers=HTMX)
    page = answer.content.decode()

    assert answer.status_code == 200
    assert "<em>smells</em>" in page
    assert 'hx-swap-oob="true"' in page
    assert incident.timeline.get(kind="note").text == "It *smells* burnt."


def test_a_decision_without_script_comes_back_to_the_room(browser, incident):
    answer = browser.post(
        f"/incidents/{incident.pk}/room/say", {"verb": "decide", "text": "We roll back."}
    )

    assert answer.url == f"/incidents/{incident.pk}/room"
    assert incident.timeline.filter(kind="decision", text="We roll back.").exists()


def test_an_empty_note_keeps_the_composer_and_says_so(browser, incident):
    answer = browser.post(
        f"/incidents/{incident.pk}/room/say", {"verb": "note", "text": " "}, headers=HTMX
    )

    assert answer.status_code == 422
    assert "Write something first." in answer.content.decode()


def test_who_may_only_look_writes_nothing(incident):
    browser = make.client(make.user("vic", role="viewer"))
    answer = browser.post(f"/incidents/{incident.pk}/room/say", {"verb": "note", "text": "x"})

    assert 'id="composer"' not in room(browser, incident)
    assert not incident.timeline.filter(kind="note").exists()
    assert answer.status_code in (302, 403)


def test_a_hostile_note_is_text(browser, incident):
    services.note(incident, by=system(), text="<script>alert(1)</script>")
    services.decide(incident, by=system(), text="<img src=x onerror=alert(1)>")
    page = room(browser, incident)

    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_an_update_is_drafted_from_facts_and_published_by_a_person(browser, incident):
    url = f"/incidents/{incident.pk}/update"
    assert "web-shop is not available" in browser.get(url).content.decode()
    assert "Impact: web-shop down." in browser.get(url + "?as=technical").content.decode()
    assert not incident.timeline.filter(kind="status", text__contains="web-shop").exists()

    answer = browser.post(url, {"text": "Orders fail. We work on it.", "next_minutes": "30"})
    incident.refresh_from_db()
    assert answer.url == f"/incidents/{incident.pk}/room"
    assert incident.next_update_at is not None
    assert incident.timeline.filter(kind="status", text="Orders fail. We work on it.").exists()


def test_nobody_publishes_who_may_not(incident):
    browser = make.client(make.user("eng", role="engineer"))

    assert browser.get(f"/incidents/{incident.pk}/update").status_code == 403
    assert "/update" not in room(browser, incident)


def test_an_expected_incident_says_by_what(browser, incident):
    change = make.running_change(incident.root_item)
    incident.alerts.update(expected_by=change)

    assert "Expected by <a" in room(browser, incident)
    assert change.title in room(browser, incident)


def test_its_page_leads_to_it(browser, incident):
    page = browser.get(f"/incidents/{incident.pk}").content.decode()

    assert f'href="/incidents/{incident.pk}/room"' in page


def test_a_long_timeline_is_cut_and_says_so(browser, incident):
    for n in range(40):
        make.timeline_entry(incident=incident, text=f"Seen {n}.")

    assert "more, earlier" in room(browser, incident)
    assert Incident.objects.get().timeline.count() > 40


def test_what_is_done_from_the_room_leads_back_to_it(browser, incident):
    back = f"next=/incidents/{incident.pk}/room"
    page = room(browser, incident)
    assert f"/incidents/{incident.pk}/add_task?{back}" in page
    assert f"/incidents/{incident.pk}/resolve?{back}" in page

    form = browser.get(f"/incidents/{incident.pk}/add_task?{back}").content.decode()
    answer = browser.post(f"/incidents/{incident.pk}/add_task?{back}", {"title": "Call them"})

    assert f'action="/incidents/{incident.pk}/add_task?{back}"' in form
    assert answer.url == f"/incidents/{incident.pk}/room"


def test_a_way_back_to_somewhere_else_is_not_taken(browser, incident):
    answer = browser.post(
        f"/incidents/{incident.pk}/add_task?next=https://evil.example/", {"title": "x"}
    )

    assert answer.url == f"/incidents/{incident.pk}"


def test_a_role_nobody_has_is_the_one_that_is_given(browser, incident):
    page = browser.get(f"/incidents/{incident.pk}/start_role?role=scribe")

    assert page.context["form"]["role"].value() == "scribe"


def test_a_number_that_is_no_incident_is_said_in_the_form(browser, incident):
    answer = browser.post(f"/incidents/{incident.pk}/merge", {"other": "999999", "note": "same"})

    assert answer.status_code == 200
    assert "There is no incident 999999" in answer.content.decode()
    assert "same" in answer.content.decode()


def test_when_it_is_over_nobody_suffers_and_no_word_is_awaited(browser, elif_, incident):
    services.publish_update(incident, by=elif_, text="We look.", next_minutes=30)
    services.resolve(incident, by=elif_, resolution="Mended.")
    incident.refresh_from_db()

    assert incident.next_update_at is None
    assert "nobody any more" in room(browser, incident)


def test_it_says_what_the_status_page_says_and_leads_there(browser, elif_, incident):
    assert f"/incidents/{incident.pk}/begin_notice?next=" in room(browser, incident)
    notice = services.begin_notice(incident, by=elif_, title="Orders fail", impact="partial")
    assert "Nobody outside has read it yet" in room(browser, incident)
    assert f"/status-notices/{notice.pk}/publish?next=" in room(browser, incident)

    services.publish(notice, by=elif_, phase="investigating", text="Orders fail.")
    services.resolve(incident, by=elif_, resolution="Mended.")

    assert "It is over, but the status page still says “partly down”" in room(browser, incident)


def test_a_merged_one_leads_to_where_it_goes_on(browser, elif_, incident):
    other = services.declare(by=elif_, title="Same thing", severity=4)
    services.merge(other, by=elif_, other=incident.pk)

    assert f'<a href="/incidents/{incident.pk}/room">incident {incident.pk}</a>' in room(
        browser, other
    )


def test_one_that_no_alert_told_of_is_about_the_item_it_was_declared_about(elif_, browser):
    shop = make.item("shop", kind="service", criticality=1)
    component = make.status_component(name="Shop")
    component.services.set([shop])
    incident = services.declare(by=elif_, title="Blank pages", severity=5, root_item=shop)
    notice = services.begin_notice(incident, by=elif_, title="Blank pages", impact="partial")

    assert list(notice.components.all()) == [component]
    assert "Blank pages" in browser.get(f"/items/{shop.pk}").content.decode()

    services.resolve(incident, by=elif_, resolution="Mended.")
    Incident.objects.filter(pk=incident.pk).update(
        starts_at=incident.starts_at - timedelta(minutes=9)
    )
    incident.refresh_from_db()
    review = services.open_review(incident, by=elif_)
    assert [row["item"] for row in review.impact] == [shop.pk]
