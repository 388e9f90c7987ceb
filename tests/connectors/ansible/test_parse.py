"""What ansible-runner tells, read from recordings of real plays, and from garbage."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.connectors.ansible import parse
from fullscore.connectors.base import Garbled

pytestmark = pytest.mark.once

RECORDINGS = Path(__file__).parent / "recordings"
"""Events of our playbooks played against an sshd, one a line: ansible-core 2.19.14, ansible-runner
2.4.3. Paths and the machine's name are replaced, what was printed on the screen is cut."""


def recorded(name):
    return (RECORDINGS / f"{name}.jsonl").read_bytes().splitlines()


def event(kind="runner_on_ok", **told):
    return json.dumps(
        {"event": kind, "event_data": {"host": "web", "task": "see", **told}}
    ).encode()


def test_each_host_has_its_tasks_and_what_became_of_them():
    names = ["good", "ordered", "broken", "stranger", "locked", "nobody"]

    told = parse.results(recorded("reboot"), names)

    assert {name: one.state for name, one in told.items()} == {
        "good": "ok", "ordered": "changed", "broken": "failed", "stranger": "unreachable",
        "locked": "unreachable", "nobody": "unreachable",
    }  # fmt: skip
    assert [task.name for task in told["good"].tasks] == ["identity", "wanted"]  # none skipped
    assert told["good"].task("wanted").status == 1
    assert told["good"].problem == ""
    order = told["broken"].task("order")
    assert (order.state, order.status, order.output, order.problem) == (
        "failed",
        7,
        "E: no",
        "E: no",
    )
    assert {name for name, one in told.items() if one.is_refused} == {"stranger", "locked"}
    assert told["nobody"].problem.startswith("It was not reached: connect to host 127.0.0.1 port")


def test_what_a_host_printed_is_text_and_what_is_too_much_is_said_to_be():
    told = parse.results(recorded("check"), ["hostile", "flood"])

    assert told["hostile"].output("audit") == "red\n{{ 7 * 7 }} end"
    assert told["flood"].output("audit") == parse.LEFT_OUT
    assert told["flood"].problem == parse.LEFT_OUT


def test_a_host_without_python_is_told_in_words():
    told = parse.results(recorded("no-python"), ["bare"])

    assert told["bare"].state == "failed"
    assert "interpreter '/usr/bin/none' was not found" in told["bare"].problem


def test_a_failure_that_is_borne_is_none():
    told = parse.results([event("runner_on_failed", ignore_errors=True, res={"rc": 1})], ["web"])

    assert (told["web"].state, told["web"].problem) == ("ok", "")


def test_of_a_long_output_the_beginning_and_the_end_are_kept():
    body = event(res={"stdout": "a" + "ä" * 100_000 + "z", "rc": 0})

    output = parse.results([body], ["web"])["web"].output("see")

    assert len(output.encode()) <= parse.MOST_OUTPUT
    assert (output[0], output[-1], parse.CUT in output) == ("a", "z", True)


@pytest.mark.parametrize(
    ("bodies", "told"),
    [
        pytest.param([b"{"], "no JSON", id="half an event"),
        pytest.param([b"\xff\xfe"], "no JSON", id="no text"),
        pytest.param([b"[" * 100_000], "no JSON", id="nested without end"),
        pytest.param([b"[1]"], "neither what it is", id="a list"),
        pytest.param([b'{"event": 1, "event_data": {}}'], "neither what", id="no kind"),
        pytest.param([b'{"event": "x", "event_data": []}'], "neither what", id="no facts"),
        pytest.param([event(host="evil")], "not asked", id="a host nobody asked"),
        pytest.param([event(host=["web"])], "not asked", id="a host that is no word"),
        pytest.param([], "nothing of web", id="nothing at all"),
        pytest.param([event("runner_on_skipped")], "nothing of web", id="nothing was done"),
    ],
)
def test_what_is_no_result_is_refused(bodies, told):
    with pytest.raises(Garbled, match=told):
        parse.results(bodies, ["web"])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["stdout", "stderr", "msg", "rc", "changed", "odd"])


@given(
    kind=st.sampled_from(sorted(parse.STATES)),
    res=anything | st.dictionaries(fields, anything),
    task=anything,
)
def test_whatever_a_task_tells_is_a_bounded_harmless_text(kind, res, task):
    played = parse.results([event(kind, res=res, task=task)], ["web"])["web"]

    assert played.state in parse.ORDER
    for one in played.tasks:
        assert "\x1b" not in one.output + one.problem + one.name
        assert len(one.output.encode()) <= parse.MOST_OUTPUT
        assert bool(one.problem) == (one.state in ("failed", "unreachable"))
