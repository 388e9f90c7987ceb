"""Messages of syslog, as they are sent by what there is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fullscore.connectors.base import Garbled
from fullscore.connectors.syslog.parse import Came, is_wanted, message, packed, signals, unpacked
from fullscore.connectors.wording import state_words

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 27, 7, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "priority", "host", "app", "text", "at"),
    [
        pytest.param(b"<11>1 2026-11-27T07:00:01Z db1 app 42 ID7 - It broke", 11, "db1", "app",
                     "It broke", AT, id="RFC 5424"),
        pytest.param(b'<13>1 2026-11-27T08:00:01.000000+01:00 db1 root - - [timeQuality tzKnown="1"'
                     b' isSynced="0"][x y="a\\]b"] hello', 13, "db1", "root", "hello", AT,
                     id="with data, as logger writes"),
        pytest.param(b"<165>1 - - - - - -", 165, "", "", "", None, id="nothing said"),
        pytest.param("<11>1 - h a - - - \ufeffGrüße".encode(), 11, "h", "a", "Grüße", None,
                     id="UTF-8 with its mark"),
        pytest.param(b"<34>Nov 27 08:00:01 mymachine su: 'su root' failed on /dev/pts/8", 34,
                     "mymachine", "su", "'su root' failed on /dev/pts/8", AT, id="RFC 3164"),
        pytest.param(b"<38>Nov 27 08:00:01 db1 sshd[999]: Failed password", 38, "db1", "sshd",
                     "Failed password", AT, id="with a process"),
        pytest.param(b"<38>2026-11-27T07:00:01+00:00 db1 sshd[999]: Failed", 38, "db1", "sshd",
                     "Failed", AT, id="rsyslog's form"),
        pytest.param(b"<187>4711: sw1: *Nov 27 08:00:01.123: %LINK-3-UPDOWN: Interface Gi0/1,"
                     b" changed state to down", 187, "sw1", "LINK-3-UPDOWN",
                     "Interface Gi0/1, changed state to down", AT, id="Cisco"),
        pytest.param(b"<187>88: Nov 27 2026 08:00:01: %SYS-5-RELOAD: Reload", 187, "",
                     "SYS-5-RELOAD", "Reload", AT, id="Cisco with the year"),
        pytest.param(b"<38>Nov 27 08:00:01 sshd[999]: no host", 38, "", "sshd", "no host", AT,
                     id="without host"),
        pytest.param(b"<11>app: text", 11, "", "app", "text", None, id="without stamp"),
        pytest.param(b"just a text", 13, "", "", "just a text", None, id="without anything"),
        pytest.param(b"<999>text", 13, "", "", "text", None, id="a priority that is none"),
        pytest.param(b"<11>a\x00b\x1b[31m\xff", 11, "", "", "ab\ufffd", None, id="no text at all"),
        pytest.param(b"<34>Feb 31 08:00:01 h a: b", 34, "h", "a", "b", None, id="no such day"),
    ],
)  # fmt: skip
def test_a_message_is_read(data, priority, host, app, text, at):
    told = message(data, zone=BERLIN, now=NOW)

    assert (told.priority, told.host, told.app, told.text) == (priority, host, app, text)
    assert (told.at and told.at.replace(microsecond=0)) == at


def test_a_stamp_without_a_year_is_of_the_nearest():
    told = message(b"<11>Dec 31 23:59:59 h a: b", now=datetime(2027, 1, 1, 0, 1, tzinfo=UTC))

    assert told.at == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_what_was_packed_is_the_same():
    came = [Came(NOW, "10.0.0.1", b"<1>a\nb"), Came(AT, "fe80::1", b""), Came(AT, "::1", b"\xff\n")]

    assert list(unpacked(packed(came))) == came


@pytest.mark.parametrize(
    "body", [b"x", b"2026 a b\n", b"2026-11-27T08:00:00+00:00 a -1\n", b"\xff"]
)
def test_a_body_of_another_form_is_garbled(body):
    with pytest.raises(Garbled, match="At byte 0"):
        list(unpacked(body))


def of(*texts, words=(), peer="10.0.0.7"):
    body = packed(Came(NOW, peer, text) for text in texts)
    return signals(body, zone=UTC, words=state_words(tuple(words)))


def test_messages_that_differ_in_what_changes_are_one_alert():
    first, second = of(
        b"<11>1 2026-11-27T07:59:59Z db1 disk - - - sda: 12 errors at 0xdead",
        b"<11>1 2026-11-27T07:59:59Z db1 disk - - - sda: 13 errors at 0xbeef",
    )

    assert first.key == second.key == "db1!disk!sda: # errors at #"
    assert first.title == second.title == "disk on db1: sda: # errors at #"
    assert second.annotations == {"last message": "sda: 13 errors at 0xbeef"}
    assert (first.severity, first.names) == ("error", ("db1", "10.0.0.7"))
    assert first.starts_at == datetime(2026, 11, 27, 7, 59, 59, tzinfo=UTC)
    assert first.labels == {
        "host": "db1", "app": "disk", "facility": "user", "address": "10.0.0.7",
    }  # fmt: skip


def test_who_does_not_name_itself_is_named_by_its_address():
    (told,) = of(b"<11>It broke")

    assert (told.key, told.names[0]) == ("10.0.0.7!!It broke", "10.0.0.7")


def test_a_wrong_clock_is_not_believed():
    (told,) = of(b"<11>1 1993-03-01T00:00:00Z sw1 app - - - It broke")

    assert told.starts_at == told.at == NOW


def test_words_of_the_source_resolve_the_same_key():
    down, up = of(
        b"<187>1: *Mar  1 00:01:02: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
        b"<189>2: *Mar  1 00:01:09: %LINK-3-UPDOWN: Interface Gi0/1, changed state to up",
        words=["down = up"],
    )

    assert (down.action, up.action) == ("trigger", "resolve")
    assert down.key == up.key


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        pytest.param(b"<11>x", True, id="error"),
        pytest.param(b"<12>x", False, id="warning"),
        pytest.param(b"<8>x", True, id="emergency"),
        pytest.param(b"<14>recovered", True, id="what says that it is over"),
        pytest.param(b"x", False, id="no priority"),
    ],
)
def test_what_is_less_severe_is_not_wanted(data, wanted):
    words = state_words(("recovered",))

    assert is_wanted(message(data, now=NOW), least=4, words=words) is wanted


@pytest.mark.parametrize("seed", range(20))
def test_no_garbage_is_too_much(seed):
    import random

    chance = random.Random(seed)
    data = bytes(chance.choices(b'<1>[]"\\= :%-.0aN\n\xff', k=chance.randrange(4000)))

    told = message(b"<11>" + data, zone=BERLIN, now=NOW)

    assert 0 <= told.priority < 192
    assert "\0" not in told.text + told.host + told.app
