"""Evidence is written by hosts: bounded, printable, without secrets, and never an error."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.domains.foundation.findings.models import Blind, Finding, Proof
from fullscore.domains.foundation.findings.services.evidence import bounded
from tests.domains.foundation.findings.conftest import blind, fine, wrong

HOSTILE = "a\x00b\x1b[31mred\u202etxt.exe\ud800<script>alert(1)</script>' OR 1=1 --"


def test_at_most_twenty_rows_are_kept():
    assert len(bounded({"n": n} for n in range(100))) == 20


def test_at_most_eight_kibibytes_are_kept():
    kept = bounded({"text": "x" * 900} for _ in range(20))

    assert 5 <= len(kept) < 20
    assert len(json.dumps(kept)) <= 8192


def test_of_one_huge_row_the_beginning_is_kept():
    (row,) = bounded([{f"field{n}": "x" * 1000 for n in range(20)}])

    assert row["cut"].startswith('{"field0": "xxx')


@pytest.mark.parametrize(
    ("row", "told"),
    [
        pytest.param({"password": "hunter2"}, {"password": "•••"}, id="by its name"),
        pytest.param({"db_password": ["hunter2"]}, {"db_password": "•••"}, id="named, in a list"),
        pytest.param({"line": "--token=abc def"}, {"line": "--token=••• def"}, id="in a text"),
        pytest.param({"line": "api_key: abc"}, {"line": "api_key: •••"}, id="after a colon"),
        pytest.param(
            {"line": "Authorization: Bearer abc"}, {"line": "Authorization: Bearer •••"},
            id="a header"
        ),
        pytest.param(
            {"url": "postgres://ann:pw@db/x"}, {"url": "postgres://ann:•••@db/x"}, id="in a URL"
        ),
        pytest.param(
            {"passwordauthentication": "yes"}, {"passwordauthentication": "yes"}, id="only its name"
        ),
        pytest.param({"password": None}, {"password": None}, id="nothing is no secret"),
    ],
)  # fmt: skip
def test_secrets_are_masked(row, told):
    assert bounded([row]) == [told]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param(float("nan"), None, id="NaN"),
        pytest.param(float("inf"), None, id="infinity"),
        pytest.param(datetime(2026, 3, 2, tzinfo=UTC), "2026-03-02T00:00:00+00:00", id="a moment"),
        pytest.param({"a": {"b": {"c": {"d": 1}}}}, {"a": {"b": {"c": "{'d': 1}"}}}, id="deep"),
        pytest.param(b"\xff", "b'\\xff'", id="bytes"),
    ],
)
def test_values_that_are_no_json_become_some(value, told):
    assert bounded([{"v": value}]) == [{"v": told}]


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=50,
)


@given(st.lists(json_like))
def test_whatever_is_told_becomes_bounded_plain_json(rows):
    kept = bounded(rows)

    assert len(json.dumps(kept, allow_nan=False)) <= 8192 + 2 * len(kept)
    told = json.dumps(kept, ensure_ascii=False)
    assert told.encode().decode() == told  # no lone surrogates
    assert "\\u0000" not in told


def test_a_hostile_host_is_shown_and_breaks_nothing(voice, item, clock):
    voice.says(
        wrong(item, HOSTILE, title=HOSTILE * 50, advice=HOSTILE, figure=float("nan"),
              unit="x" * 99, evidence=({HOSTILE: HOSTILE},) * 50)
    )  # fmt: skip

    finding = Finding.objects.get()
    assert finding.title.startswith("ab[31mredtxt.exe<script>")
    assert len(finding.title) == 300
    assert finding.figure is None
    clock.after(minutes=15)
    voice.says(fine(item, HOSTILE, evidence=({"v": HOSTILE},)), blind(item, "2", why=HOSTILE * 9))
    assert Proof.objects.get().finding == finding
    assert len(Blind.objects.get().why) == 300
