"""Mails as they are sent, by what sends alerts and by people."""

import time
from pathlib import Path

import pytest

from fullscore.connectors.base import Garbled
from fullscore.connectors.mail import parse
from fullscore.connectors.wording import state_words

RECORDINGS = Path(__file__).parent / "recordings"
WORDS = state_words(("PROBLEM = RECOVERY", "CRITICAL = OK", "FIRING = RESOLVED", "RECOVERED"))


def recorded(name):
    return parse.reduced((RECORDINGS / f"{name}.eml").read_bytes())


def mail(subject, text="It broke.", **headers):
    head = {"From": "a@example.org", "Subject": subject, "Message_ID": "<1@example.org>"} | headers
    return parse.reduced(
        "".join(f"{n.replace('_', '-')}: {v}\r\n" for n, v in head.items() if v).encode()
        + b"\r\n" + text.encode()
    )  # fmt: skip


def signals(kept, keys=()):
    return parse.signals(kept, words=WORDS, keys=keys)


def test_nagios_says_problem_and_recovery_of_one_key():
    (problem,) = signals(recorded("nagios-problem"))
    (recovery,) = signals(recorded("nagios-recovery"))

    assert problem.action == "trigger"
    assert problem.title == "** PROBLEM Service Alert: db1.example.org/disk is CRITICAL **"
    assert problem.severity == "CRITICAL"
    assert "db1.example.org" in problem.names
    assert "DISK CRITICAL - free space: / 91 MB" in problem.annotations["text"]
    assert (recovery.action, recovery.key) == ("resolve", problem.key)
    assert problem.key == "Service Alert db1.example.org/disk is"


def test_nested_parts_give_their_text_and_no_attachment():
    kept = recorded("nested")

    (told,) = signals(kept)
    assert told.title == "Störung: Übertragung zu Köln unterbrochen"
    assert told.annotations["text"] == "Die Übertragung ist seit 07:00 unterbrochen = schlecht."
    assert told.labels == {"from": "Wächter <monitor@example.org>"}
    assert b"secret-attachment" not in kept
    assert b"c2VjcmV0" not in kept


def test_only_html_is_read_as_its_text():
    (told,) = signals(recorded("html"))

    assert told.annotations["text"] == "Disk full\nHost db1 < 5 %"


@pytest.mark.parametrize("odd", ["<![hello]>", "<![ --<"])
def test_odd_html_costs_only_what_follows_it(odd):
    html = f"Subject: Down\r\nContent-Type: text/html\r\n\r\n<p>It is down.</p>{odd}".encode()

    assert parse.reduced(html).endswith(b"\r\n\r\nIt is down.")


def test_a_charset_nobody_knows_costs_only_itself():
    (told,) = signals(recorded("broken-charset"))

    assert told.title == "Backup of db1 failed �"
    assert told.annotations["text"] == "It failed at \ufffd."


def test_a_mail_without_id_is_told_apart_by_what_it_says():
    first = mail("Down", Message_ID="")
    other = mail("Down", "It broke again.", Message_ID="")

    assert parse.delivery_of(first) == parse.delivery_of(mail("Down", Message_ID=""))
    assert parse.delivery_of(first) != parse.delivery_of(other)
    assert parse.delivery_of(mail("Down")) == "<1@example.org>"


def test_a_huge_mail_is_cut():
    raw = b"Subject: Big\r\n\r\n" + b"\xc3\xa4" * 5_000_000
    began = time.monotonic()

    kept = parse.reduced(raw)

    assert len(kept) < 66 * 1024
    assert kept.decode()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        pytest.param("Re: AW: Fwd: disk full", "disk full", id="prefixes"),
        pytest.param("Re[2]: [ops] [EXTERNAL] disk full", "disk full", id="tags"),
        pytest.param("[FIRING:3] HostDown db1", "HostDown db1", id="Alertmanager"),
        pytest.param("[RESOLVED] HostDown db1", "HostDown db1", id="and resolved"),
        pytest.param("disk 91% full on db1 (3)", "disk full on db1", id="share and count"),
        pytest.param("Backup failed 2026-11-27 07:00:01", "Backup failed", id="ISO date"),
        pytest.param("Backup failed Fri, 27 Nov 2026 07:00", "Backup failed", id="date in words"),
        pytest.param("Backup failed 27.11.2026 7:00 PM #4711", "Backup failed", id="others"),
        pytest.param("10.0.0.1 is down", "10.0.0.1 is down", id="an address stays"),
        pytest.param("port 443 on web2", "port 443 on web2", id="a bare number stays"),
        pytest.param("=?utf-8?q?St=C3=B6rung?=", "Störung", id="encoded"),
    ],
)
def test_what_a_subject_is_about(subject, key):
    assert parse.key_of(mail(subject), WORDS) == key


def test_an_answer_is_of_the_alert_it_answers():
    kept = mail("RECOVERED", In_Reply_To="<b@x>", References="<a@x> <b@x>")

    assert parse.answered(kept) == ("<a@x>", "<b@x>")
    assert [(s.action, s.key) for s in signals(kept, ["disk full"])] == [("resolve", "disk full")]


def test_a_person_who_answers_leaves_a_note():
    (told,) = signals(mail("Re: disk full", "I look at it."), ["disk full"])

    assert (told.action, told.key, told.title) == (
        "note", "disk full", "a@example.org: I look at it.",
    )  # fmt: skip


def test_an_automatic_answer_says_nothing():
    assert signals(mail("Re: disk full", Auto_Submitted="auto-replied")) == ()
    assert len(signals(mail("disk full", Auto_Submitted="auto-generated"))) == 1


@pytest.mark.parametrize("subject", ["", "[FIRING:1]", "Re:", "** **"])
def test_a_subject_that_says_nothing_is_garbled(subject):
    with pytest.raises(Garbled, match="no subject"):
        signals(mail(subject))


def test_a_header_cannot_add_another():
    kept = mail("=?utf-8?q?a=0D=0AMessage-ID=3A_=3Cevil=40x=3E?=")

    assert parse.delivery_of(kept) == "<1@example.org>"
    assert kept.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize("seed", range(30))
def test_no_garbage_is_too_much(seed):
    import random

    chance = random.Random(seed)
    good = (RECORDINGS / "nested.eml").read_bytes()
    spoiled = bytearray(good)
    for _ in range(chance.randrange(1, 60)):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)

    kept = parse.reduced(bytes(spoiled[: chance.randrange(len(spoiled))]))

    assert b"\0" not in kept
    assert parse.delivery_of(kept)
