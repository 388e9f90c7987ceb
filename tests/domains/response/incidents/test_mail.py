"""E-mail that comes in: kept before it is marked, each once, of the alert it is about."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django_tasks_db.models import DBTaskResult

from fullscore.domains.response.incidents import commands, jobs, services
from fullscore.domains.response.incidents.models import Alert, Receipt
from fullscore.domains.response.incidents.services import intake, mails
from fullscore.kit.errors import Conflict
from fullscore.kit.models.secret import Secret
from fullscore.kit.models.user import system
from tests import make
from tests.connectors.mail.test_client import ANY_PORT, LOOPBACK, WORD
from tests.installation import ROOT, Installation
from tests.servers import dovecot

RECORDINGS = Path(__file__).parents[3] / "connectors/mail/recordings"


@pytest.fixture
def source(db):
    return services.issue_source(by=system(), name="mail-1", kind="email")[0]


def mail(subject, n=1, text="It broke.", **headers):
    head = {"From": "a@example.org", "Subject": subject, "Message-ID": f"<{n}@x>"} | headers
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in head.items())
    return f"{lines}\r\n{text}".encode()


def take(source, *mails):
    for raw in mails:
        services.take_mail(source, raw)
    jobs.take_in()


def states():
    return [(a.key, a.state, a.count) for a in Alert.objects.order_by("pk")]


def test_problem_and_recovery_of_nagios_open_and_resolve_the_alert_of_its_host(source):
    item = make.item("db1.example.org")

    take(source, (RECORDINGS / "nagios-problem.eml").read_bytes())
    alert = Alert.objects.get()
    assert (alert.item, alert.severity, alert.state) == (item, 5, "open")

    take(source, (RECORDINGS / "nagios-recovery.eml").read_bytes())
    assert [state for _, state, _ in states()] == ["resolved"]


def test_a_fault_of_our_reader_rejects_one_mail_and_the_next_is_read(source, monkeypatch):
    known = mails.parse.signals

    def odd(kept, **words):
        if b"odd" in kept:
            raise AssertionError("we did not think of this")
        return known(kept, **words)

    monkeypatch.setattr(mails.parse, "signals", odd)
    take(source, mail("odd one"), mail("disk full", 2))

    assert states() == [("disk full", "open", 1)]
    rejected = Receipt.objects.get(state="rejected")
    assert rejected.problem == "Our reader broke off (AssertionError): please report it."


def test_a_mail_that_cannot_be_taken_apart_is_kept_as_it_came(source, monkeypatch):
    def odd(raw):
        raise AssertionError("we did not think of this")

    monkeypatch.setattr(mails.parse, "reduced", odd)
    services.take_mail(source, mail("disk full"))

    assert bytes(Receipt.objects.get().body) == mail("disk full")


def test_a_mail_that_comes_twice_is_one(source):
    take(source, mail("disk full"), mail("disk full"), mail("disk full", 2))

    assert states() == [("disk full", "open", 2)]
    assert Receipt.objects.count() == 2


def test_a_mail_that_answers_is_of_the_alert_it_answers(source):
    take(source, mail("disk full on db1", 1), mail("something else", 2))
    answer = {"In_Reply_To": "<1@x>"}
    take(source, mail("It is RECOVERED", 3, **answer))

    assert states() == [("disk full on db1", "resolved", 1), ("something else", "open", 1)]


def test_a_persons_answer_is_a_note(source):
    take(source, mail("disk full", 1), mail("Re: disk full", 2, "I look.", In_Reply_To="<1@x>"))

    alert = Alert.objects.get()
    assert alert.count == 1
    assert "a@example.org: I look." in [e.note for e in alert.events.all()]


def test_a_mail_without_subject_is_kept_as_rejected(source):
    take(source, mail(""))

    receipt = Receipt.objects.get()
    assert (receipt.state, receipt.problem) == (
        "rejected", "The mail has no subject that says what it is about.",
    )  # fmt: skip
    assert Alert.objects.count() == 0


def test_its_words_can_be_others(source):
    services.configure(source, by=system(), resolve_words=["Störung = behoben"])

    take(source, mail("Störung: Leitung Köln", 1), mail("Leitung Köln behoben", 2))

    assert [state for _, state, _ in states()] == ["resolved"]


@pytest.fixture
def mailbox(source, monkeypatch):
    """Return a real mailbox, and let the source read it."""
    with dovecot() as served:
        monkeypatch.setattr(
            mails, "_guard",
            lambda: mails.Guard(LOOPBACK, ANY_PORT, str(served.certificate),
                                lambda host, port: ["127.0.0.1"]),
        )  # fmt: skip
        url = f"imaps://alerts@localhost:{served.tls}/INBOX"
        services.configure(source, by=system(), mailbox=url)
        services.give_credential(source, by=system(), value=WORD)
        yield served


@pytest.mark.real
def test_a_mailbox_is_read_by_the_clock(source, mailbox):
    mailbox.deliver(mail("disk full"))

    jobs.read_mailbox.func(source=source.pk)
    jobs.take_in()

    source.refresh_from_db()
    assert states() == [("disk full", "open", 1)]
    assert (mailbox.seen(), source.problem) == (1, "")


@pytest.mark.real
def test_a_mail_that_cannot_be_kept_stays_unseen_and_is_taken_later(source, mailbox, monkeypatch):
    mailbox.deliver(mail("disk full"))
    with monkeypatch.context() as patched:
        patched.setattr(intake._commits, "_write", _fails)
        jobs.read_mailbox.func(source=source.pk)
    source.refresh_from_db()
    assert mailbox.seen() == 0
    assert "cannot be written down" in source.problem

    jobs.read_mailbox.func(source=source.pk)

    source.refresh_from_db()
    assert (mailbox.seen(), Receipt.objects.count(), source.problem) == (1, 1, "")


def _fails(groups):
    raise OperationalError("database is locked")


@pytest.mark.real
def test_what_stands_in_the_way_is_found(source, mailbox):
    services.give_credential(source, by=system(), value="another")

    jobs.read_mailbox.func(source=source.pk)

    source.refresh_from_db()
    assert "does not let alerts in" in source.problem
    assert WORD not in source.problem


def test_a_password_does_not_go_to_another_mailbox(source):
    services.configure(source, by=system(), mailbox="imaps://alerts@mail.example.org/INBOX")
    services.give_credential(source, by=system(), value=WORD)
    assert Secret.objects.get().kind == Secret.Kind.PASSWORD

    services.configure(source, by=system(), default_severity=4)
    assert source.credential is not None
    services.configure(source, by=system(), mailbox="imaps://alerts@evil.example.org/INBOX")

    assert source.credential is None
    assert services.read_mailbox(source) == 0
    source.refresh_from_db()
    assert "no password yet" in source.problem


def test_a_password_without_a_mailbox_is_refused(source):
    with pytest.raises(Conflict, match="which mailbox"):
        services.give_credential(source, by=system(), value=WORD)


def test_only_sources_with_a_mailbox_are_looked_into(source):
    other, _ = services.issue_source(by=system(), name="mail-2", kind="email")
    services.configure(other, by=system(), mailbox="imaps://alerts@mail.example.org/INBOX")

    jobs.read_mailboxes()

    queued = DBTaskResult.objects.filter(task_path__endswith="jobs.read_mailbox")
    assert [task.args_kwargs["kwargs"] for task in queued] == [{"source": other.pk}]


MADE = """
from fullscore.domains.response.incidents import services
from fullscore.kit.models.user import system
source, _ = services.issue_source(by=system(), name="mail-1", kind="email")
answer = source.name
"""
TOLD = """
from fullscore.domains.response.incidents import jobs
from fullscore.domains.response.incidents.models import Alert
jobs.keep_up()
answer = [a.title for a in Alert.objects.all()]
"""


@pytest.mark.real
@pytest.mark.once
def test_a_mail_server_hands_a_mail_over_by_its_pipe(tmp_path):
    installed = Installation(tmp_path)
    installed.migrate()
    installed.ask(MADE)

    def pipe(name, raw):
        return subprocess.run(
            [sys.executable, "-m", "fullscore", "alert-mail", name],
            env=installed.environment, cwd=ROOT, input=raw, capture_output=True, timeout=120,
        )  # fmt: skip

    done = pipe("mail-1", mail("disk full") + b"x" * 3_000_000)
    unknown = pipe("other", mail("disk full"))

    assert (done.returncode, done.stderr) == (0, b"")
    assert unknown.returncode == 67
    assert "no alert source “other”".encode() in unknown.stderr
    assert installed.ask(TOLD) == ["disk full"]


@pytest.mark.django_db
def test_a_mail_server_tries_again_what_cannot_be_kept(source, monkeypatch, capsys):
    piped = SimpleNamespace(buffer=BytesIO(mail("disk full")))
    monkeypatch.setattr(sys, "stdin", piped)
    monkeypatch.setattr(intake._commits, "_write", _fails)

    assert commands.take_mail("mail-1") == 75
    assert "cannot be kept now" in capsys.readouterr().err
