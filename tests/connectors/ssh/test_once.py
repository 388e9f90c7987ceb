"""A command that is sent once, for real: what it printed and how it ended, whatever went wrong."""

import asyncio
from ipaddress import ip_network
from time import monotonic

import pytest

from fullscore.connectors.base import Limits, Refused, Unreachable
from fullscore.connectors.guard import Guard
from fullscore.connectors.ssh import client, keys
from fullscore.connectors.ssh.client import Login, Ran, Session
from fullscore.connectors.ssh.output import plain
from tests.servers import free_port, sshd

GUARD = Guard(allowed=(ip_network("127.0.0.0/8"),), ports=frozenset(range(1, 65536)))
LIMITS = Limits(timeout_seconds=10, size_bytes=64 * 1024)
MINE, OTHER = keys.new_pair("test"), keys.new_pair("test")

pytestmark = [pytest.mark.real, pytest.mark.once]


@pytest.fixture(scope="module")
def server():
    with sshd() as started:
        started.authorize("restrict " + MINE[1])
        yield started


def session(server, **values):
    login = {"host": "127.0.0.1", "port": server.port, "user": server.user,
             "host_key": server.line(), "private_key": MINE[0], **values}  # fmt: skip
    return Session(Login(**login), guard=GUARD, limits=LIMITS)


def ran(server, command, within=10.0):
    """Run a command once."""

    async def run():
        one = session(server)
        await one.open()
        try:
            return await one.run_once(command, within_seconds=within)
        finally:
            one.close()

    return asyncio.run(run())


def test_both_of_its_voices_and_its_status_are_told(server):
    told = ran(server, "echo out; echo err >&2; exit 3")

    assert told.status == 3
    assert sorted(told.output.split()) == [b"err", b"out"]


def test_what_reads_gets_nothing_to_read(server):
    assert ran(server, "cat; echo done") == Ran(0, b"done\n")


@pytest.mark.parametrize(
    ("values", "error", "told"),
    [
        ({"private_key": OTHER[0]}, Refused, "check user and credential"),
        ({"host_key": OTHER[1]}, Refused, "not the trusted"),
        ({"port": free_port()}, Unreachable, "refused"),
    ],
    ids=["refused key", "another host", "unreachable"],
)
def test_where_it_cannot_connect_nothing_was_sent(server, values, error, told):
    with pytest.raises(error, match=told):
        asyncio.run(session(server, **values).open())


def test_nothing_is_sent_over_a_connection_that_was_never_opened(server):
    with pytest.raises(Unreachable, match="not connected"):
        asyncio.run(session(server).run_once("true", within_seconds=1))


def test_what_does_not_end_in_time_is_left_with_what_it_printed(server):
    began = monotonic()

    told = ran(server, "echo begun; exec sleep 30", within=0.7)

    assert (told.status, told.output) == (None, b"begun\n")
    assert told.why == "It did not end within 0.7 seconds."
    assert monotonic() - began < 8


def test_of_much_output_beginning_and_end_are_kept(server):
    told = ran(server, "seq 1 200000; echo the end")

    assert told.status == 0
    assert len(told.output) <= LIMITS.size_bytes
    assert told.output.startswith(b"1\n2\n3\n")
    assert told.output.endswith(b"200000\nthe end\n")
    assert client.CUT in told.output


def test_endless_output_is_left(server, monkeypatch):
    monkeypatch.setattr(client, "MOST_DROPPED", 1 << 20)

    told = ran(server, "yes")

    assert told.status is None
    assert told.why == "It printed more than 1 MiB and was left."
    assert told.output.startswith(b"y\ny\n")


def test_a_connection_that_breaks_leaves_it_unknown_and_it_is_not_sent_again(server, tmp_path):
    mark = tmp_path / "ran"

    async def broken():
        one = session(server)
        await one.open()
        asyncio.get_running_loop().call_later(0.7, one._connection.abort)
        return await one.run_once(f"echo x >>{mark}; echo begun; sleep 5", within_seconds=10)

    told = asyncio.run(broken())

    assert told.status is None
    assert told.why
    assert mark.read_text() == "x\n"


def test_a_command_that_is_killed_did_not_end_by_itself(server):
    assert ran(server, "kill -9 $$") == Ran(-1, b"", "A signal ended it.")


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (b"\x1b[31mred\x1b[0m \x1b]0;title\x07done", "red done"),
        (b"a\x00b\x08c\rd\te\nf", "abcd\te\nf"),
        (b"dos\r\nlines\r\n", "dos\nlines\n"),
        (b"caf\xc3\xa9 \xff", "café �"),
        ("a\u202eb\u2028c".encode(), "abc"),
    ],
    ids=["escapes", "controls", "line ends", "bytes", "turned around"],
)
def test_output_is_plain_text_before_anybody_sees_it(output, told):
    assert plain(output) == told
