"""Syslog that comes in: whose it is, what is an alert, and that it is kept first."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError

from fullscore.connectors.base import Refused
from fullscore.connectors.syslog.parse import Came
from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.models import Alert, AlertSource, Receipt
from fullscore.domains.response.incidents.services import intake
from fullscore.domains.response.incidents.services.messages import Inbox, Senders
from fullscore.kit import time as clocks
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models.user import system
from tests import make
from tests.installation import ROOT, Installation
from tests.servers import free_port, wait_for

ERROR = "<27>1 2026-11-27T07:00:00Z db1.example.org backup - - - "


def source(name="logs", **values):
    made, _ = services.issue_source(by=system(), name=name, kind="syslog")
    return services.configure(made, by=system(), **values) if values else made


def came(*texts, peer="10.0.0.7"):
    return [Came(datetime.now(UTC), peer, text.encode()) for text in texts]


@pytest.fixture
def inbox(db):
    return Inbox()


def test_an_error_is_kept_and_becomes_an_alert_of_its_host(inbox):
    item = make.item("db1.example.org")
    logs = source()

    inbox.take(came(f"{ERROR}tape 7 is full", f"{ERROR}tape 8 is full"), {})

    receipt = Receipt.objects.get()
    assert (receipt.source, receipt.state) == (logs, "new")
    assert b"tape 7 is full" in bytes(receipt.body)

    jobs.take_in()

    alert = Alert.objects.get()
    assert (alert.item, alert.severity, alert.count) == (item, 4, 2)
    assert alert.title == "backup on db1.example.org: tape # is full"
    assert alert.annotations == {"last message": "tape 8 is full"}
    assert alert.events.count() == 1
    assert alert.incident is not None
    assert (alert.resolves_at - clocks.now()).total_seconds() == pytest.approx(3600, abs=60)


def test_what_is_less_severe_is_counted_and_no_alert(inbox):
    logs = source()

    inbox.take(came("<12>a warning", "<14>an info", f"{ERROR}an error"), {})
    inbox.looked_at = None
    inbox.take([], {})

    logs.refresh_from_db()
    assert logs.passed_over == 2
    assert logs.last_seen_at is not None
    assert Receipt.objects.count() == 1


def test_a_message_right_after_its_source_was_made_is_heard(inbox):
    inbox.take([], {})  # the listener looks all the time
    inbox.looked_at = clocks.now() - timedelta(seconds=2)
    source()

    inbox.take(came(f"{ERROR}the first try"), {})

    assert Receipt.objects.count() == 1
    assert inbox.nobodys.total() == 0


def test_nobodys_messages_are_no_query_each(inbox, django_assert_num_queries):
    inbox.take([], {})
    inbox.looked_at = clocks.now() - timedelta(seconds=2)

    with django_assert_num_queries(1):
        inbox.take(came(*[f"{ERROR}no source {n}" for n in range(50)]), {})

    assert inbox.nobodys["10.0.0.7"] == 50


def test_a_source_says_from_which_severity_on(inbox):
    source(least_severity=3)

    inbox.take(came("<12>a warning", "<13>a notice"), {})
    jobs.take_in()

    assert [a.title for a in Alert.objects.all()] == ["syslog on 10.0.0.7: a warning"]


def test_words_of_the_source_resolve_whatever_their_severity(inbox):
    source(resolve_words=["down = up"])

    inbox.take(came("<11>1 - sw1 link - - - port 3 is down"), {})
    jobs.take_in()
    inbox.take(came("<14>1 - sw1 link - - - port 3 is up"), {})
    jobs.take_in()

    assert Alert.objects.get().state == "resolved"


@pytest.mark.django_db
def test_whose_a_message_is():
    whole = source("whole", senders=["10.0.0.0/8"])
    rack = source("rack", senders=["10.1.0.0/16", "fd00::/8"])
    named = source("named", senders=["db1", "web.example.org"])
    rest = source("rest")
    senders = Senders([whole, rack, named, rest])

    cases = [
        ("10.2.3.4", "", whole), ("10.1.3.4", "db1", rack), ("fd00::1", "", rack),
        ("192.0.2.1", "DB1.example.org", named), ("192.0.2.1", "web.example.org", named),
        ("192.0.2.1", "web", rest), ("unknown", "", rest),
    ]  # fmt: skip

    assert [senders.of(peer, host) for peer, host, _ in cases] == [one for *_, one in cases]
    assert Senders([whole]).of("192.0.2.1", "db1") is None


def test_what_is_of_no_source_is_told_in_the_log(inbox, caplog):
    inbox.take(came(f"{ERROR}x", peer="192.0.2.9"), {"192.0.2.9": 4})
    inbox.looked_at = None
    inbox.take([], {})

    assert Receipt.objects.count() == 0
    assert inbox.nobodys.total() == 0


def test_a_revoked_source_takes_nothing(inbox):
    services.revoke(source(), by=system())

    inbox.take(came(f"{ERROR}x"), {})

    assert Receipt.objects.count() == 0


def test_what_is_above_the_rate_is_counted_and_found(inbox):
    logs = source(per_minute=3)

    inbox.take(came(*(f"{ERROR}number {n}" for n in range(5))), {"10.0.0.7": 10})
    inbox.looked_at = None
    inbox.take([], {})
    jobs.take_in()

    logs.refresh_from_db()
    assert logs.lost == 12
    assert logs.left_out_at is not None
    assert Alert.objects.get().count == 3


def test_what_cannot_be_written_is_asked_for_again_and_counted_once(inbox, monkeypatch):
    logs = source()
    with monkeypatch.context() as patched:
        patched.setattr(intake._commits, "_write", _fails)
        with pytest.raises(Refused):
            inbox.take(came("<14>info", f"{ERROR}x"), {"10.0.0.7": 1})
        assert Receipt.objects.count() == 0

    inbox.take(came("<14>info", f"{ERROR}x"), {"10.0.0.7": 1})
    inbox.looked_at = None
    inbox.take([], {})

    logs.refresh_from_db()
    assert (logs.passed_over, logs.lost, Receipt.objects.count()) == (1, 1, 1)


def test_what_is_handed_over_again_counts_once_towards_the_rate(inbox, monkeypatch):
    logs = source(per_minute=5)
    batch = came(*(f"{ERROR}number {n}" for n in range(4)))
    with monkeypatch.context() as patched:
        patched.setattr(intake._commits, "_write", _fails)
        for _ in range(3):
            with pytest.raises(Refused):
                inbox.take(batch, {})

    inbox.take(batch + came(f"{ERROR}number 5", f"{ERROR}number 6"), {})
    inbox.looked_at = None
    inbox.take([], {})
    jobs.take_in()

    logs.refresh_from_db()
    assert (Alert.objects.get().count, logs.lost) == (5, 1)


def _fails(groups):
    raise OperationalError("database is locked")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [("resolve_words", ["down ="]), ("senders", ["x" * 61]), ("senders", "10.0.0.1")],
)
def test_a_rule_that_cannot_be_read_is_refused(field, value):
    logs = source()

    with pytest.raises((Invalid, ValidationError)):
        services.configure(logs, by=system(), **{field: value})


@pytest.mark.django_db
def test_syslog_has_neither_mailbox_nor_credential():
    logs = source()

    with pytest.raises(Invalid, match="Only e-mail"):
        services.configure(logs, by=system(), mailbox="imaps://a@b/INBOX")
    with pytest.raises(Conflict, match="Only Sentry"):
        services.give_credential(logs, by=system(), value="secret")


@pytest.mark.django_db
def test_nothing_listens_where_no_port_is_named():
    began = time.monotonic()

    jobs.SyslogListener().run()

    assert time.monotonic() - began < 1


MADE = """
from fullscore.domains.response.incidents import services
from fullscore.kit.models.user import system
source, _ = services.issue_source(by=system(), name="logs", kind="syslog")
answer = source.name
"""
TOLD = """
from fullscore.domains.response.incidents import jobs
from fullscore.domains.response.incidents.models import Alert
jobs.keep_up()
answer = sorted([a.title.partition(": ")[2], a.count, a.state] for a in Alert.objects.all())
"""


@pytest.mark.real
@pytest.mark.once
def test_a_real_logger_reaches_the_collector_which_loses_nothing_it_kept(tmp_path):
    """The collector is killed as by a power cut: what was kept becomes an alert all the same."""
    program = shutil.which("logger")
    if program is None:
        pytest.skip("No logger here: sudo apt-get install bsdutils")
    (tmp_path / "home").mkdir()
    installed = Installation(tmp_path / "home")
    installed.migrate()
    installed.ask(MADE)
    port = free_port()
    ports = {"FULLSCORE_SYSLOG_TCP_PORT": str(port), "FULLSCORE_SYSLOG_UDP_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "fullscore", "collector"],
        env={**installed.environment, **ports}, cwd=ROOT,
    )  # fmt: skip
    try:
        wait_for(port)
        place = ["--server", "127.0.0.1", "--port", str(port), "--priority", "daemon.err"]
        for words in (["--tcp"], ["--tcp", "--octet-count", "--rfc5424"], ["--udp", "--rfc3164"]):
            subprocess.run([program, *place, *words, "tape is full"], check=True, timeout=20)
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(b"<14>an info\n<26>a disk died\n")
        kept, ends = 0, time.monotonic() + 20
        while kept < 4 and time.monotonic() < ends:
            kept = installed.ask(KEPT)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    assert kept == 4
    told = {(text, state) for text, _, state in installed.ask(TOLD)}
    assert told == {("a disk died", "open"), ("tape is full", "open")}


KEPT = """
from fullscore.connectors.syslog.parse import unpacked
from fullscore.domains.response.incidents.models import Receipt
answer = sum(len(list(unpacked(bytes(r.body)))) for r in Receipt.objects.all())
"""


@pytest.mark.django_db
def test_the_page_of_a_new_source_says_where_to_send():
    browser = make.client(make.user("ann", role="administrator"))

    page = browser.post("/alert-sources/add", {"name": "logs", "kind": "syslog"})

    assert "FULLSCORE_SYSLOG_UDP_PORT" in page.content.decode()
    assert AlertSource.objects.get().resolve_after_seconds == 3600


@pytest.mark.django_db
def test_the_page_of_a_source_says_where_it_is_heard_and_how_to_try(settings):
    settings.OPTIONS = replace(settings.OPTIONS, syslog_udp_port=5514, syslog_tls_port=6514)
    logs = source(senders=["10.0.0.0/8"])
    browser = make.client(make.user("ann", role="administrator"))

    page = browser.get(f"/alert-sources/{logs.pk}").content.decode()

    assert "<code>127.0.0.1:5514</code> by UDP" in page
    assert "<code>127.0.0.1:6514</code> by TLS" in page
    assert "logger --server 127.0.0.1 --port 5514 --udp" in page
    assert "messages from 10.0.0.0/8" in page


@pytest.mark.django_db
def test_the_page_of_a_source_of_mail_says_what_it_still_needs():
    mail, _ = services.issue_source(by=system(), name="mail", kind="email")
    browser = make.client(make.user("ann", role="administrator"))

    page = browser.get(f"/alert-sources/{mail.pk}").content.decode()

    assert "No mailbox is named" in page
    assert "fullscore alert-mail mail" in page
    assert "Name its mailbox first" in page


@pytest.mark.django_db
def test_a_source_of_other_kinds_says_nothing_of_it():
    hook, _ = services.issue_source(by=system(), name="hook", kind="alertmanager")
    browser = make.client(make.user("ann", role="administrator"))

    assert "Where it is heard" not in browser.get(f"/alert-sources/{hook.pk}").content.decode()
