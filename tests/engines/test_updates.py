"""Drafts of what is told of an incident."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.updates import Facts, plain, technical

pytestmark = pytest.mark.once
AT = datetime(2026, 11, 26, 14, 2, tzinfo=UTC)
FACTS = Facts(
    42, "Disk of db-1 full", "open", "P1", "db-1", [("Shop", "down"), ("Mail", "impaired")], AT,
    doing=["saw it", "Old logs are removed"], next_at=AT.replace(hour=15, minute=0),
)  # fmt: skip


def test_the_technical_draft_says_what_impact_since_doing_and_when_next():
    assert technical(FACTS) == (
        "Investigating: incident 42, P1. Disk of db-1 full on db-1.\n"
        "Impact: Shop down, Mail impaired.\n"
        "Since 26 November, 14:02 UTC.\n"
        "Done so far:\n- saw it.\n- Old logs are removed.\n"
        "Next update by 26 November, 15:00 UTC."
    )


def test_the_plain_draft_names_services_and_no_machine():
    assert plain(FACTS) == (
        "Since 26 November, 14:02 UTC: Shop is not available and Mail is slower or less reliable"
        " than usual. We are looking for the cause. Next update by 26 November, 15:00 UTC."
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"services": []}, "Something does not work well"),
        ({"services": [("Shop", "alone")]}, "Shop works, with less reserve than usual"),
        ({"state": "mitigated"}, "we are watching that it stays so"),
        ({"services": [(f"S{n}", "down") for n in range(8)]}, "and 3 more services feel it"),
        ({"state": "resolved", "ended_at": AT.replace(hour=16), "services": [("Shop", "down")]},
         "Shop works as usual again, since 26 November, 16:02 UTC. We are sorry."),
    ],
)  # fmt: skip
def test_the_plain_draft_follows_the_facts(values, expected):
    assert expected in plain(replace(FACTS, **values))


def test_what_is_over_says_until_when_and_what_it_was():
    over = replace(FACTS, state="resolved", ended_at=AT.replace(hour=16), cause="Logs filled it",
                   next_at=None)  # fmt: skip

    assert technical(over).endswith(
        "Since 26 November, 14:02 UTC until 26 November, 16:02 UTC.\nResolution: Logs filled it."
    )


@given(st.text(min_size=1).filter(str.strip), st.lists(st.text(min_size=1).filter(str.strip)))
def test_the_plain_draft_never_repeats_what_was_written_among_us(title, doing):
    told = replace(FACTS, title=f"<{title}>", what="db-1", doing=[f"<{text}>" for text in doing])

    assert "<" not in plain(told)
    assert "db-1" not in plain(told)
