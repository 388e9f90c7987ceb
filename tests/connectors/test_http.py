"""Calls to real servers on loopback: what is refused, what is followed, what is cut short."""

import gzip
import itertools
import json
import ssl
import time
import tracemalloc
import zlib
from ipaddress import ip_network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullscore.connectors.base import ConnectorError, Garbled, Limits, Refused, Unreachable
from fullscore.connectors.guard import Guard, look_up
from fullscore.connectors.http import ANSWER, Call, fetch, opened
from tests.connectors.outside import Authority, answer, serving

pytestmark = pytest.mark.once

LOOPBACK = (ip_network("127.0.0.0/8"),)
SHORT = Limits(timeout_seconds=0.5, size_bytes=ANSWER.size_bytes)
# Generous: the machine may be busy. Without the limit these servers go on for ten seconds.
SOON_SECONDS = 5


def guard_for(*servers, addresses=("127.0.0.1",), **options):
    """Return a guard that lets calls go to these servers, whatever name they are called by."""
    return Guard(
        **{"allowed": LOOPBACK, "look_up": lambda _host, _port: list(addresses)} | options,
        ports=frozenset(server.port for server in servers),
    )


def call_to(server, host="app.example", path="/", scheme="http", **options):
    return Call(f"{scheme}://{host}:{server.port}{path}", **{"is_http_allowed": True} | options)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


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
    with serving(answer(b"second")) as server:
        guard = guard_for(server, addresses=["127.0.0.77", "127.0.0.1"])

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


# Redirects


def moved(location, status="302 Found"):
    return answer(status=status, Location=location)


def in_turn(*answers):
    """Return a `respond` that gives each request the next answer."""
    left = iter(answers)
    return lambda _head: [next(left)]


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


# Time and size


def dripping(server_box, before=b"", piece=b"x"):
    """Return a `respond` that sends a byte now and then, for ten seconds."""

    def respond(_head):
        yield before
        for _ in range(100):
            server_box[0].pause(0.1)
            yield piece

    return respond


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(b"", id="before the status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", id="in the headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", id="in the body"),
    ],
)
def test_a_slow_drip_ends_with_the_time_however_often_a_byte_comes(before):
    box = []
    with serving(respond=dripping(box, before)) as server:
        box.append(server)
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"0\.5 seconds|in time"):
            fetch(call_to(server), guard=guard_for(server), limits=SHORT)

        assert time.monotonic() - began < SOON_SECONDS


def test_a_slow_drip_under_encryption_ends_too(authority):
    box = []
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with serving(respond=dripping(box, head), context=authority.context("app.example")) as server:
        box.append(server)
        guard = guard_for(server, ca_bundle=str(authority.bundle))
        began = time.monotonic()
        with pytest.raises(Unreachable):
            fetch(call_to(server, scheme="https"), guard=guard, limits=SHORT)

        assert time.monotonic() - began < SOON_SECONDS


def test_a_server_that_does_not_read_holds_nobody():
    def respond(_head):
        server.pause(10)
        return []

    with serving(respond=respond) as server:
        call = call_to(server, method="POST", content=b"x" * (64 << 20))
        began = time.monotonic()
        with pytest.raises(Unreachable):
            fetch(call, guard=guard_for(server), limits=SHORT)

        assert time.monotonic() - began < SOON_SECONDS


def test_redirects_share_one_time():
    def respond(_head):
        server.pause(0.3)
        return [moved("/again")]

    with serving(respond=respond) as server, pytest.raises(Unreachable):
        fetch(call_to(server, redirects=3), guard=guard_for(server), limits=SHORT)


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param("Content-Length: 99999999999", id="announced"),
        pytest.param("Connection: close", id="until it closes"),
        pytest.param("Transfer-Encoding: chunked", id="in chunks"),
    ],
)
def test_an_endless_body_is_cut_at_the_size(framing):
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n" if "chunked" in framing else b"x" * 65536
    head = f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode()
    limits = Limits(size_bytes=1 << 20)
    with (
        serving(respond=lambda _head: itertools.chain([head], itertools.repeat(piece))) as server,
        pytest.raises(Garbled, match="more than the 1,048,576 bytes"),
    ):
        fetch(call_to(server), guard=guard_for(server), limits=limits)


def test_endless_headers_are_cut_too():
    line = b"X-More: " + b"x" * 1000 + b"\r\n"
    head = itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(line))
    with (
        serving(respond=lambda _head: head) as server,
        pytest.raises(Garbled, match="proper HTTP"),
    ):
        fetch(call_to(server), guard=guard_for(server))


def test_an_answer_of_just_the_size_is_whole():
    with serving(answer(b"x" * 1000)) as server:
        got = fetch(call_to(server), guard=guard_for(server), limits=Limits(size_bytes=1000))

    assert len(got.body) == 1000


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        pytest.param("gzip", gzip.compress, id="gzip"),
        pytest.param("deflate", zlib.compress, id="deflate"),
    ],
)
def test_a_packed_answer_is_unpacked(coding, pack):
    with serving(answer(pack(b"hello" * 100), Content_Encoding=coding)) as server:
        assert fetch(call_to(server), guard=guard_for(server)).body == b"hello" * 100


