"""Bodies are bounded before the framework writes them anywhere."""

import asyncio

import pytest
from django.http import HttpResponse

from fullscore.interfaces.ingest.straight import Door, straight


def asked(path, *chunks, begins=False):
    """Return the statuses sent and the bytes the application saw of a body in chunks."""
    seen, sent = [], []
    messages = [{"type": "http.request", "body": c, "more_body": True} for c in chunks[:-1]]
    messages.append({"type": "http.request", "body": chunks[-1], "more_body": False})

    async def app(scope, receive, send):
        if begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            seen.append(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    def view(request):
        seen.append(request.read())
        return HttpResponse(status=204)

    door = straight(app, {"/write": Door(view, 10)}, otherwise=20)
    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}
    asyncio.run(door(scope, receive, send))
    return [m["status"] for m in sent if "status" in m], b"".join(seen)


@pytest.mark.parametrize(
    ("path", "chunks", "status", "seen"),
    [
        pytest.param("/write", [b"x" * 10], 204, 10, id="as much as may be"),
        pytest.param("/write", [b"x" * 11], 413, 0, id="a byte more"),
        pytest.param("/write", [b"x" * 6] * 9, 413, 0, id="more, bit by bit"),
        pytest.param("/write", [b"x" * 4, b"x" * 4], 204, 8, id="in two parts"),
        pytest.param("/other", [b"x" * 20], 204, 20, id="another address"),
        pytest.param("/other", [b"x" * 21], 413, 0, id="another address, a byte more"),
    ],
)
def test_no_more_of_a_body_is_handed_on_than_may_be(path, chunks, status, seen):
    statuses, told = asked(path, *chunks)

    assert statuses == [status]
    assert len(told) == seen


def test_an_answer_that_has_begun_is_not_begun_again():
    statuses, _ = asked("/other", b"x" * 21, begins=True)

    assert statuses == [200]


def test_a_view_that_breaks_is_500_so_that_the_sender_keeps_what_it_has():
    def view(request):
        raise RuntimeError("ours")

    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/w", "headers": [], "query_string": b""}
    asyncio.run(straight(None, {"/w": Door(view, 10)}, otherwise=20)(scope, receive, send))

    assert sent[0]["status"] == 500
