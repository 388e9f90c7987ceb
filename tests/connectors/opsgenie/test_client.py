"""Reading an Opsgenie by its API."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fullscore.connectors.base import Refused
from fullscore.connectors.opsgenie import rotas
from fullscore.connectors.opsgenie.client import read_all
from tests.connectors.answering import LOOPBACK, answering

RECORDED = json.loads((Path(__file__).parent / "recordings" / "whole.json").read_bytes())
INSIDE = {"timeline": "timelines", "overrides": "overrides", "routing-rules": "routing_rules"}
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def answers(path, query):
    """Answer as the documentation of the API has it, 100 rows a page."""
    parts = path.removeprefix("/v2/").split("/")
    if len(parts) == 3:
        return {"data": RECORDED[INSIDE[parts[2]]].get(parts[1], [])}
    rows = RECORDED[parts[0]]
    rows = rows["data"] if isinstance(rows, dict) else rows
    if parts[0] == "users":  # more than one page of them
        rows = [*rows, *({"id": str(n), "username": f"{n}@example.org"} for n in range(150))]
    offset = int(query["offset"])
    more = {"paging": {"next": "https://elsewhere.example"}} if offset + 100 < len(rows) else {}
    return {"data": rows[offset : offset + 100], "took": 0.1, "requestId": "x", **more}


def read(url, token="key"):
    return read_all(url, token, now=NOW, guard=LOOPBACK, is_http_allowed=True)


def test_everything_that_is_read_can_be_understood():
    with answering(answers, token="GenieKey key") as tool:
        told = read(tool.url)

    assert len(told["users"]) == 152
    assert any("expand=rotation" in path for path in tool.asked)
    read_back = rotas.rotas(json.dumps(told).encode())
    assert [len(s.layers) for s in read_back.schedules] == [2]
    assert len(read_back.routes) == len(read_back.policies) == 1
    assert len(next(iter(read_back.duties.values()))) == 1


def test_a_key_that_is_not_taken_is_said():
    with answering(answers, token="GenieKey key") as tool, pytest.raises(Refused, match="token"):
        read(tool.url, "wrong")
