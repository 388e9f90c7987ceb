"""What the room publishes is told on the status page in the same act, when a person says so."""

import pytest

from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import StatusNotice, StatusUpdate
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models.user import system
from tests import make

WORDS = "Paying is slow. We look into it."


@pytest.fixture
def ann(db):
    ann = make.user("ann", role="operator")
    make.grant(user=ann, role="approver")
    return ann


@pytest.fixture
def incident(db):
    service = make.item("shop", kind="service")
    incident = make.incident(title="db-04 is slow", root_item=service)
    make.alert(incident=incident, item=service)
    make.status_component(name="Shop").services.set([service])
    return incident


def statuses(incident):
    return list(incident.timeline.filter(kind="status").values_list("text", flat=True))


def test_without_a_word_of_the_status_page_nothing_is_told_there(incident, ann):
    entry = services.publish_update(incident, by=ann, text=WORDS, next_minutes=30)

    assert entry.text == WORDS
    assert incident.next_update_at is not None
    assert not StatusUpdate.objects.exists()


def test_one_act_tells_both_and_begins_the_notice_where_none_is_open(incident, ann):
    entry = services.publish_update(
        incident, by=ann, text=WORDS, phase="investigating", public_title="Paying is slow"
    )

    notice = StatusNotice.objects.get()
    assert (notice.title, notice.incident) == ("Paying is slow", incident)
    assert [c.name for c in notice.components.all()] == ["Shop"]
    assert [(u.phase, u.text, u.by) for u in notice.updates.all()] == [
        ("investigating", WORDS, ann)
    ]
    assert entry.text == f"Published (Investigating): {WORDS}"
    assert sum(WORDS in text for text in statuses(incident)) == 1


def test_what_follows_goes_to_the_same_notice_until_it_is_closed(incident, ann):
    for phase in ("investigating", "resolved"):
        services.publish_update(incident, by=ann, text=WORDS, phase=phase, public_title="Slow")

    notice = StatusNotice.objects.get()
    assert notice.closed_at is not None
    assert notice.updates.count() == 2
    services.publish_update(incident, by=ann, text="Again.", phase="monitoring", public_title="New")
    assert StatusNotice.objects.count() == 2


def test_a_title_is_asked_for_and_a_machine_publishes_nothing(incident, ann):
    with pytest.raises(Invalid) as refused:
        services.publish_update(incident, by=ann, text=WORDS, phase="investigating")
    assert "public_title" in refused.value.fields
    with pytest.raises(Conflict, match="A person publishes"):
        services.publish_update(
            incident, by=system(), text=WORDS, phase="identified", public_title="Slow"
        )

    assert not StatusNotice.objects.filter(published_at__isnull=False).exists()
    assert statuses(incident) == []


def test_the_page_of_the_room_asks_for_it_and_says_where_it_went(incident, ann):
    browser = make.client(ann)
    address = f"/incidents/{incident.pk}/update"
    form = {"text": WORDS, "phase": "investigating"}

    asked = browser.get(address).content.decode()
    untitled = browser.post(address, form)
    told = browser.post(address, form | {"public_title": "Paying is slow"}, follow=True)
    again = browser.get(address).content.decode()

    assert 'name="phase"' in asked
    assert untitled.status_code == 422
    assert "under which title" in untitled.content.decode()
    assert "on the status page too" in told.content.decode()
    assert 'name="public_title"' not in again
    assert "of “Paying is slow”" in again
