"""A storm becomes one incident, somebody is called, finds the cause, mends it by a change."""

import json
import re
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browsing import ROOT, environment

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.once]
STORM, HOSTS = 500, 25
# Run inside the installation: an engineer who is on call, an estate of a switch with hosts and a
# service on them, a sender, and the change on the switch that breaks it.
SEED = """
import django; django.setup()
import json
from datetime import timedelta
from fullscore.domains.foundation.changes import services as changes
from fullscore.kit import time
from fullscore.kit.models.user import system
from tests import make
from fullscore.domains.response.incidents import services
user = make.user("ada", role="operator")
make.grant(user=user, role="approver")
user.set_password("correct horse battery staple"); user.save()
team = make.team("Network people")
ada = make.person("Ada", user=user, email="ada@example.org")
make.membership(person=ada, team=team)
switch = make.item("core-1", kind="device", owner=team, criticality=1)
shop = make.item("Web shop", kind="service", owner=team, criticality=1)
for n in range(HOSTS):
    host = make.item(f"web-{n}", kind="host", owner=team)
    make.link(from_item=host, to_item=switch, kind="needs",
              requirement=make.requirement(dependent=host, name="network"))
    make.link(from_item=shop, to_item=host, kind="runs_on",
              requirement=make.requirement(dependent=shop, name=f"host {n}"))
policy = make.policy(team=team)
make.escalation_step(policy=policy, kind="person", person=ada, position=1)
make.escalation_route(policy=policy, team=team, min_severity=3)
source, token = services.issue_source(by=system(), name="storm", kind="alertmanager", owner=team)
now = time.now()
change = make.change(items=[switch], title="New firmware on core-1", requested_by=user,
                     state="done", is_recorded=True, starts_at=now - timedelta(minutes=12),
                     ends_at=now - timedelta(minutes=4), started_at=now - timedelta(minutes=12),
                     ended_at=now - timedelta(minutes=4), executor=user)
print(json.dumps({"token": token, "switch": switch.pk}))
"""


@pytest.fixture
def seeded(installed):
    code = SEED.replace("HOSTS", str(HOSTS))
    settings = {"DJANGO_SETTINGS_MODULE": "fullscore.config.settings"}
    env = environment(installed.home, **settings)
    env["PYTHONPATH"] += f":{ROOT}"
    told = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, text=True,
                          capture_output=True, timeout=60, check=False)  # fmt: skip
    assert told.returncode == 0, told.stderr
    link = subprocess.run(
        [sys.executable, "-m", "fullscore", "access", "link", "ada@example.org"], env=env,
        cwd=ROOT, text=True, capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    found = re.search(r"/sign-in/link/\S+", link.stdout)
    return json.loads(told.stdout.splitlines()[-1]) | {"link": installed.address + found.group(0)}


def storm(address, token, status):
    """Send 500 alerts: the switch first, then all that depends on it, twenty of each host."""
    alerts = [_alert("core-1", 0, status)]
    alerts += [_alert(f"web-{n % HOSTS}", n, status) for n in range(1, STORM)]
    for start in range(0, STORM, 100):
        body = json.dumps({"version": "4", "groupKey": "g", "alerts": alerts[start : start + 100]})
        request = urllib.request.Request(
            f"{address}/ingest/storm/alertmanager", body.encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )  # fmt: skip
        assert urllib.request.urlopen(request, timeout=20).status < 300


def _alert(item, number, status):
    return {
        "status": status, "fingerprint": f"f{number}",
        "annotations": {"summary": f"{item} is gone"},
        "labels": {"alertname": f"Gone{number}", "severity": "critical", "fullscore_item": item},
        "startsAt": _alert.at, "endsAt": _alert.at if status == "resolved"
        else "0001-01-01T00:00:00Z",
    }  # fmt: skip


def press(page, words):
    page.locator("main form").get_by_role("button", name=re.compile(words)).last.click()


@pytest.mark.parametrize("installed", ["sqlite"], indirect=True, scope="session")
def test_a_storm_is_one_incident_from_the_call_to_the_end(page, installed, seeded):
    _alert.at = datetime.now(UTC).isoformat()
    page.context.clear_cookies()
    page.goto(seeded["link"])
    page.locator("form button").first.click()
    page.wait_for_url(re.compile(r"/$"))

    storm(installed.address, seeded["token"], "firing")
    row = page.locator("#rows a[data-open]", has_text="core-1")
    for _ in range(30):  # until all of it is read
        page.goto("/incidents?show=live")
        if row.count():
            break
        page.wait_for_timeout(1000)
    assert page.locator("#rows a[data-open]", has_text=re.compile("web-")).count() == 0
    row.click()
    page.get_by_role("link", name="Room").click()

    top = page.locator("#room-top")
    expect(top).to_contain_text("P1 because Web shop (critical) is down", timeout=30_000)
    expect(page.locator("#room-side")).to_contain_text("Ada", timeout=30_000)  # was called
    page.keyboard.press("a")
    expect(top).to_contain_text("Ada is on it")
    room = page.url

    page.keyboard.press("n")
    page.keyboard.type("Everything behind core-1 is gone.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#room-told")).to_contain_text("Everything behind core-1 is gone.")
    expect(page.locator("#say")).to_have_value("")

    page.goto(room.removesuffix("/room") + "/changed")
    cause = page.locator(".suspect", has_text="New firmware on core-1")
    cause.get_by_role("button", name=re.compile("This was it")).click()
    page.goto(room)
    expect(page.locator("main")).to_contain_text("named the cause", timeout=20_000)

    mend(page, room, seeded["switch"])

    storm(installed.address, seeded["token"], "resolved")
    expect(top).to_contain_text("Mitigated", timeout=30_000)  # by itself, on the open page
    page.keyboard.press("r")
    page.locator("[name=resolution]").fill("The old firmware is back on core-1.")
    press(page, "Resolve")
    page.goto(room)
    expect(top).to_contain_text("The old firmware is back on core-1.")


def mend(page, room, switch):
    """Command the incident, and put the old firmware back as an emergency that is verified."""
    page.goto(room.removesuffix("/room") + "/start_role")
    page.locator("[name=role]").select_option("commander")
    page.locator("[name=person]").select_option(label="Ada")
    press(page, "Start role")
    page.goto(room)
    expect(page.locator("#room-top")).to_contain_text("Ada commands")

    now = datetime.now(UTC)
    asked = {"title": "The old firmware on core-1", "kind": "emergency", "items": switch,
             "starts_at": f"{now:%Y-%m-%dT%H:%M}", "rollback": "none", "verification": "manual",
             "ends_at": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}"}  # fmt: skip
    page.goto("/changes/add?" + urlencode(asked))
    page.locator("main form button[type=submit], main form .form__foot button").first.click()
    page.wait_for_url(re.compile(r"/changes/\d+$"))
    change = page.url
    for _ in range(10):  # until changes have heard who commands
        page.goto(change + "/start_emergency")
        page.locator("[name=reason]").fill("Nobody can order.")
        press(page, "Start")
        if page.url == change:
            break
        page.wait_for_timeout(1000)
    expect(page.locator(".ident")).to_contain_text("Running")
    page.goto(change + "/verify")
    page.locator("[name=result]").select_option("good")
    press(page, "Verify")
    page.goto(change + "/finish")
    press(page, "Finish")
    expect(page.locator(".ident")).to_contain_text("Done")
    page.goto(room)
