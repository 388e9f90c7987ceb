"""Pages leave the machine: a real mail server, a real receiver on loopback, and kill -9."""

import json
import os
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MailHandler

from fullscore.connectors.base import Refused
from fullscore.connectors.chat.message import Message, Target, call_for, signature
from fullscore.connectors.guard import Guard
from fullscore.connectors.sms import client as sms
from fullscore.domains.response.oncall.services import sending
from fullscore.domains.response.oncall.services.sending import Letter
from tests.installation import Installation

LOOPBACK = Guard(allowed=(ip_network("127.0.0.0/8"),), ports=frozenset(range(1, 65536)))
TOLD = Message("k" * 32, "Shop is down", "Critical.", "https://x/answer/1", 5, 1_700_000_000)


class Receiver:
    """Keeps what is posted to it, and answers with a status of one's choice."""

    def __init__(self, port):
        self.url, self.got, self.status = f"http://127.0.0.1:{port}/hook", [], 200

    @property
    def keys(self):
        return {headers["Idempotency-Key"] for headers, _ in self.got}


@contextmanager
def receiving():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((dict(self.headers), body))
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, *words):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver():
    with receiving() as made:
        yield made


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


def letter(kind, address, secret="", **more):
    return Letter(1, Target(kind, address, secret), TOLD)


def test_a_mail_arrives_with_its_key_as_its_id_and_the_link(mailbox):
    outcome = sending.send(letter("email", "ann@example.org"), guard=Guard())

    assert outcome.problem == ""
    (mail,) = mailbox
    assert mail["To"] == "ann@example.org"
    assert mail["Message-ID"].startswith("<" + "k" * 32 + "@")
    assert "https://x/answer/1" in mail.get_payload()


def test_a_title_cannot_add_a_header(mailbox):
    bad = Message("a" * 32, "Down\r\nBcc: eve@example.org", "x", "", 5, 0)

    sending.send(Letter(1, Target("email", "ann@example.org"), bad), guard=Guard())

    assert mailbox[0]["Bcc"] is None


def test_a_mail_server_that_is_away_is_asked_again(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    outcome = sending.send(letter("email", "ann@example.org"), guard=Guard())

    assert outcome.problem
    assert not outcome.is_final


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("webhook", '"title": "Shop is down"', id="webhook"),
        pytest.param("ntfy", "Critical.", id="ntfy"),
        pytest.param("slack", "*Shop is down*", id="Slack"),
        pytest.param("teams", "AdaptiveCard", id="Teams"),
        pytest.param("telegram", '"chat_id": "42"', id="Telegram"),
    ],
)
def test_each_program_gets_what_it_reads(receiver, monkeypatch, kind, expected):
    monkeypatch.setattr("fullscore.connectors.chat.message.TELEGRAM", receiver.url)
    address = "42" if kind == "telegram" else receiver.url
    secret = receiver.url if kind in ("slack", "teams") else "secret"

    outcome = sending.send(letter(kind, address, secret), guard=LOOPBACK)

    assert outcome.answer == "taken (200)"
    assert expected in receiver.got[0][1].decode()
    assert receiver.keys == {"k" * 32}


def test_a_webhook_is_signed_over_time_and_body(receiver):
    sending.send(letter("webhook", receiver.url, "secret"), guard=LOOPBACK)

    headers, body = receiver.got[0]
    assert headers["Fullscore-Signature"] == signature("secret", body, TOLD.sent_at)
    assert headers["Fullscore-Signature"] != signature("other", body, TOLD.sent_at)
    assert json.loads(body)["id"] == "k" * 32


@pytest.mark.parametrize(
    ("status", "is_final"),
    [(500, False), (429, False), (404, True), (302, True)],
    ids=["broken", "too many", "gone", "elsewhere"],
)
def test_what_may_work_later_is_tried_again(receiver, status, is_final):
    receiver.status = status

    outcome = sending.send(letter("webhook", receiver.url, "s"), guard=LOOPBACK)

    assert outcome.problem
    assert outcome.is_final is is_final


def test_nothing_is_sent_into_the_network_without_the_operator_allowing_it(receiver):
    outcome = sending.send(letter("webhook", receiver.url, "s"), guard=Guard())

    assert outcome.is_final
    assert receiver.got == []


def test_markup_of_a_program_is_not_let_through():
    wild = Message("k", "<!channel> & co", "x", "", 5, 0)

    sent = call_for(Target("slack", "", "https://hooks.example.org/x"), wild).content.decode()

    assert "<!channel>" not in sent


@pytest.mark.parametrize(
    "url",
    ["json://127.0.0.1/x", "file:///etc/passwd", "mailto://a:b@10.0.0.1", "nonsense", "twilio://"],
)
def test_only_gateways_with_a_fixed_host_take_text_messages(url):
    with pytest.raises(Refused):
        sms.send(url, "Down", "x", notify=lambda *told: True)


