"""The list of findings is fast by what it asks, which is told here; `bench/findings` times it."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.foundation.findings.resources import FINDING
from fullscore.kit import search, tables
from tests import make

SORTS = [f"{way}{sort.removeprefix('-')}" for sort in FINDING.sorts for way in ("", "-")]


@pytest.fixture
def ann(db):
    return make.user("ann", role="administrator")


def found(query, by):
    """Return the keys of a page of the list."""
    query = QueryDict(query)
    rows = tables.filtered(FINDING, by, query)
    return [row.pk for row in tables.page(FINDING, rows, query.dict(), by=by).rows]


def plan(query, by):
    """Return how the database would find a page, as text."""
    with CaptureQueriesContext(connection) as caught:
        found(query, by)
    asked = next(q["sql"] for q in caught if 'FROM "findings_finding"' in q["sql"])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Few rows are sorted faster than they are read by an index: ask what can be done.
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(
            ("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + asked
        )
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.mark.parametrize("show", ["", "live", "closed"])
@pytest.mark.parametrize("sort", SORTS)
def test_every_sort_follows_an_index_instead_of_sorting(ann, sort, show):
    told = plan(f"sort={sort}" + (f"&show={show}" if show else ""), ann)

    by = sort.removeprefix("-")
    ways = [f"finding_live_by_{by}"] if show == "live" else [f"finding_by_{by}"]
    if connection.vendor == "postgresql":  # of a few rows either costs the same
        ways.append(f"finding_by_{by}")
    assert any(way in told for way in ways), told
    assert "TEMP B-TREE" not in told
    assert "Sort" not in told


def test_a_long_list_asks_no_more_than_a_short_one_but_its_count(ann):
    first = make.finding()
    client = make.client(ann)
    rows = {"HX-Request": "true", "HX-Target": "rows"}
    client.get("/findings", headers=rows)

    with CaptureQueriesContext(connection) as few:
        client.get("/findings", headers=rows)
    Finding.objects.bulk_create(
        Finding(check_of=first.check_of, item=first.item, fingerprint=f"{n:032x}", severity=3,
                title=f"More {n}", opened_at=make.AT)
        for n in range(tables.PAGE + 20)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        answer = client.get("/findings", headers=rows)

    assert answer.content.count(b"<tr data-pk") == tables.PAGE
    assert f"of {tables.PAGE + 21}".encode() in answer.content
    assert len(many) == len(few) + 1


@pytest.fixture
def worded(ann):
    """Return findings whose words overlap."""
    titles = ["Disk is full", "Disk is old", "The 100% of all", "ÄRGER with a disk", "Nothing"]
    made = [make.finding(title=title) for title in titles]
    search.refresh_many(Finding, [f.pk for f in made])
    return made


@pytest.mark.parametrize("named", [5000, 0], ids=["named one by one", "looked for row by row"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("disk", [0, 1, 3], id="one word, whatever its case"),
        pytest.param("disk full", [0], id="two words"),
        pytest.param("isk", [0, 1, 3], id="inside a word"),
        pytest.param("ärger", [3], id="beyond ASCII"),
        pytest.param("00%", [2], id="a sign that means anything in SQL"),
        pytest.param("d__k", [], id="signs that mean any letter in SQL"),
        pytest.param("elephant", [], id="nowhere"),
    ],
)
def test_words_find_the_same_however_many_hold_them(
    ann, worded, monkeypatch, named, text, expected
):
    monkeypatch.setattr(search, "NAMED", named)
    query = QueryDict(mutable=True)
    query["q"] = text

    assert sorted(found(query.urlencode(), ann)) == [worded[n].pk for n in expected]


def test_what_changed_is_found_by_its_new_words_only(ann, worded):
    Finding.objects.filter(pk=worded[0].pk).update(title="Memory is full")
    search.refresh_many(Finding, [worded[0].pk])

    assert worded[0].pk not in found("q=disk", ann)
    assert worded[0].pk in found("q=memory", ann)


def test_a_page_of_a_search_says_that_there_are_more(ann, worded, monkeypatch):
    item = worded[0].item
    Finding.objects.bulk_create(
        Finding(check_of=worded[0].check_of, item=item, fingerprint=f"{n:032x}", severity=3,
                title=f"Elephant {n}", opened_at=make.AT)
        for n in range(tables.PAGE + 1)
    )  # fmt: skip
    search.refresh_many(Finding, list(Finding.objects.values_list("pk", flat=True)))

    page = make.client(ann).get("/findings?q=elephant").content.decode()

    assert f"{tables.PAGE} shown of more than {tables.PAGE}" in page
