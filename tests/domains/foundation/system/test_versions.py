"""The past of a record in the long run: a version a day, no hole, no overlap."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item, ItemVersion
from fullscore.domains.foundation.system import jobs, services
from fullscore.kit import history
from fullscore.kit.errors import Conflict
from fullscore.kit.models import AuditEntry, Version
from fullscore.kit.time import FOREVER
from tests.kit import conftest

logged = conftest.logged
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OLD = datetime(2024, 3, 4, tzinfo=UTC)  # more than 800 days before


def versions(record, *moments, until=FOREVER):
    """Keep versions of a record that begin at these moments, each named by its number."""
    ends = [*moments[1:], until]
    for number, (start, end) in enumerate(zip(moments, ends, strict=True)):
        (open_one,) = [history.versions_of(type(record)).model(
            state={"name": str(number)}, starts_at=start, ends_at=end,
            **({"record": record, "kind": "host", "name": str(number), "item_state": "active",
                "environment": "test", "criticality": 3} if isinstance(record, Item)
               else {"noun": record._meta.label_lower, "record_id": record.pk}),
        )]  # fmt: skip
        open_one.save()


def kept(record):
    rows = history.of(record).order_by("starts_at").values_list("starts_at", "ends_at", "state")
    return [(start, end, state["name"]) for start, end, state in rows]


def hours(*numbers):
    return [OLD + timedelta(hours=n) for n in numbers]


@pytest.mark.parametrize("model", [Item, Team], ids=["a table of its own", "the generic table"])
def test_after_800_days_one_version_a_day_is_kept_that_of_its_end(db, model):
    record = model.objects.create(name="x", **({"kind": "host"} if model is Item else {}))
    first, *others = hours(1, 2, 5, 9, 30, 31, 49)
    recent = [NOW - timedelta(hours=n) for n in (9, 8, 7)]
    versions(record, first, *others, *recent)
    entries = AuditEntry.objects.count()

    gone = services.thin(now=NOW)

    assert gone == 4
    assert kept(record) == [
        (first, others[3], "3"), (others[3], others[5], "5"), (others[5], recent[0], "6"),
        (recent[0], recent[1], "7"), (recent[1], recent[2], "8"), (recent[2], FOREVER, "9"),
    ]  # fmt: skip
    assert services.broken() == []
    assert services.thin(now=NOW) == 0
    assert AuditEntry.objects.count() == entries


def test_what_was_deleted_within_a_day_keeps_its_last_version(db):
    team = Team.objects.create(name="x")
    start, middle, end = hours(1, 2, 3)
    versions(team, start, middle, until=end)

    assert services.thin(now=NOW) == 1

    assert kept(team) == [(start, end, "1")]


@pytest.mark.parametrize(
    ("moved", "what"),
    [pytest.param(timedelta(hours=1), "gap", id="a gap"),
     pytest.param(-timedelta(hours=1), "overlap", id="an overlap")],
)  # fmt: skip
def test_versions_that_do_not_follow_each_other_are_in_the_log_and_fail_the_job(
    db, moved, what, logged
):
    team = Team.objects.create(name="x")
    start, middle = hours(1, 9)
    versions(team, start, middle)
    assert services.broken() == []
    Version.objects.filter(record_id=team.pk, starts_at=middle).update(starts_at=middle + moved)

    with pytest.raises(Conflict, match=f"directory.team {team.pk} \\({what}\\)"):
        jobs.check_versions()

    said = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [(one["noun"], one["record"], one["what"]) for one in said if "noun" in one] == [
        ("directory.team", team.pk, what)
    ]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite excludes no ranges")
def test_on_postgresql_no_two_versions_of_an_item_may_overlap(db):
    item = Item.objects.create(name="x", kind="host")
    start, middle = hours(1, 9)
    versions(item, start, middle)

    with pytest.raises(IntegrityError, match="item_versions_apart"), transaction.atomic():
        ItemVersion.objects.filter(starts_at=middle).update(starts_at=middle - timedelta(hours=1))

    assert connection.vendor == "postgresql"
