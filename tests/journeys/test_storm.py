"""A storm of alerts, from the first call to the review: one incident, its cause, its change, its
end."""

import json
import re
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browsing import running, sign_in
from tests.installation import Installation

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.once]

ALERTS, HOSTS = 500, 50
PREPARED = f"""
from datetime import timedelta
from fullscore.domains.foundation.access.services import links
from fullscore.domains.foundation.changes import services as changes
from fullscore.domains.response.incidents import services
from fullscore.kit import time
from fullscore.kit.models.user import system
from tests import make
now = time.now()
team = make.team("Network")
ann, eve = make.user("ann", role="operator"), make.user("eve", role="approver")
person = make.person("Ann", user=ann)
make.membership(person=person, team=team)
core = make.item("core", kind="device", owner=team, criticality=1)
for number in range({HOSTS}):
    make.link(from_item=make.item(f"host-{{number}}", owner=team), to_item=core)
channel = make.contact_channel(person=person, kind="email", address="ann@example.org",
                               confirmed_at=now)
for urgency in ("important", "normal"):
    make.contact_rule(channel=channel, urgency=urgency)
policy = make.policy(dict(kind="person", person=person), name="Network first")
make.escalation_route(policy=policy)
source, token = services.issue_source(by=system(), name="storm", kind="alertmanager", owner=team)
changes.record(by=system(), title="New firmware of core", items=[core],
               at=now - timedelta(minutes=9), ended_at=now - timedelta(minutes=4))
answer = [token, *(links.from_machine(user.email) for user in (ann, eve))]
"""


@pytest.fixture(scope="module")
def storm():
    """Give an installation with a network, somebody on call, and whoever approves."""
    with running(is_migrated=True) as started:
        token, ann, eve = Installation(started.home).ask(PREPARED)
        yield started, token, started.address + ann, started.address + eve


def send(started, token, status, numbers):
    """Let the monitoring tell of alerts: of the core first, then of what depends on it."""
    alerts = [
        {
            "status": status,
            "fingerprint": f"{number:016x}",
            "labels": {
                "alertname": f"Unreachable{number // HOSTS}",
                "instance": "core" if number == 0 else f"host-{number % HOSTS}",
                "severity": "critical" if number == 0 else "warning",
            },
            "annotations": {"summary": f"Alert {number}"},
            "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
        }
        for number in numbers
    ]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for alert in alerts:
        alert["startsAt"] = alert["startsAt"] if status == "resolved" else now
        alert["endsAt"] = now if status == "resolved" else alert["endsAt"]
    request = urllib.request.Request(
        f"{started.address}/ingest/storm/alertmanager",
        json.dumps({"version": "4", "groupKey": "g", "alerts": alerts}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status in (200, 202)


def do(page, address, **values):
    """Do a verb on its page."""
    page.goto(address)
    for name, value in values.items():
        field = page.locator(f"main [name={name}]")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator("main form .form__foot button").first.click()
    page.wait_for_load_state()
    refused = page.locator("main .errorlist, main form .summary")
    assert refused.count() == 0, page.locator("main").inner_text()


def test_from_five_hundred_alerts_to_the_review(storm, chromium):
    started, token, link, approver = storm
    context = chromium.new_context(viewport={"width": 1440, "height": 900},
                                   base_url=started.address)  # fmt: skip
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 500 else None)
    sign_in(page, link)

    for start in range(0, ALERTS, 100):
        send(started, token, "firing", range(start, start + 100))

    # One incident, and its page to Ann.
    expect_soon(
        page, "/incidents?show=live", lambda: page.locator("#rows a[data-open]").count() == 1
    )
    page.goto("/alerts?q=Alert")
    expect_soon(page, "/alerts", lambda: "500" in page.locator("main").inner_text())
    page.goto("/incidents?show=live")
    incident = page.locator("#rows a[data-open]").first.get_attribute("href")
    room = f"{incident}/room"
    expect_soon(page, room, lambda: "Ann" in page.locator("#room-side").inner_text())
    letters = [path.read_text(errors="replace") for path in started.home.rglob("*")
               if path.is_file() and "mail" in str(path.relative_to(started.home))]  # fmt: skip
    assert any("ann@example.org" in letter for letter in letters)

    # Acknowledged, the cause named.
    page.goto(room)
    page.get_by_role("button", name="Take it").click()
    expect(page.locator("#room-top")).to_contain_text("is on it")
    page.goto("/changes?show=over")
    cause = page.locator("#rows a[data-open]").first.get_attribute("href").rsplit("/", 1)[1]
    do(page, f"{incident}/link_change", change=cause, part="cause")
    expect(page.locator("main")).to_contain_text("New firmware of core")

    # The change that ends it: asked for, approved by another, done, verified.
    page.goto("/changes/add")
    page.locator("[name=title]").fill("Firmware of core back")
    page.locator("[name=kind]").select_option("emergency")
    page.locator("[name=items]").select_option(label="core")
    now = datetime.now(UTC)  # Ann's zone
    for name, at in (("starts_at", now), ("ends_at", now + timedelta(hours=2))):
        page.locator(f"[name={name}]").fill(f"{at:%Y-%m-%dT%H:%M}")
    page.locator("[name=plan]").fill("Boot the old image")
    page.get_by_role("button", name="Save as draft").click()
    page.wait_for_url(re.compile(r"/changes/\d+$"))
    change = page.url.removeprefix(started.address)
    do(page, f"{change}/assess")
    do(page, f"{change}/submit")
    other = chromium.new_context(base_url=started.address).new_page()
    sign_in(other, approver)
    do(other, f"{change}/approve", note="Go on")
    other.context.close()
    do(page, f"{change}/start_emergency", reason="The network is down")
    page.goto(change)
    page.get_by_role("button", name="Step 1 is done").click()
    expect(page.locator("main")).to_contain_text("1 of 1 steps done")
    do(page, f"{change}/verify", result="good")
    do(page, f"{change}/finish")
    expect(page.locator(".ident")).to_contain_text("Done")
    do(page, f"{incident}/link_change", change=change.rsplit("/", 1)[1], part="fix")

    # Over: the alerts end, it is resolved, and looked back on.
    for start in range(0, ALERTS, 100):
        send(started, token, "resolved", range(start, start + 100))
    page.goto(incident)
    do(page, f"{incident}/resolve", resolution="The firmware was put back.")
    expect_soon(page, incident, lambda: "Resolved" in page.locator(".ident").inner_text())
    page.goto("/incident-reviews")
    if page.locator("#rows a[data-open]").count() == 0:
        do(page, f"{incident}/open_review")
        page.goto("/incident-reviews")
    page.locator("#rows a[data-open]").first.click()
    expect(page.locator("main")).to_contain_text("The firmware was put back.")
    page.goto(incident)
    for part in ("New firmware of core", "Firmware of core back"):
        expect(page.locator("main")).to_contain_text(part)
    context.close()
    assert wrong == []


def expect_soon(page, address, is_so, seconds=20):
    """Load a page until something is so."""
    ends = time.monotonic() + seconds
    while True:
        page.goto(address)
        if is_so():
            return
        assert time.monotonic() < ends, page.locator("main").inner_text()[:2000]
        page.wait_for_timeout(300)
