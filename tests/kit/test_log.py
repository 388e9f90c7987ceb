"""Logs: one event, one line, no secret."""

import json
import logging
from io import StringIO

import pytest

from fullscore.kit import log

CANARY = "s3cr3t-c4n4ry"


def lines(logged: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in logged.getvalue().splitlines()]


def test_an_event_is_one_line_with_its_fields(logged):
    log.get_logger().info("change approved", change=42, by=7)

    (line,) = lines(logged)
    assert {
        "event": "change approved",
        "change": 42,
        "by": 7,
        "level": "info",
    }.items() <= line.items()
    assert str(line["at"]).endswith("Z")


def test_lines_of_libraries_look_the_same(logged):
    logging.getLogger("some.library").warning("took %d ms", 12)

    (line,) = lines(logged)
    assert (line["event"], line["logger"], line["level"]) == (
        "took 12 ms",
        "some.library",
        "warning",
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('a\n{"event": "forged"}', id="line feed"),
        pytest.param("a\r\nforged", id="carriage return"),
        pytest.param("a\u2028forged\u2029", id="Unicode line ends"),
        pytest.param("a\x1b[2Jforged\x00", id="escape sequences"),
        pytest.param('","event":"forged', id="quotes"),
    ],
)
def test_no_line_can_be_forged(logged, text):
    log.get_logger().info("seen", name=text)
    logging.getLogger("library").info("%s", text)

    raw = logged.getvalue()
    assert raw.count("\n") == 2
    assert all(0x20 <= ord(c) < 0x7F or c == "\n" for c in raw)
    assert [line["event"] for line in lines(logged)] == ["seen", text]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"password": CANARY}, id="by its name"),
        pytest.param({"values": {"api_key": CANARY, "x": [{"token": CANARY}]}}, id="nested"),
        pytest.param({"headers": {"Authorization": f"Bearer {CANARY}"}}, id="a header"),
        pytest.param({"url": f"smtp://ann:{CANARY}@mail"}, id="inside an address"),
        pytest.param({"text": f"sent Bearer {CANARY}"}, id="inside a sentence"),
        pytest.param({"text": f"fs_{CANARY}{CANARY}"}, id="one of our tokens"),
    ],
)
def test_a_secret_is_hidden(logged, fields):
    log.get_logger().info("used", **fields)

    assert CANARY not in logged.getvalue()
    assert log.HIDDEN in logged.getvalue()


def test_an_exception_shows_no_variables(logged):
    try:
        _fail(CANARY)
    except RuntimeError:
        log.get_logger().exception("failed")

    assert "It broke." in str(lines(logged)[0]["exception"])
    assert CANARY not in logged.getvalue()


def test_quieter_levels_are_left_out(logged):
    log.get_logger().debug("detail")

    assert logged.getvalue() == ""


def _fail(password: str) -> None:
    raise RuntimeError("It broke.")
