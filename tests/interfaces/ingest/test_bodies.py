"""Bodies are bounded before the framework writes them anywhere."""

import asyncio

import pytest

from fullscore.interfaces.ingest.bodies import bounded


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

    door = bounded(app, most={"/write": 10}, otherwise=20)
    asyncio.run(door({"type": "http", "path": path}, receive, send))
    return [m["status"] for m in sent if "status" in m], b"".join(seen)


@pytest.mark.parametrize(
    ("path", "chunks", "status", "seen"),
    [
        pytest.param("/write", [b"x" * 10], 204, 10, id="as much as may be"),
        pytest.param("/write", [b"x" * 11], 413, 0, id="a byte more"),
        pytest.param("/write", [b"x" * 6] * 9, 413, 6, id="more, bit by bit"),
        pytest.param("/other", [b"x" * 20], 204, 20, id="another address"),
        pytest.param("/other", [b"x" * 21], 413, 0, id="another address, a byte more"),
    ],
)
def test_no_more_of_a_body_is_handed_on_than_may_be(path, chunks, status, seen):
    statuses, told = asked(path, *chunks)

    assert statuses == [status]
    assert len(told) == seen


def test_an_answer_that_has_begun_is_not_begun_again():
    statuses, _ = asked("/write", b"x" * 11, begins=True)

    assert statuses == [200]
