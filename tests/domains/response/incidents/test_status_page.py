"""The status page: only what a person published, as files, and to who proved an address."""

import base64
import hashlib
import re
import socket
from dataclasses import replace
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MailHandler
from django.test import Client

from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.models import (
    StatusDelivery,
    StatusNotice,
    StatusSubscriber,
)
from fullscore.kit import time
from fullscore.kit.errors import Conflict, Invalid, NotFound, TooMany
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Let the page be public, and written to a folder of its own."""
    settings.OPTIONS = replace(
        settings.OPTIONS, status_folder=str(tmp_path / "page"), is_status_public=True,
        status_title="Acme status",
    )  # fmt: skip
    return tmp_path / "page"


@pytest.fixture
def mailbox(settings):
    """Return the mails that a real server took."""
    got = []

    class Keep(MailHandler):
        def handle_message(self, message):
            got.append(message)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(Keep(), hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = False
    yield got
    server.stop()


def told(ann, *, phase="investigating", text="Orders are slow.", notice=None, **values):
    """Publish an update, and write the page as the job does."""
    notice = notice or make.status_notice(title="Slow orders", **values)
    update = services.publish(notice, by=ann, phase=phase, text=text)
    jobs.write_status.func(update.pk)
    return update


def body(mail):
    return mail.get_payload(decode=True).decode()


def link_in(mail, kind):
    return re.search(rf"/status/{kind}/\S+", body(mail))[0]


def test_only_what_was_published_leaves(folder):
    host = make.item("db-secret-17", kind="service")
    shop = make.status_component(name="Shop")
    shop.services.set([host])
    hidden = make.status_component(name="Payroll", is_shown=False)
    incident = make.incident(title="db-secret-17 is on fire")
    make.alert(incident=incident, item=host, title="db-secret-17 down")
    ann = make.user("annette")
    notice = services.begin_notice(incident, by=ann, title="Slow orders", impact="partial")
    notice.components.add(hidden)
    make.status_notice(title="Never published")

    told(ann, notice=notice)

    pages = {one.name: one.read_text() for one in folder.iterdir() if one.name != ".lock"}
    assert set(pages) == {"index.html", "history.html", "atom.xml", "rss.xml"}
    for text in pages.values():
        assert "Orders are slow." in text
        for secret in ("db-secret-17", "Payroll", "Never published", "annette", "Annette"):
            assert secret not in text
    assert "Something is partly down" in pages["index.html"]
    assert "Shop" in pages["index.html"]
    assert incident.timeline.filter(text__contains="Orders are slow.").exists()


def test_the_page_needs_no_script_and_no_other_file(folder):
    told(make.user(), text="<script>alert(1)</script> & <b>bold</b>")

    page = (folder / "index.html").read_text()

    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"<(img|script|link rel=.stylesheet)", page)
    styles = re.search(r"<style>(.*?)</style>", page, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(styles.encode()).digest()).decode()
    assert f"style-src &#x27;sha256-{digest}&#x27;" in page


def test_times_are_utc_whoever_publishes(folder):
    from zoneinfo import ZoneInfo

    from django.utils import timezone

    with timezone.override(ZoneInfo("Asia/Tokyo")):
        update = told(make.user())

    assert f"{update.at:%H:%M} UTC" in (folder / "index.html").read_text()


def test_components_show_the_worst_that_is_open(folder):
    ann, shop = make.user(), make.status_component(name="Shop")
    first, second = (make.status_notice(impact=i) for i in ("degraded", "outage"))
    for notice in (first, second):
        notice.components.add(shop)
        told(ann, notice=notice)
    assert "Something is down" in (folder / "index.html").read_text()

    told(ann, notice=second, phase="resolved", text="It works again.")

    page = (folder / "index.html").read_text()
    assert "Something is slow or faulty" in page
    assert "The last 14 days" in page
    told(ann, notice=first, phase="resolved", text="Fast again.")
    assert "Everything works" in (folder / "index.html").read_text()
    with pytest.raises(Conflict, match="closed"):
        services.publish(first, by=ann, phase="monitoring", text="Still?")


def test_planned_maintenance_is_shown_and_hurts_only_while_it_runs(folder):
    ann, now = make.user(), time.now()
    notice = make.status_notice(
        kind="maintenance", impact="maintenance", starts_at=now, ends_at=now + timedelta(hours=2)
    )

    told(ann, notice=notice, phase="scheduled", text="New disks.")
    assert "Everything works" in (folder / "index.html").read_text()
    told(ann, notice=notice, phase="in_progress", text="We began.")
    assert "Maintenance is under way" in (folder / "index.html").read_text()

    with pytest.raises(Invalid, match="scheduled, in_progress"):
        services.publish(notice, by=ann, phase="identified", text="No.")
    with pytest.raises(Invalid, match="from when until when"):
        services.write_notice(by=ann, title="Some", kind="maintenance", impact="maintenance")


def test_a_person_publishes_always():
    with pytest.raises(Conflict, match="A person publishes"):
        services.publish(make.status_notice(), by=system(), phase="identified", text="Found.")
    with pytest.raises(Invalid, match="what the public is told"):
        services.publish(make.status_notice(), by=make.user(), phase="identified", text=" ")


@pytest.mark.parametrize(
    ("role", "status"),
    [
        pytest.param("engineer", 403, id="an engineer cannot"),
        pytest.param("manager", 302, id="a manager can"),
    ],
)
def test_who_may_publish(role, status):
    notice = make.status_notice()
    browser = make.client(make.user(role=role))

    answer = browser.post(
        f"/status-notices/{notice.pk}/publish", {"phase": "identified", "text": "Found."}
    )

    assert answer.status_code == status
    assert notice.updates.count() == (status == 302)


def test_what_is_published_is_not_altered():
    ann, notice = make.user(), make.status_notice()
    services.change_notice(notice, by=ann, title="Better title")
    services.publish(notice, by=ann, phase="identified", text="Found.")

    with pytest.raises(Conflict, match="publish an update"):
        services.change_notice(notice, by=ann, title="It never happened")


def test_the_feeds_are_read_by_a_parser(folder):
    from defusedxml import ElementTree

    told(make.user(), text="Slow & steady <again>")

    atom = ElementTree.fromstring((folder / "atom.xml").read_text())
    rss = ElementTree.fromstring((folder / "rss.xml").read_text())

    names = {"a": "http://www.w3.org/2005/Atom"}
    assert atom.find("a:entry/a:summary", names).text == "Slow & steady <again>"
    assert rss.find("channel/item/title").text == "Slow orders: Investigating"


def test_everybody_sees_it_where_it_is_switched_on(folder, settings):
    told(make.user())
    anybody = Client()

    answer = anybody.get("/status/")

    assert "Orders are slow." in answer.content.decode()
    assert "'sha256-" in answer.headers["Content-Security-Policy"]
    assert anybody.get("/status/atom.xml").headers["Content-Type"].startswith("application/atom")
    for name in (".lock", "..%2fkeys%2fsecret_key", "passwd"):
        assert anybody.get(f"/status/{name}").status_code == 404

    settings.OPTIONS = replace(settings.OPTIONS, is_status_public=False)
    assert anybody.get("/status/").status_code == 302
    assert make.client(make.user()).get("/status/").status_code == 200
    lacking = make.client(make.user(role="administrator"))
    assert lacking.get("/status/").status_code == 200


def test_nothing_published_yet_is_said():
    assert Client().get("/status/").status_code == 404


def test_an_address_is_told_after_it_was_proved_and_until_it_leaves(mailbox):
    anybody = Client()
    anybody.post("/status/subscribe", {"kind": "email", "address": "Eve@example.org"})
    subscriber = StatusSubscriber.objects.get()
    jobs.ask_subscriber.func(subscriber.pk)
    question = mailbox[0]
    assert question["To"] == "eve@example.org"

    update = told(make.user())
    assert services.lay_out_deliveries(update) == []

    proof = link_in(question, "confirm")
    anybody.get(proof)
    subscriber.refresh_from_db()
    assert subscriber.confirmed_at is None, "looking proves nothing"
    anybody.post(proof)

    update = told(make.user(), notice=update.notice, phase="resolved", text="Fast again.")
    (delivery,) = services.lay_out_deliveries(update)
    jobs.deliver_status.func(delivery)
    jobs.deliver_status.func(delivery)

    assert len(mailbox) == 2
    assert mailbox[1]["Subject"] == "Slow orders: Resolved"
    assert "Fast again." in body(mailbox[1])
    assert mailbox[1]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    out = link_in(mailbox[1], "leave")
    anybody.get(out)
    assert StatusSubscriber.objects.count() == 1, "looking ends nothing"
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(out, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert StatusSubscriber.objects.count() == StatusDelivery.objects.count() == 0
    assert strict.post(out).status_code == 200


def test_a_link_that_was_altered_or_is_old_does_nothing(clock):
    subscriber = make.status_subscriber()
    link = services.status.confirm_link(subscriber)

    with pytest.raises(NotFound, match="does not hold"):
        services.confirm(link.rsplit("/", 1)[1] + "x")
    with pytest.raises(NotFound, match="was altered"):
        services.leave(f"{subscriber.pk}:abc")
    clock(3 * 86_400)
    assert services.forget_unconfirmed(now=time.now()) == 1


def test_nobody_learns_who_subscribed_and_nobody_is_flooded(mailbox):
    known = make.status_subscriber(address="ann@example.org", confirmed_at=time.now())
    one, other = Client(), Client()

    answers = [
        one.post("/status/subscribe", {"kind": "email", "address": address}).content
        for address in ("ann@example.org", "new@example.org")
    ]

    assert answers[0] == answers[1]
    assert StatusSubscriber.objects.get(address=known.address).confirmed_at
    for _ in range(2):
        services.subscribe(kind="email", address="new@example.org")
    with pytest.raises(TooMany):
        services.subscribe(kind="email", address="new@example.org")
    assert other.post("/status/subscribe", {"kind": "email", "address": "x"}).status_code == 422


@pytest.mark.parametrize(
    "address",
    ["http://example.org/hook", "ftp://example.org", "javascript:alert(1)", "not an address"],
)
def test_webhooks_are_https(address):
    with pytest.raises(Invalid, match="https://"):
        services.subscribe(kind="webhook", address=address)


def test_webhooks_reach_nothing_inside():
    subscriber = make.status_subscriber(kind="webhook", address="https://127.0.0.1/hook")

    with pytest.raises(Conflict, match="takes nothing"):
        services.ask(subscriber)


def test_subscribers_are_not_for_who_merely_looks():
    make.status_subscriber()

    assert StatusSubscriber.objects.visible_to(make.user(role="viewer")).count() == 0
    assert StatusSubscriber.objects.visible_to(make.user(role="engineer")).count() == 1


def test_a_notice_of_an_incident_names_the_components_its_alerts_touch():
    shop, other = make.status_component(), make.status_component()
    service = make.item(kind="service")
    shop.services.set([service])
    incident = make.incident()
    make.alert(incident=incident, item=service)

    notice = services.begin_notice(incident, by=make.user(), title="Slow", impact="degraded")

    assert list(notice.components.all()) == [shop]
    assert other not in notice.components.all()
    assert StatusNotice.objects.get().published_at is None


def test_a_wrong_address_keeps_the_form_and_says_what_is_wrong():
    page = Client().post("/status/subscribe", {"kind": "email", "address": "nonsense"})

    assert page.status_code == 422
    assert "Give an e-mail address" in page.content.decode()
    assert 'value="nonsense"' in page.content.decode()


def test_before_anything_is_published_the_page_says_so():
    page = Client().get("/status/")

    assert page.status_code == 404
    assert "Nothing was published yet" in page.content.decode()
    assert "Nothing was published" not in Client().get("/status/other.html").content.decode()


def test_phases_say_when_they_are_of_maintenance():
    notice = make.status_notice()
    page = make.client(make.user(role="approver")).get(f"/status-notices/{notice.pk}/publish")
    offered = dict(page.context["form"].fields["phase"].choices)

    assert offered["scheduled"].endswith("(maintenance)")
    assert "maintenance" not in offered["investigating"]
