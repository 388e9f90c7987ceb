"""What pages tell in passing: what became true, what was ignored, what cannot be yet."""

from datetime import timedelta

import pytest

from fullscore.domains.foundation.access.services import links
from fullscore.kit import time
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages(db):
    """Return a client signed in as an administrator."""
    return make.client(make.user("ann", role="administrator"))


def test_a_verb_tells_what_became_true(pages):
    finding = make.finding()

    page = pages.post(f"/findings/{finding.pk}/acknowledge", follow=True)

    assert f"You took “{finding}”." in page.text
    assert "Undo" not in page.text  # nothing takes it back


def test_muting_is_taken_back_by_undo(pages):
    finding = make.finding()
    until = (time.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")

    page = pages.post(
        f"/findings/{finding.pk}/mute", {"reason": "moving", "until": until}, follow=True
    )
    assert "Muted until" in page.text
    assert f'action="/findings/{finding.pk}/unmute?undo=1"' in page.text
    page = pages.post(f"/findings/{finding.pk}/unmute?undo=1", follow=True)

    finding.refresh_from_db()
    assert finding.muted_until is None
    assert "is back in the queue" in page.text


def test_an_undo_needs_the_button_not_just_the_address(pages):
    finding = make.finding(muted_until=time.now() + timedelta(days=1))

    pages.get(f"/findings/{finding.pk}/unmute?undo=1")

    finding.refresh_from_db()
    assert finding.muted_until is not None


def test_muting_says_for_how_long_before_it_is_asked(pages):
    page = pages.get(f"/findings/{make.finding().pk}/mute")

    assert "At most 30 days ahead" in page.text


def test_many_at_once_are_counted_in_words(pages):
    keys = [make.finding().pk, make.finding().pk]

    page = pages.post(
        "/findings/bulk", {"verb": "acknowledge", "confirmed": "1", "pk": keys}, follow=True
    )

    assert "You took 2 findings." in page.text


def test_an_unknown_filter_is_said_to_be_ignored(pages):
    assert "Unknown filter ignored: colour." in pages.get("/findings?colour=red").text
    assert "ignored" not in pages.get("/findings?show=live&sort=due_on").text


def test_a_moment_to_come_is_refused_in_a_sentence(pages):
    make.item()

    page = pages.get("/items?at=2999-01-01T00:00")

    assert page.status_code == 422
    assert "is yet to come" in page.text


def test_a_spent_link_says_what_it_is_and_what_to_do(client):
    path = links.issue(make.user("ann"), by=system())
    client.post("/sign-in/link/", {"text": path.rpartition("/")[2]})

    page = client.get(path)

    assert page.status_code == 403
    assert "This link no longer signs in" in page.text
    assert "fullscore access link" in page.text


def test_settings_offer_places_and_mark_nothing_optional(pages):
    page = pages.get("/settings")

    assert "Europe/Amsterdam" in page.text
    assert ">Factory<" not in page.text
    assert ">localtime<" not in page.text
    assert "optional" not in page.text


def test_changes_read_as_words_in_local_time(pages):
    item = make.item()
    pages.post(f"/items/{item.pk}/edit", _form(pages, item, name="renamed"))

    page = pages.get(f"/items/{item.pk}/changes")

    assert "T00:00" not in page.context["differences"].__repr__()
    assert all(told["before"] or told["after"] for told in page.context["differences"])
    assert "<dt>Name</dt>" in page.text


def _form(pages, item, **changed):
    form = pages.get(f"/items/{item.pk}/edit").context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {k: "" if v is None else v for k, v in {**values, **changed}.items()}


def test_a_findings_history_is_told_once(pages):
    finding = make.finding()
    pages.post(f"/findings/{finding.pk}/acknowledge")

    page = pages.get(f"/findings/{finding.pk}")

    titles = [panel["title"] for panel in page.context["panels"]]
    assert "What happened" in titles
    assert "History" not in titles
