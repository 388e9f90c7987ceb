"""Time and size: how long and how much a server can make us read."""

import gzip
import itertools
import time
import tracemalloc
import zlib

import pytest

from fullscore.connectors.base import Garbled, Limits, Unreachable
from fullscore.connectors.http import ANSWER, fetch, opened
from tests.connectors.http.outside import (
    answer,
    call_to,
    guard_for,
    moved,
    serving,
)

pytestmark = pytest.mark.once

SHORT = Limits(timeout_seconds=0.5, size_bytes=ANSWER.size_bytes)
# Generous: the machine may be busy. Without the limit these servers go on for ten seconds.
SOON_SECONDS = 5


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
