"""Calls to real servers on loopback: what is sent, what comes back, what is refused."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullscore.connectors.base import ConnectorError, Garbled, Limits, Refused, Unreachable
from fullscore.connectors.guard import Guard
from fullscore.connectors.http import ANSWER, Call, fetch, opened
from tests.connectors.http.outside import answer, call_to, guard_for, serving

pytestmark = pytest.mark.once

SHORT = Limits(timeout_seconds=0.5, size_bytes=ANSWER.size_bytes)


def test_an_answer_comes_back_whole():
    with serving(answer(b'{"ok": true}', ETag='"7"')) as server:
        got = fetch(call_to(server, path="/a?b=c"), guard=guard_for(server))

    assert (got.status, got.headers["ETag"], json.loads(got.body)) == (200, '"7"', {"ok": True})
    assert got.url == f"http://app.example:{server.port}/a?b=c"


def test_the_server_sees_the_name_that_was_asked_for_and_the_content():
    with serving(answer()) as server:
        call = call_to(server, method="POST", content=b"hello", headers={"X-Event": "7"})
        fetch(call, guard=guard_for(server))

    head = server.requests[0].decode()
    assert head.startswith("POST / HTTP/1.1\r\n")
    assert f"\r\nHost: app.example:{server.port}\r\n" in head
    assert "\r\nX-Event: 7\r\n" in head
    assert "\r\nContent-Length: 5\r\n" in head


def test_an_error_status_is_an_answer():
    with serving(answer(b"no", status="503 Busy")) as server:
        assert fetch(call_to(server), guard=guard_for(server)).status == 503


@pytest.mark.parametrize(
    ("url", "why"),
    [
        pytest.param("http://app.example/", "without encryption", id="no encryption"),
        pytest.param("ftp://app.example/", "begin with https", id="another scheme"),
        pytest.param("file:///etc/passwd", "begin with https", id="a file"),
        pytest.param("//app.example/", "begin with https", id="no scheme"),
        pytest.param("https:///path", "begin with https", id="no host"),
        pytest.param("https://ann:secret@app.example/", "user name", id="a password"),
        pytest.param("https://10.0.0.1\x00.example/", "not a web address", id="a nul"),
        pytest.param("https://app.example:99999/", "Port 99999", id="an impossible port"),
        pytest.param("https://app.example:0/", "Port 0", id="port 0"),
        pytest.param("https://app.example:22/", "Port 22", id="a port outside the list"),
    ],
)
def test_a_bad_address_is_refused_by_its_form(url, why):
    with pytest.raises(Refused, match=why):
        fetch(Call(url), guard=Guard(look_up=lambda _host, _port: ["93.184.215.14"]))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "0",
    ],
)
def test_no_spelling_of_this_machine_opens_a_socket(host):
    with serving(answer()) as server:
        with pytest.raises((Refused, Unreachable)):
            fetch(call_to(server, host), guard=Guard(ports=frozenset({server.port})))

        assert server.connections == 0


def test_a_name_that_changes_its_answer_is_asked_only_once():
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    with serving(answer(b"first")) as server:
        guard = guard_for(server, look_up=lambda _host, _port: next(answers))

        assert fetch(call_to(server), guard=guard).body == b"first"

    assert next(answers) == ["169.254.169.254"]


def test_the_next_address_is_tried_when_the_first_does_not_answer():
    with serving(answer(b"second"), address="127.0.0.2") as server:
        guard = guard_for(server, addresses=["127.0.0.77", "127.0.0.2"])

        assert fetch(call_to(server), guard=guard).body == b"second"


def test_nobody_listening_is_unreachable():
    with serving(answer()) as server:
        pass

    with pytest.raises(Unreachable, match=r"app\.example cannot be reached"):
        fetch(call_to(server), guard=guard_for(server))


def test_proxies_and_passwords_in_the_environment_are_ignored(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine app.example login ann password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(answer(b"proxy")) as proxy, serving(answer(b"direct")) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

        got = fetch(call_to(server), guard=guard_for(server, proxy))

    assert got.body == b"direct"
    assert proxy.connections == 0
    assert b"authorization" not in server.requests[0].lower()


def test_cookies_are_not_kept_between_calls():
    with serving(answer(Set_Cookie="session=1")) as server:
        for _ in range(2):
            fetch(call_to(server), guard=guard_for(server))

    assert b"cookie" not in server.requests[1].lower()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another protocol"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="a negative length"),
        pytest.param(answer(b"plain", Content_Encoding="gzip"), id="packed in name only"),
    ],
)
def test_what_is_not_proper_http_is_garbled(said):
    with serving(said) as server, pytest.raises(Garbled):
        fetch(call_to(server), guard=guard_for(server))


def test_what_a_server_says_does_not_flood_our_sentence():
    with serving(b"x" * 5000 + b"\r\n\r\n") as server, pytest.raises(Garbled) as caught:
        fetch(call_to(server), guard=guard_for(server))

    assert len(str(caught.value)) < 400


HTTP_PIECES = st.sampled_from(
    [
        b"HTTP/1.1 ",
        b"200 OK",
        b"101 x",
        b"302 x",
        b"100 x",
        b"\r\n",
        b"\r\n\r\n",
        b"Location: //[",
        b"Content-Length: 3",
        b"Transfer-Encoding: chunked",
        b"Content-Encoding: gzip",
        b"Upgrade: h2c",
        b"\x1f\x8b\x08",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"\x00",
        b"\xff",
        b" ",
        b":",
    ]
)


def test_whatever_comes_ends_in_an_answer_or_one_of_our_errors():
    said, complaints = [], []
    with serving(respond=lambda _head: said) as server:

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(HTTP_PIECES, max_size=14))
        def talk(pieces):
            said[:] = [b"".join(pieces)]
            try:
                fetch(call_to(server, redirects=1), guard=guard_for(server), limits=SHORT)
            except ConnectorError as error:
                complaints.append(str(error))

        talk()

    assert complaints
    assert all(sentence.endswith(".") and len(sentence) < 400 for sentence in complaints)


def test_a_header_that_breaks_out_of_its_line_is_refused():
    with serving(answer()) as server:
        call = call_to(server, headers={"X-Event": "7\r\nHost: evil.example"})
        with pytest.raises(Refused, match="cannot be sent"):
            fetch(call, guard=guard_for(server))

        assert server.requests == []


def test_errors_of_the_reader_are_its_own():
    with (
        serving(answer(b"x")) as server,
        pytest.raises(ZeroDivisionError),
        opened(call_to(server), guard=guard_for(server)),
    ):
        raise ZeroDivisionError
