"""The package's own client, over a pipe and over HTTP, against an installation of its own."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.installation import ROOT, Installation

pytestmark = [pytest.mark.once, pytest.mark.timeout(120)]
SERVING = [
    "-c",
    "import sys, django; django.setup();"
    "from tests.interfaces.mcp.serving import main; main(sys.argv[1])",
]
READING = {"search", "list", "get", "explain", "what_changed", "greet"}


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """Return an installation with three accounts and one person."""
    made = Installation(tmp_path_factory.mktemp("mcp"))
    made.migrate()
    made.ask(
        "from tests.interfaces.people import account, person\n"
        "ann, eve, bob = account('ann'), account('eve'), account('bob')\n"
        "person('Abe', by=ann)\n"
        "answer = True"
    )
    return made


@pytest.fixture(scope="module")
def url(installation):
    """Return the address of its server, once it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *SERVING, str(port)], env=installation.environment, cwd=ROOT
    )
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(10)


def _wait(port, process):
    for _ in range(900):
        assert process.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not listen")


def over_pipe(installation):
    """Return a client that starts the server itself."""
    return stdio_client(
        StdioServerParameters(
            command=sys.executable, args=[*SERVING, "pipe"], cwd=ROOT, env=installation.environment
        )
    )


async def ask(client, name, /, **arguments):
    """Return what a tool answers, read; a refusal as its sentence."""
    result = await client.call_tool(name, arguments)
    text = result.content[0].text
    return text if result.is_error else json.loads(text)["data"]


async def ask_all(transport, mode):
    """Ask every tool once and return the answers; `legacy` begins with a handshake."""
    async with Client(transport, mode=mode) as client:
        told = await client.list_tools()
        return {
            "tools": {tool.name for tool in told.tools},
            "writing": {t.name for t in told.tools if not t.annotations.read_only_hint},
            "search": await ask(client, "search", q="Abe"),
            "list": await ask(client, "list", noun="person", filters={"state": "active"}),
            "get": await ask(client, "get", noun="person", id=1),
            "explain": await ask(client, "explain"),
            "what_changed": await ask(
                client, "what_changed", noun="person", since="2026-01-01T00:00"
            ),
            "greet": await ask(client, "greet", name="Bea", since="2026-01-01T00:00:00Z"),
            "refused": await ask(client, "greet", name="Nobody"),
            "unknown": await ask(client, "list", noun="pet"),
        }


def check(told):
    """Check the answers of `ask_all`."""
    assert told["tools"] == READING
    assert told["writing"] == set()
    assert [item["name"] for item in told["list"]["items"]] == ["Abe"]
    assert told["get"]["url"] == "http://testserver/people/1"
    assert told["what_changed"]["items"][0]["is_new"]
    assert told["greet"] == {"from": "Ann", "to": "Bea", "since": "2026-01-01T00:00:00Z"}
    assert told["refused"].endswith("Nobody is not there.")
    assert "There is no noun “pet”" in told["unknown"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_every_tool_answers_over_a_pipe(installation, mode):
    check(asyncio.run(ask_all(over_pipe(installation), mode)))


def over_http(url, token):
    """Return a client's way to the server with a token."""
    client = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=20)
    return streamable_http_client(url, http_client=client)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_every_tool_answers_over_http(url, mode):
    check(asyncio.run(ask_all(over_http(url, "fs_ann"), mode)))


def test_two_callers_at_once_are_told_apart(url):
    async def names():
        async def greet(token):
            async with Client(over_http(url, token)) as client:
                return [(await ask(client, "greet", name="Bea"))["from"] for _ in range(4)]

        return await asyncio.gather(greet("fs_ann"), greet("fs_eve"))

    assert asyncio.run(names()) == [["Ann"] * 4, ["Eve"] * 4]


def test_a_caller_without_the_right_is_told_the_reason(url):
    async def refused():
        async with Client(over_http(url, "fs_eve")) as client:
            return await ask(client, "list", noun="person")

    assert "directory.view_person" in asyncio.run(refused())


def test_a_narrow_token_does_what_it_covers(url):
    async def told():
        async with Client(over_http(url, "fs_ann_greet")) as client:
            return await ask(client, "greet", name="Bea"), await ask(client, "list", noun="team")

    greeting, refused = asyncio.run(told())

    assert greeting["to"] == "Bea"
    assert "token does not cover" in refused


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="no token"),
        pytest.param({"Authorization": "Bearer fs_nobody"}, 401, id="an unknown token"),
        pytest.param({"Authorization": "Basic fs_ann"}, 401, id="another scheme"),
        pytest.param(
            {"Authorization": "Bearer fs_ann", "Host": "evil.example"}, 421, id="another host"
        ),
        pytest.param(
            {"Authorization": "Bearer fs_ann", "Origin": "http://evil.example"},
            403,
            id="a page of another site",
        ),
    ],
)
def test_who_does_not_belong_is_refused(url, headers, status):
    sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'

    with pytest.raises(HTTPError) as refused:
        urlopen(Request(url, data=body, headers={**sent, **headers}))

    assert refused.value.code == status


def test_the_sixty_first_call_in_a_minute_is_refused(url):
    async def last():
        async with Client(over_http(url, "fs_bob")) as client:
            told = [await ask(client, "greet", name="Bea") for _ in range(61)]
            return told[-1]

    assert "too often" in asyncio.run(last())


def test_other_addresses_stay_with_the_pages(url):
    with pytest.raises(HTTPError) as missing:
        urlopen(Request(url.replace("/mcp", "/nothing"), headers={"Accept": "application/json"}))

    assert missing.value.code == 404
