"""SSH for real: an sshd on loopback, its key trusted or not, and what goes wrong in words."""

import asyncio
import subprocess
from ipaddress import ip_network

import pytest

from fullscore.connectors.base import Garbled, Limits, Refused, Unreachable
from fullscore.connectors.guard import Guard
from fullscore.connectors.probe import parse
from fullscore.connectors.ssh import client, keys
from fullscore.connectors.ssh.client import Login, Session
from tests.servers import free_port, sshd

GUARD = Guard(allowed=(ip_network("127.0.0.0/8"),), ports=frozenset(range(1, 65536)))
LIMITS = Limits(timeout_seconds=20, size_bytes=parse.LIMIT_BYTES)
MINE = keys.new_pair("test")
OTHER = keys.new_pair("test")

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def server():
    with sshd() as started:
        started.authorize("restrict " + MINE[1])
        yield started


def session(server, *, limits=LIMITS, guard=GUARD, **values):
    """Return a session that would get in, but for the given values."""
    login = {"host": "127.0.0.1", "port": server.port, "user": server.user,
             "host_key": server.line(), "private_key": MINE[0], **values}  # fmt: skip
    return Session(Login(**login), guard=guard, limits=limits)


def asked(one, *words):
    """Run the probe and end the connection."""

    async def ask():
        try:
            return await one.probe(words)
        finally:
            one.close()

    return asyncio.run(ask())


def test_the_key_a_host_shows_is_its_own(server):
    line = asyncio.run(client.shown_key("127.0.0.1", server.port, guard=GUARD, limits=LIMITS))

    assert line == server.line()
    assert keys.fingerprint(line).startswith("SHA256:")


def test_the_probe_tells_facts_and_samples_and_nothing_is_left_there(server):
    report = parse.read(asked(session(server), "--facts", "--samples"))

    assert {"identity", "os", "filesystems"} <= set(report.facts)
    assert {"node_load1", "node_memory_MemTotal_bytes"} <= {name for name, _, _ in report.samples}


def test_one_connection_serves_many_visits(server):
    one = session(server)

    async def twice():
        first = await one.probe(["--samples"])
        connection = one._connection
        second = await one.probe(["--samples"])
        is_same = one._connection is connection
        one.close()
        return first, second, is_same

    first, second, is_same = asyncio.run(twice())
    assert is_same
    assert parse.read(second).at > parse.read(first).at


@pytest.mark.parametrize(
    ("values", "error", "told"),
    [
        ({"host_key": OTHER[1]}, Refused, "not the trusted"),
        ({"host_key": ""}, Refused, "trust one"),
        ({"private_key": OTHER[0]}, Refused, "check user and credential"),
        ({"private_key": "", "password": "wrong"}, Refused, "check user and credential"),
        ({"host": "no-such-host.invalid"}, Unreachable, "has no address"),
        ({"port": free_port()}, Unreachable, "refused"),
    ],
    ids=["another key", "no key trusted", "not let in", "wrong password", "no name", "no sshd"],
)
def test_what_goes_wrong_is_a_sentence(server, values, error, told):
    with pytest.raises(error, match=told):
        asked(session(server, **values), "--samples")


def test_another_key_gets_neither_password_nor_a_word_of_ours(server):
    with pytest.raises(Refused, match="not the trusted"):
        asked(session(server, host_key=OTHER[1], private_key="", password="hidden"), "--samples")

    assert "password" not in (server.home / "log").read_text().splitlines()[-1]


def test_loopback_is_not_reached_unless_an_operator_opens_it(server):
    closed = Guard(ports=frozenset(range(1, 65536)))

    with pytest.raises(Refused, match="this machine"):
        asked(session(server, guard=closed), "--samples")


@pytest.mark.parametrize(
    ("command", "limits", "error", "told"),
    [
        ("cat /dev/zero", Limits(timeout_seconds=20, size_bytes=1 << 20), Garbled, "more than"),
        ("sleep 30", Limits(timeout_seconds=1, size_bytes=1 << 20), Unreachable, "in time"),
    ],
    ids=["without end", "too slow"],
)
def test_a_host_that_does_not_end_is_left(server, command, limits, error, told):
    one = session(server, limits=limits)

    with pytest.raises(error, match=told):
        asyncio.run(one.run(command, b""))
    assert one._connection is None


def test_a_connection_that_broke_is_opened_again(server):
    one = session(server)

    async def broken():
        await one.probe(["--samples"])
        one._connection.abort()
        told = await one.probe(["--samples"])
        one.close()
        return told

    assert parse.read(asyncio.run(broken())).samples


def test_without_python_the_host_says_what_to_do(server, monkeypatch):
    monkeypatch.setattr(client, "_COMMAND", "PATH=/nowhere; {run!s:.0}" + client._COMMAND)

    with pytest.raises(Refused, match="install python3"):
        asked(session(server), "--samples")


@pytest.mark.parametrize(
    "text", ["nonsense", "-----BEGIN OPENSSH PRIVATE KEY-----"], ids=["words", "only a head"]
)
def test_what_is_no_private_key_is_refused(text):
    with pytest.raises(Refused, match="no private key"):
        keys.check_private(text)


def test_a_key_with_a_passphrase_is_refused(tmp_path):
    key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", tmp_path / "key"]
    subprocess.run(key, check=True, timeout=60)

    with pytest.raises(Refused, match="passphrase"):
        keys.check_private((tmp_path / "key").read_text())
