"""The pages of being on call: what they offer to whom, and what a route refuses."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from fullscore.domains.response.oncall.models import EscalationRoute
from fullscore.domains.response.oncall.queries import paging
from fullscore.kit import time
from tests import make

pytestmark = pytest.mark.django_db


def test_a_route_refuses_a_selector_that_cannot_be_read():
    browser = make.client(make.user(role="engineer"))
    sent = {"policy": make.policy().pk, "position": 1, "min_severity": 3, "important_from": 4}
    answer = browser.post("/escalation-routes/add", sent | {"selector": "colour=red"})

    assert "not selected by “colour”" in answer.content.decode()
    with pytest.raises(ValidationError):
        make.escalation_route(selector="kind=nonsense").full_clean()


def test_a_route_that_cannot_be_read_keeps_nobody_from_being_called():
    bad, good = (
        make.escalation_route(position=1, min_severity=1),
        make.escalation_route(position=2, min_severity=1),
    )
    EscalationRoute.objects.filter(pk=bad.pk).update(selector="colour=red")

    assert paging.route_for(severity=5, item=make.item().pk) == good


def test_who_may_not_answer_is_not_asked_to():
    make.run(state="running")
    looks, answers = make.user(role="viewer"), make.user(role="engineer")

    assert "I am on it" not in make.client(looks).get("/on-call").content.decode()
    assert "I am on it" in make.client(answers).get("/on-call").content.decode()


def test_a_shift_that_runs_is_said_to_run():
    user, now = make.user(role="engineer"), time.now()
    person = make.person(user=user)
    make.shift(person=person, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=7))
    page = make.client(user).get("/my-shifts").content.decode()

    assert "You are on call until" in page


def test_the_private_address_of_a_calendar_is_whole_and_can_be_copied(settings):
    schedule = make.schedule()
    browser = make.client(make.user(role="engineer"))
    page = browser.post(f"/schedules/{schedule.pk}/publish").content.decode()
    address = page.split("data-copy>")[1].split("<")[0]

    assert address.startswith(f"{settings.OPTIONS.address}/calendars/")
    assert browser.get(address.removeprefix(settings.OPTIONS.address)).status_code == 200
    assert browser.get(f"/schedules/{schedule.pk}/publish").status_code == 200
