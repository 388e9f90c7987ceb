"""Where a server may send a call on to."""

import pytest

from fullscore.connectors.base import Refused
from fullscore.connectors.guard import Guard, look_up
from fullscore.connectors.http import Call, fetch
from tests.connectors.http.outside import (
    LOOPBACK,
    answer,
    call_to,
    guard_for,
    in_turn,
    moved,
    serving,
)

pytestmark = pytest.mark.once


def test_a_redirect_is_not_followed_unless_asked_for():
    with serving(moved("/next")) as server:
        with pytest.raises(Refused, match="not followed"):
            fetch(call_to(server), guard=guard_for(server))

        assert server.connections == 1


def test_a_redirect_is_followed_and_the_answer_says_from_where():
    with serving(respond=in_turn(moved("/next"), answer(b"there"))) as server:
        got = fetch(call_to(server, redirects=1), guard=guard_for(server))

    assert (got.body, got.url) == (b"there", f"http://app.example:{server.port}/next")


def test_more_redirects_than_three_are_never_followed():
    with serving(respond=lambda _head: [moved("/again")]) as server:
        with pytest.raises(Refused, match="not followed"):
            fetch(call_to(server, redirects=3), guard=guard_for(server))

        assert server.connections == 4
    with pytest.raises(ValueError, match="0 to 3"):
        Call("https://app.example/", redirects=4)


@pytest.mark.parametrize(
    ("location", "why"),
    [
        pytest.param("https://169.254.169.254/latest/meta-data/", "metadata", id="metadata"),
        pytest.param("https://[fd00:ec2::254]/", "metadata", id="metadata by IPv6"),
        pytest.param("https://[::ffff:a9fe:a9fe]/", "metadata", id="metadata in disguise"),
        pytest.param("//10.0.0.1/", "private", id="private, without a scheme"),
        pytest.param("https://ann:secret@app.example/", "user name", id="with a password"),
        pytest.param("file:///etc/passwd", "without encryption", id="a file"),
        pytest.param("https://app.example:22/", "Port 22", id="another port"),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(authority, location, why):
    def look_up_elsewhere(host, port):
        return ["127.0.0.1"] if host == "app.example" else look_up(host, port)

    with serving(moved(location), context=authority.context("app.example")) as server:
        guard = Guard(
            allowed=LOOPBACK,
            ports=frozenset({server.port, 443}),
            ca_bundle=str(authority.bundle),
            look_up=look_up_elsewhere,
        )
        with pytest.raises(Refused, match=why):
            fetch(call_to(server, scheme="https", redirects=3), guard=guard)

        assert server.connections == 1


def test_a_redirect_to_another_host_gets_no_leave_to_go_without_encryption():
    with serving(moved("http://other.example/")) as server:
        guard = Guard(
            allowed=LOOPBACK,
            ports=frozenset({server.port, 80}),
            look_up=lambda _host, _port: ["127.0.0.1"],
        )
        with pytest.raises(Refused, match=r"other\.example would be called without encryption"):
            fetch(call_to(server, redirects=1), guard=guard)


def test_keys_in_headers_do_not_travel_to_another_host(authority):
    context = authority.context("app.example", "other.example")
    with serving(answer(b"there"), context=context) as other:
        target = f"https://other.example:{other.port}/"
        with serving(moved(target)) as server:
            guard = guard_for(server, other, ca_bundle=str(authority.bundle))
            call = call_to(server, redirects=1, headers={"Authorization": "Bearer fs_1"})
            got = fetch(call, guard=guard)

    assert got.body == b"there"
    assert b"Bearer fs_1" in server.requests[0]
    assert b"Bearer fs_1" not in other.requests[0]


def test_keys_in_headers_go_along_on_the_same_host():
    with serving(respond=in_turn(moved("/next"), answer())) as server:
        call = call_to(server, redirects=1, headers={"Authorization": "Bearer fs_1"})
        fetch(call, guard=guard_for(server))

    assert b"Bearer fs_1" in server.requests[1]


def test_a_redirect_never_gives_up_encryption(authority):
    context = authority.context("app.example")
    with serving(answer()) as plain:
        target = f"http://app.example:{plain.port}/"
        with serving(moved(target), context=context) as server:
            guard = guard_for(server, plain, ca_bundle=str(authority.bundle))
            with pytest.raises(Refused, match="on without encryption"):
                fetch(call_to(server, scheme="https", redirects=3), guard=guard)

        assert plain.connections == 0


def test_content_is_never_sent_on():
    with serving(moved("/next", "307 Temporary Redirect")) as server:
        with pytest.raises(Refused, match="not followed"):
            fetch(call_to(server, method="POST", redirects=3), guard=guard_for(server))

        assert server.connections == 1
