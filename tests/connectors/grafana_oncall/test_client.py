"""Reading a Grafana OnCall by its API."""

from datetime import UTC, datetime

import pytest

from fullscore.connectors.base import Refused, Unreachable
from fullscore.connectors.grafana_oncall.client import read_all
from tests.connectors.answering import LOOPBACK, answering
from tests.connectors.grafana_oncall.serving import RECORDED, TOKEN, serving

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def read(url, token=TOKEN):
    return read_all(url, token, now=NOW, guard=LOOPBACK, is_http_allowed=True)


def test_every_page_of_every_list_is_read_from_one_host():
    duty = {"user_pk": "UBEN", "user_email": "ben@example.org",
            "shift_start": "2026-11-27T09:00:00Z", "shift_end": "2026-11-28T09:00:00Z"}  # fmt: skip

    with serving(final_shifts={"SBM7DV7BKFUYU": [duty] * 3}) as tool:
        told = read(f"{tool.url}/api/v1/")

    assert told["users"] == RECORDED["users"]["results"]
    assert told["on_call_shifts"] == RECORDED["on_call_shifts"]
    assert told["final_shifts"] == {"SBM7DV7BKFUYU": [duty] * 3, "SICAL": []}
    assert any("start_date=2026-11-26&end_date=2026-12-25" in path for path in tool.asked)


def test_a_token_that_is_not_taken_is_said():
    with serving() as tool, pytest.raises(Refused, match="does not take this token"):
        read(tool.url, "wrong")


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        pytest.param(429, Unreachable, "try again", id="too often"),
        pytest.param(503, Unreachable, "try again", id="away"),
        pytest.param(404, Refused, "address of its API", id="another address"),
    ],
)
def test_other_answers_are_sentences(status, error, words):
    with (
        answering(lambda path, query: status, token=TOKEN) as tool,
        pytest.raises(error, match=words),
    ):
        read(tool.url)


def test_addresses_inside_are_not_called_unless_an_operator_allows_them():
    from fullscore.connectors.guard import Guard

    with serving() as tool, pytest.raises(Refused):
        read_all(tool.url, TOKEN, now=NOW, guard=Guard(ports=LOOPBACK.ports), is_http_allowed=True)
