"""Notifications: on the page at once, by mail soon, through a real mail server."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from fullscore.kit import jobs, live, notify
from fullscore.kit.models import DeadLetter, LiveChange, Notification, User
from fullscore.kit.time import now
from tests.servers import free_port

pytestmark = pytest.mark.django_db


class Inbox:
    """Keeps what the server accepts, as it came over the wire."""

    def __init__(self):
        self.envelopes = []

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append(envelope)
        return "250 OK"

    @property
    def messages(self):
        return [message_from_bytes(e.content, policy=policy.default) for e in self.envelopes]


@pytest.fixture
def inbox(settings):
    box = Inbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    yield box
    server.stop()


@pytest.fixture
def ann():
    return User.objects.create_user("ann@example.org", name="Ann")


def work() -> None:
    jobs.Worker().drain()


def digest() -> None:
    notify.queue_digests()
    work()


def test_the_urgent_is_mailed_at_once(inbox, ann):
    notify.notify(ann, "Core switch down", body="Frankfurt.", url="/incidents/7", severity=5)
    work()

    (message,) = inbox.messages
    assert message["Subject"] == "[Fullscore] Core switch down"
    assert message["To"] == "ann@example.org"
    assert "Frankfurt." in message.get_content()
    assert "http://localhost:8470/incidents/7" in message.get_content()
    assert Notification.objects.get().mailed_at is not None


def test_the_rest_is_mailed_together_and_once(inbox, ann):
    notify.notify(ann, "Certificate ends soon", severity=4)
    notify.notify(ann, "Quarter begins", severity=2)
    work()
    assert inbox.messages == []

    digest()
    digest()

    (message,) = inbox.messages
    assert message["Subject"] == "[Fullscore] Certificate ends soon (and 1 more)"
    assert "Quarter begins" in message.get_content()


def test_what_was_read_is_not_mailed(inbox, ann):
    notify.notify(ann, "Certificate ends soon")
    notify.read(Notification.objects.visible_to(ann))

    digest()

    assert inbox.messages == []


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"kind": User.Kind.SERVICE}, id="a service account"),
        pytest.param({"is_active": False}, id="somebody who left"),
    ],
)
def test_no_mail_goes_to(inbox, values):
    nobody = User.objects.create_user("x@example.org", **values)
    notify.notify(nobody, "Now", severity=5)
    notify.notify(nobody, "Later")

    digest()

    assert inbox.messages == []


@pytest.mark.parametrize(
    "line_end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\0"], ids=repr
)
def test_no_header_can_be_added(inbox, ann, line_end):
    evil = f"Hello{line_end}Bcc: eve@example.org{line_end}{line_end}Forged body"
    notify.notify(ann, evil, severity=5)
    notify.notify(ann, evil, severity=4)
    digest()

    assert len(inbox.messages) == 2
    for envelope, message in zip(inbox.envelopes, inbox.messages, strict=True):
        assert envelope.rcpt_tos == ["ann@example.org"]
        assert message["Bcc"] is None
        assert message["Subject"] == "[Fullscore] Hello Bcc: eve@example.org Forged body"


def test_an_account_with_a_forged_address_gets_no_mail(inbox):
    eve = User.objects.create_user("eve@example.org\nBcc: all@example.org")
    notification = notify.notify(eve, "Now", severity=4)

    with pytest.raises(ValueError, match="Invalid address"):
        notify.mail_digest(user_id=eve.pk)

    assert inbox.messages == []
    notification.refresh_from_db()
    assert notification.mailed_at is None


def test_a_mail_server_that_is_away_only_delays(settings, ann, inbox):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    notify.notify(ann, "Now", severity=5)
    work()
    assert not DeadLetter.objects.exists()

    settings.EMAIL_PORT = port
    jobs_ready_now()
    work()

    assert len(inbox.messages) == 1


def test_a_lone_dot_does_not_end_the_mail(inbox, ann):
    notify.notify(ann, "Dots", body="above\n.\nbelow", severity=5)
    work()

    assert "below" in inbox.messages[0].get_content()


def test_open_pages_of_the_person_alone_hear_of_it(ann):
    bob = User.objects.create_user("bob@example.org")
    before = dict(live._visible)
    live.visible_with({notify.TOPIC: Notification.objects.visible_to})

    notify.notify(ann, "Hello")

    change = LiveChange.objects.get()
    assert live.may_hear(ann, change)
    assert not live.may_hear(bob, change)
    live.visible_with(before)


def test_notifications_are_forgotten_after_90_days(ann):
    for days in (89, 91):
        old = notify.notify(ann, f"{days}")
        Notification.objects.filter(pk=old.pk).update(at=now() - timedelta(days=days))

    notify.prune()

    assert Notification.objects.get().title == "89"


def jobs_ready_now() -> None:
    from django_tasks_db.models import DBTaskResult

    DBTaskResult.objects.update(run_after=now())