def test_a_text_message_goes_by_the_gateway_and_is_kept_short():
    told = []

    sms.send("clicksend://user:pass123@+4915112345678", "Down", "x" * 900,
             notify=lambda url, title, text: told.append(text) or True)  # fmt: skip

    assert len(told[0]) == sms.LONGEST


# ── kill -9 ────────────────────────────────────────────────────────────────────────────────────

PREPARE = """
from fullscore.domains.response.oncall.models import (
    ContactChannel, EscalationPolicy, EscalationRoute, EscalationStep)
from fullscore.domains.foundation.directory.models import Person
from fullscore.kit import secrets
from fullscore.kit.models.user import system
from django.utils.timezone import now
ann = Person.objects.create(name="Ann")
secret = secrets.keep("hook", "key", by=system(), kind="token")
ContactChannel.objects.create(
    person=ann, kind="webhook", address=URL, secret=secret, confirmed_at=now())
policy = EscalationPolicy.objects.create(name="all")
EscalationStep.objects.create(policy=policy, kind="person", person=ann)
EscalationStep.objects.create(policy=policy, position=2, kind="wait", minutes=600)
EscalationRoute.objects.create(policy=policy, min_severity=1)
"""
KILLS = """
import os, signal, sys, json
from datetime import timedelta
from django.db import connections
from fullscore.domains.response.oncall import jobs
from fullscore.domains.response.oncall.services import escalating, sending
from fullscore.domains.response.oncall.services.escalating import Subject
from fullscore.kit import time
from fullscore.kit.models.user import system

def apart(work):
    connections.close_all()
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitpid(child, 0)[1]

def traced(work, seen):
    # Call `seen` with each line of ours, before it runs.
    def local(frame, event, arg):
        if event == "line":
            seen(frame.f_code.co_filename, frame.f_lineno)
        return local
    def trace(frame, event, arg):
        return local if "response/oncall/" in frame.f_code.co_filename else None
    sys.settrace(trace)
    work()
    sys.settrace(None)

def lines_of(work):
    # Return at which of the lines that run to be killed: of those never seen before, in order,
    # every so many, and all around what leaves the machine and what is written after it.
    told, write = os.pipe()
    def walk():
        firsts = {}
        count = 0
        def seen(file, number):
            nonlocal count
            count += 1
            firsts.setdefault((file, number), count)
        traced(work, seen)
        near = [n for (file, number), n in firsts.items() if file.endswith("sending.py")
                and number in AROUND]
        os.write(write, json.dumps(sorted({*sorted(firsts.values())[::STRIDE], *near})).encode())
    assert apart(walk) == 0
    return json.loads(os.read(told, 1 << 16))

def killed_at(line):
    count = 0
    def seen(file, number):
        nonlocal count
        count += 1
        if count == line:
            os.kill(os.getpid(), signal.SIGKILL)
    traced(jobs.tick, seen)

def later():
    real = time.now
    time.now = lambda: real() + timedelta(seconds=90)
    jobs.tick()

def begin(number):
    escalating.start(Subject("tests.subject", number, f"Down {number}", "", 5), by=system())

def first_lines(*functions):
    # Return the numbers of the lines of functions.
    return {number for one in functions for _, _, number in one.__code__.co_lines() if number}

AROUND = first_lines(sending.send, sending.mark) if STRIDE > 1 else set()
begin(0)
lines = lines_of(jobs.tick)
killed = 0
for number, line in enumerate(lines, 1):
    begin(number)
    killed += apart(lambda: killed_at(line)) != 0
    assert apart(later) == 0
from fullscore.domains.response.oncall.models import Attempt, Page
print(json.dumps({"killed": killed, "lines": len(lines), "pages": Page.objects.count(), "attempts":
    list(Attempt.objects.values_list("key", "state", "page__run__title"))}))
"""


@pytest.mark.real
@pytest.mark.once
def test_killed_between_any_two_lines_no_page_is_lost_and_none_is_doubled(tmp_path):
    """Each kill is of a real process; what is sent twice bears the same key both times."""
    there = Installation(tmp_path)
    there.migrate()
    stride = int(os.environ.get("FULLSCORE_KILL_STRIDE", "9"))  # 1: at every line there is
    with receiving() as receiver:
        words = f"URL = {receiver.url!r}\n{PREPARE}\nSTRIDE = {stride}\n{KILLS}"
        (tmp_path / "fullscore.toml").write_text('allowed_networks = "127.0.0.0/8"\n')
        (tmp_path / "fullscore.toml").chmod(0o600)
        answer = json.loads(there.wait(there.start(words)).splitlines()[-1])

    told = {key for key, _, _ in answer["attempts"]}
    assert answer["killed"] == answer["lines"] > 100 / stride
    assert answer["pages"] == len(answer["attempts"]) == answer["killed"] + 1
    assert {state for _, state, _ in answer["attempts"]} == {"sent"}
    assert receiver.keys == told
    titles = {json.loads(body)["id"]: json.loads(body)["title"] for _, body in receiver.got}
    assert len(set(titles.values())) == answer["killed"] + 1
