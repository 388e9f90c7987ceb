"""Where messages end on a connection, however they are cut on the way."""

import pytest

from fullscore.connectors.syslog.framing import Framer

STREAMS = [
    pytest.param(b"<1>a\n<2>b\r\n", [b"<1>a", b"<2>b"], id="lines"),
    pytest.param(b"4 <1>a6 <2>b\nc", [b"<1>a", b"<2>b\nc"], id="counted, with a line feed in it"),
    pytest.param(b"4 <1>a\n<2>b\n4 <3>c", [b"<1>a", b"<2>b", b"<3>c"], id="both on one connection"),
    pytest.param(b"<1>a\0<2>b\0", [b"<1>a", b"<2>b"], id="ended by a zero byte"),
    pytest.param(b"2026 was a year\n", [b"2026 was a year"], id="a line that begins with a number"),
    pytest.param(b"\n\n  \n<1>a\n", [b"<1>a"], id="empty lines"),
    pytest.param(b"<1>" + b"x" * 50 + b"\n<2>b\n", [b"<1>" + b"x" * 17, b"<2>b"], id="a long line"),
    pytest.param(b"30 <1>" + b"x" * 27 + b"4 <2>b", [b"<1>" + b"x" * 17, b"<2>b"],
                 id="a long counted one"),
    pytest.param(b"99999999 <1>a\n", [b"99999999 <1>a"], id="no length at all"),
]  # fmt: skip


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(("stream", "expected"), STREAMS)
def test_messages_are_the_same_however_they_are_cut(stream, expected, step):
    framer = Framer(20)

    found = [m for at in range(0, len(stream), step) for m in framer.feed(stream[at : at + step])]

    assert found == expected
    assert not framer.is_unfinished or stream.endswith(b"\n\n") or framer.rest() == b""


def test_a_last_line_without_its_end_counts():
    framer = Framer(100)

    assert framer.feed(b"<1>a\n<2>b") == [b"<1>a"]
    assert framer.is_unfinished
    assert framer.rest() == b"<2>b"


def test_half_of_a_counted_message_does_not_count():
    framer = Framer(100)

    assert framer.feed(b"10 <1>a") == []
    assert framer.rest() == b""


def test_an_endless_line_is_not_kept():
    framer = Framer(100)

    found = [m for _ in range(1000) for m in framer.feed(b"x" * 1000)]

    assert found == [b"x" * 100]
    assert len(framer._buffer) == 0
