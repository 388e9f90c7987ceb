"""The past against a plain dictionary: whatever is written, any moment is answered alike."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.system import services
from fullscore.kit import history, past
from fullscore.kit.audit import snapshot
from fullscore.kit.history import TICK

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
WRITES, QUESTIONS, RECORDS = 1000, 200, 25


class Oracle:
    """What each record was, from when on: written down as it happens."""

    def __init__(self) -> None:
        self.known: dict[int, list[tuple[datetime, dict[str, Any] | None]]] = defaultdict(list)

    def newest(self, pk: int) -> tuple[datetime, dict[str, Any] | None]:
        return self.known[pk][-1] if self.known[pk] else (BEGAN, None)

    def write(self, states: dict[int, dict[str, Any]], now: datetime) -> None:
        fresh = [pk for pk in states if self.newest(pk)[1] != states[pk]]
        known = [self.newest(pk)[0] for pk in fresh if self.newest(pk)[1] is not None]
        at = max([now, *(start + TICK for start in known)])
        for pk in fresh:
            self.known[pk].append((at, states[pk]))

    def close(self, pk: int, now: datetime) -> None:
        start, state = self.newest(pk)
        if state is not None:
            self.known[pk].append((max(start, now), None))

    def at(self, pk: int, moment: datetime) -> dict[str, Any] | None:
        return next((s for start, s in reversed(self.known[pk]) if start <= moment), None)


@pytest.mark.parametrize("model", [Item, Team], ids=["a table of its own", "the generic table"])
@pytest.mark.parametrize("seed", [1, 2])
def test_random_writes_are_answered_at_any_moment_as_by_a_dictionary(db, monkeypatch, model, seed):
    chance, oracle, clock = random.Random(seed), Oracle(), [BEGAN]
    monkeypatch.setattr("fullscore.kit.time.now", lambda: clock[0])
    kind = {"kind": "host"} if model is Item else {}
    records = [model.objects.create(name=f"n{n}", **kind) for n in range(RECORDS)]
    moments = []

    for _ in range(WRITES // 4):
        clock[0] += timedelta(microseconds=chance.choice([0, 1, 5, 40_000, 90_000_000]))
        some = chance.sample(records, chance.choice([1, 1, 2, 11]))
        if chance.random() < 0.05:
            history.close(some[0])
            oracle.close(some[0].pk, clock[0])
        else:
            for one in some:
                one.name = f"{one.pk}-{chance.randrange(4)}"
            states = {one.pk: snapshot(one) for one in some}
            if len(some) == 1:
                history.keep(some[0], states[some[0].pk])
            else:
                history.keep_many(model, [(one, states[one.pk]) for one in some])
            oracle.write(states, clock[0])
        moments.append(clock[0])

    first = moments[0] - timedelta(seconds=1)
    asked = [first, *chance.choices(moments, k=QUESTIONS // 2), clock[0] + timedelta(days=1)]
    asked += [m + timedelta(microseconds=chance.randrange(-9, 9)) for m in asked]
    assert services.broken() == [] or all(what == "gap" for *_, what in services.broken())
    for moment in asked:
        truth = {one.pk: oracle.at(one.pk, moment) for one in records}
        there = {pk: state for pk, state in truth.items() if state is not None}
        rows = history.as_of(model, moment)
        assert dict(rows.values_list("record_id", "state")) == there
        one = chance.choice(records)
        assert history.at(one, moment) == truth[one.pk]
        word = f"-{chance.randrange(4)}"
        with past.shown(moment):
            found = dict(model.objects.filter(name__endswith=word).values_list("pk", "name"))
        assert found == {
            pk: state["name"] for pk, state in there.items() if state["name"].endswith(word)
        }
