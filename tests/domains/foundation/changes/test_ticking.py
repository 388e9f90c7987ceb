"""The buttons inside panels, as a browser presses them: with the token of the page."""

import re

import pytest
from django.test import Client

from fullscore.domains.foundation.changes.services.runbooks import starting, stepping
from fullscore.kit.models.user import system
from tests import make


@pytest.fixture
def otto(crew):
    """Return a browser of Otto's that is believed only with the token of the page."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(crew.otto)
    browser.cookies.update(make.client(crew.otto).cookies)
    return browser


def pressed(browser, page, words):
    """Press the button with these words on a page, as a browser would."""
    html = browser.get(page).content.decode()
    form = re.search(r'<form id="act-here".*?</form>', html, re.S)[0]
    values = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    button = next(b for b in re.findall(r"<button.*?</button>", html, re.S) if words in b)
    values |= dict(re.findall(r' name="(\w+)" value="([^"]*)"', button))
    return browser.post(re.search(r'formaction="([^"]+)"', button)[1], values)


def test_a_step_of_a_change_is_ticked_off_on_its_page(running, otto):
    change = running()

    assert pressed(otto, f"/changes/{change.pk}", "Step 1 is done").status_code == 302
    assert change.steps.get(place=1).done_at is not None


def test_a_run_goes_on_from_its_page(crew, otto, clock):
    item = make.item()
    run = starting.run(make.runbook(text="## Look\nAt it."), by=crew.otto, item=item)
    stepping.claim(by=system(), holder="a", most=1, now=clock.now)
    stepping.advance(run.pk, holder="a", by=system(), now=clock.now)

    assert pressed(otto, f"/runbook-runs/{run.pk}", "Done, read on").status_code == 302
    run.refresh_from_db()
    assert (run.state, run.following) == ("running", 2)
