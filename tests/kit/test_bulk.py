"""Rows written many at a time are the rows that saving one by one would have written."""

from datetime import date, timedelta
from operator import attrgetter

import pytest
from django.db import IntegrityError, transaction

from fullscore.domains.foundation.findings.models import Finding
from fullscore.kit import bulk
from tests import make

pytestmark = pytest.mark.django_db
NAMES = [f.attname for f in Finding._meta.concrete_fields]


def unsaved(count, **values):
    """Return findings that are like a stored one, but for their fingerprints."""
    known = make.finding(
        severity=5, figure=1.5, evidence=[{"path": "/ä", "size": 1}], cost={"stake": 2.5},
        due_on=date(2026, 10, 3), muted_until=make.AT + timedelta(microseconds=1), **values,
    )  # fmt: skip
    made = []
    for n in range(count):
        one = Finding(**{name: getattr(known, name) for name in NAMES})
        one.pk, one.fingerprint = None, f"{n:032x}"
        made.append(one)
    return known, made


def insert(findings):
    for finding, key in zip(findings, bulk.keys(Finding, len(findings)), strict=True):
        finding.pk = key
    bulk.insert(Finding, NAMES, map(attrgetter(*NAMES), findings))


def told(finding):
    stored = Finding.objects.get(pk=finding.pk)
    return {n: getattr(stored, n) for n in NAMES if n not in ("id", "fingerprint")}


def test_inserted_rows_read_like_saved_ones():
    known, made = unsaved(3)

    insert(made)

    assert all(told(one) == told(known) for one in made)


def test_updated_rows_read_like_saved_ones():
    known, made = unsaved(2)
    insert(made)
    new = (2, [{"now": True}], None, None, "acknowledged")
    names = ["severity", "evidence", "figure", "due_on", "state"]

    bulk.update(Finding, names, [(*new, one.pk) for one in made])

    for one in made:
        assert attrgetter(*names)(Finding.objects.get(pk=one.pk)) == new
    assert Finding.objects.get(pk=known.pk).severity == 5


def test_a_key_is_never_given_twice():
    known, made = unsaved(2)
    insert(made)
    newest = max(one.pk for one in made)
    Finding.objects.filter(pk=newest).delete()

    assert min(bulk.keys(Finding, 2)) > newest > known.pk


def test_nothing_to_write_is_nothing_written():
    insert([])
    bulk.update(Finding, ["severity"], [])

    assert not Finding.objects.exists()


def test_a_row_that_breaks_a_rule_is_refused():
    known, made = unsaved(2)
    made[1].fingerprint = known.fingerprint

    with pytest.raises(IntegrityError), transaction.atomic():
        insert(made)
