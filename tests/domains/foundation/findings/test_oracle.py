"""Settling against an oracle of a few lines.

Any run of verdicts, gaps, clocks and words of people.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fullscore.domains.foundation.findings.models import Event, Finding, Proof
from tests.domains.foundation.findings.conftest import blind, fine, wrong

KEYS = ("/", "/home", "/srv")
rounds = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["good", "unknown", "3", "4", "5"])),
        st.booleans(),  # the host itself could not be read completely
        st.integers(min_value=1, max_value=240),  # hours that pass
        st.sampled_from(["", "fixed", "excepted", "acknowledged"]),  # what somebody says before
    ),
    min_size=1,
    max_size=8,
)


@dataclass
class Known:
    """What the oracle knows of one condition."""

    number: int
    state: str
    severity: int
    closed_at: datetime | None = None
    streak: int = 0


class Oracle:
    """The table of the life cycle, for a check that closes after two good runs and never flaps."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        self.count = 0

    def round(self, told, is_partial, now):
        """Take one run over one host."""
        for key in KEYS:
            said, one = told.get(key), self.known.get(key)
            is_live = one is not None and one.state != "closed"
            if said in ("3", "4", "5"):
                self.bad(key, one, is_live, int(said), now)
            elif is_live:
                is_sure = not is_partial and "unknown" not in told.values()
                self.other(one, said, is_sure, now)

    def bad(self, key, one, is_live, severity, now):
        if not is_live:
            if one and now - one.closed_at <= timedelta(days=7):
                one.state, one.closed_at = "open", None
            else:
                self.count += 1
                one = self.known[key] = Known(self.count, "open", severity)
        elif one.state == "fixed" or (one.state == "excepted" and severity > one.severity):
            one.state = "open"
        one.severity, one.streak = severity, 0

    def other(self, one, said, is_sure, now):
        if said == "good" and one.streak == 1:
            one.state, one.closed_at, one.streak = "closed", now, 0
        elif said == "good":
            one.streak = 1
        elif said is None and is_sure:
            one.state, one.closed_at, one.streak = "closed", now, 0
        else:
            one.streak = 0

    def people(self, word):
        """Let somebody say something of every live finding."""
        for one in self.known.values():
            if word and one.state != "closed":
                one.state = word


VERDICT = {"good": fine, "unknown": blind}


@pytest.mark.django_db
@settings(
    max_examples=200, deadline=None, phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(rounds)
def test_settling_agrees_with_the_table(voice, item, clock, played):
    Finding.objects.all().delete()
    voice.check.good_runs = 2
    oracle = Oracle()
    for told, is_partial, hours, word in played:
        clock.after(hours=hours)
        oracle.people(word)
        if word:
            Finding.objects.live().update(state=word, fixed_at=clock.now)
        verdicts = [
            VERDICT[said](item, key) if said in VERDICT else wrong(item, key, severity=int(said))
            for key, said in told.items()
        ]
        if is_partial:
            verdicts.append(blind(item))
        voice.says(*verdicts)
        Event.objects.filter(kind="reopened").delete()  # the oracle knows no flapping

        oracle.round(told, is_partial, clock.now)

        newest = {f.key: f for f in Finding.objects.order_by("pk")}
        assert {k: (f.state, f.severity) for k, f in newest.items()} == {
            k: (one.state, one.severity) for k, one in oracle.known.items()
        }
        assert Finding.objects.count() == oracle.count
        closed = Finding.objects.filter(state="closed")
        assert all(Proof.objects.filter(finding=f).exists() for f in closed)