def test_a_bomb_is_stopped_by_its_unpacked_size_and_in_little_memory():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    assert len(bomb) < 300_000  # 200 MiB unpacked

    with serving(answer(bomb, Content_Encoding="gzip")) as server:
        tracemalloc.start()
        try:
            with pytest.raises(Garbled, match="more than the 10,485,760 bytes"):
                fetch(call_to(server), guard=guard_for(server))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert most < 40 << 20


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "zstd", "x-own"])
def test_a_coding_nobody_asked_for_is_garbled(coding):
    body = gzip.compress(gzip.compress(b"hello"))
    with (
        serving(answer(body, Content_Encoding=coding)) as server,
        pytest.raises(Garbled, match="did not ask for"),
    ):
        fetch(call_to(server), guard=guard_for(server))


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


def test_a_large_answer_is_read_as_it_comes():
    with (
        serving(answer(b"x" * (3 << 20))) as server,
        opened(call_to(server), guard=guard_for(server)) as stream,
    ):
        first = next(stream.chunks)
        rest = sum(map(len, stream.chunks))

    assert 0 < len(first) < 3 << 20
    assert len(first) + rest == 3 << 20


def test_whoever_has_read_enough_just_leaves():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    endless = itertools.chain([head], itertools.repeat(b"x" * 65536))
    with (
        serving(respond=lambda _head: endless) as server,
        opened(call_to(server), guard=guard_for(server)) as stream,
    ):
        assert next(stream.chunks)


def test_errors_of_the_reader_are_its_own():
    with (
        serving(answer(b"x")) as server,
        pytest.raises(ZeroDivisionError),
        opened(call_to(server), guard=guard_for(server)),
    ):
        raise ZeroDivisionError


# Certificates


def test_an_own_authority_is_believed_and_the_name_is_the_one_asked_for(authority):
    with serving(answer(b"safe"), context=authority.context("app.example")) as server:
        guard = guard_for(server, ca_bundle=str(authority.bundle))

        got = fetch(call_to(server, scheme="https"), guard=guard)

    assert got.body == b"safe"
    assert server.names == ["app.example"]
    assert f"Host: app.example:{server.port}".encode() in server.requests[0]


@pytest.mark.parametrize(
    ("host", "days", "is_known", "why"),
    [
        pytest.param("app.example", 1, False, "local issuer", id="an unknown authority"),
        pytest.param("other.example", 1, True, "mismatch", id="another name"),
        pytest.param("127.0.0.1", 1, True, "mismatch", id="the address instead of the name"),
        pytest.param("app.example", -1, True, "expired", id="expired"),
    ],
)
def test_a_wrong_certificate_is_refused(authority, host, days, is_known, why):
    with serving(answer(), context=authority.context(host, days=days)) as server:
        guard = guard_for(server, ca_bundle=str(authority.bundle) if is_known else "")
        with pytest.raises(Refused, match=f"certificate of app.example is not trusted: .*{why}"):
            fetch(call_to(server, scheme="https"), guard=guard)

        assert server.requests == []


def test_authorities_named_in_the_environment_are_not_believed(authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    with (
        serving(answer(), context=authority.context("app.example")) as server,
        pytest.raises(Refused, match="not trusted"),
    ):
        fetch(call_to(server, scheme="https"), guard=guard_for(server))


def test_a_target_marked_insecure_is_called_whatever_its_certificate(authority):
    with serving(answer(b"old"), context=authority.context("other.example")) as server:
        call = call_to(server, scheme="https", is_insecure=True)

        assert fetch(call, guard=guard_for(server)).body == b"old"


def test_insecure_does_not_extend_to_where_a_target_sends_us(authority):
    with serving(answer(), context=authority.context("other.example")) as other:
        target = f"https://third.example:{other.port}/"
        with serving(moved(target), context=authority.context("x.example")) as server:
            call = call_to(server, scheme="https", is_insecure=True, redirects=1)
            with pytest.raises(Refused, match=r"certificate of third\.example"):
                fetch(call, guard=guard_for(server, other))

        assert other.requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_an_old_protocol_is_not_spoken(authority):
    context = authority.context("app.example")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(answer(), context=context) as server, pytest.raises(Unreachable):
        fetch(call_to(server, scheme="https", is_insecure=True), guard=guard_for(server))

    assert server.requests == []


def test_a_bundle_that_cannot_be_read_is_named():
    with serving(answer()) as server:
        guard = guard_for(server, ca_bundle="/nowhere.pem")
        with pytest.raises(Refused, match=r"/nowhere\.pem cannot be read"):
            fetch(call_to(server, scheme="https"), guard=guard)
