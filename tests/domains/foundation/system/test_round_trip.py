"""An estate that is exported and brought in elsewhere needs the same, and fails the same."""

import random

import pytest

from fullscore.connectors.inventory import sitefile
from fullscore.domains.foundation.estate import queries
from fullscore.domains.foundation.estate import services as estate
from fullscore.domains.foundation.estate.kinds import HARD_LINKS, SOFT_LINKS
from fullscore.domains.foundation.estate.models import Identifier, Item, Link, Requirement
from fullscore.domains.foundation.estate.queries import exporting
from fullscore.domains.foundation.system import services
from fullscore.engines import graph
from fullscore.kit.audit import recorded
from fullscore.kit.models import Version
from tests import make

pytestmark = pytest.mark.django_db

NEEDS = (*HARD_LINKS, *SOFT_LINKS)


@pytest.fixture
def ann():
    return make.user("ann", role="administrator")


def grown(seed, ann):
    """Make an estate of any shape: needs with and without names, spares and soft ones."""
    dice = random.Random(seed)
    site = make.item("Ljubljana", kind="site")
    items = [make.item(f"host {n}", site=dice.choice([site, None])) for n in range(14)]
    for item in items:
        left = dice.sample([one for one in items if one is not item], 8)
        for number in range(dice.randint(0, 3)):
            count = dice.randint(1, min(3, len(left)))
            supports, left = left[:count], left[count:]
            name = f"need {number}" if number else ""
            kind = dice.choice(NEEDS)
            need = make.requirement(dependent=item, kind=kind, name=name, needed=None)
            for one in supports:
                make.link(
                    from_item=item, to_item=one, kind=need.kind, requirement=need,
                    confidence=dice.choice([1.0, 0.5]),
                    attributes=dice.choice([{}, {"port": number}]),
                )  # fmt: skip
            need.needed = dice.choice([None, *range(count + 1)])
            need.needed = 0 if need.kind in SOFT_LINKS else need.needed
            need.save()


def needs():
    """Return every need of the record by names, with what serves it and what is said of that."""
    rows = Requirement.objects.select_related("dependent").prefetch_related("links__to_item")
    return {
        (one.dependent.name, one.kind, one.name, one.needed, frozenset(
            (link.to_item.name, link.confidence, repr(link.attributes)) for link in one.links.all()
        ))
        for one in rows
    }  # fmt: skip


def impacts():
    """Return what each item takes down and degrades, and what alone takes it down, by name."""
    known = queries.dependencies()

    def named(nodes):
        return sorted(known.names[int(node)] for node in nodes)

    told = {}
    for node, name in enumerate(known.names):
        effect = graph.impact(known.graph, [node])
        points = graph.single_points(known.graph, node)
        told[name] = (named(effect.down), named(effect.degraded), named(points))
    return told


def emptied():
    for model in (Link, Requirement, Identifier):
        model.objects.all().delete()
    Item.objects.update(site=None)
    Item.objects.all().delete()
    Version.objects.all().delete()


def brought_in(text, ann, name="estate.yaml"):
    told = services.take_in(text.encode(), name, by=ann)
    assert told.counts["refused"] == 0, told.shown["rows"]
    return services.write(services.apply(told, by=ann), by=ann)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_exported_needs_and_fails_the_same_elsewhere(ann, seed):
    grown(seed, ann)
    before, fell, text = needs(), impacts(), sitefile.write(exporting.things(ann))
    emptied()

    brought_in(text, ann)

    assert needs() == before
    assert impacts() == fell
    again = services.take_in(text.encode(), "estate.yaml", by=ann)
    assert (again.counts["changed"], again.counts["links"]) == (0, 0)


def test_who_is_asked_about_it_and_who_says_its_support_ends_go_along(ann):
    make.person("Ann Novak", email="a@example.org")
    two = make.person("Ann Novak", email="b@example.org")
    make.item("web1", contact=two, supported_until="2028-06-30", support_source="the maker")
    make.item("web2", contact=make.person("Bor Kos"))
    text = sitefile.write(exporting.things(ann))
    emptied()

    brought_in(text, ann)

    assert Item.objects.get(name="web1").contact == two
    assert Item.objects.get(name="web2").contact.name == "Bor Kos"
    assert Item.objects.get(name="web1").support_source == "the maker"


def test_a_support_out_of_the_readers_sight_is_not_counted_as_a_spare(ann):
    red = make.team("red")
    shop = make.item("shop", owner=red)
    for name, owner in (("a", red), ("b", None), ("c", None)):
        estate.require(shop, by=ann, to=make.item(name, owner=owner), name="web")
    need = Requirement.objects.get()
    need.needed = 2
    need.save()

    (told,) = [t for t in exporting.things(make.user(role="viewer", team=red)) if t.name == "shop"]

    assert [(len(group.of), group.needed) for group in told.groups] == [(1, 1)]


FILE = """
items:
  - {name: shop, kind: service, needs: [{name: database, needed: 1, of: [db1, db2]},
                                        {to: cache, needed: 0, confidence: 0.5}]}
  - {name: db1, kind: database}
  - {name: db2, kind: database}
  - {name: cache, kind: host}
"""


def test_one_of_two_stays_one_of_two_and_welcome_stays_welcome(ann):
    brought_in(FILE, ann)

    assert set(Requirement.objects.values_list("name", "needed")) == {("database", 1), ("", 0)}
    fallen = {c.name: c.is_down for c in queries.what_if(
        [Item.objects.get(name="db1").pk], user=ann)}  # fmt: skip
    assert fallen == {"shop": False}


def test_another_number_is_a_change_that_the_preview_says_and_that_can_be_taken_back(ann):
    brought_in(FILE, ann)
    stricter = FILE.replace("needed: 1", "needed: all").replace("0.5", "0.9")

    told = services.take_in(stricter.encode(), "estate.yaml", by=ann)
    says = [row["values"][-1] for row in told.shown["rows"] if row["kind"] == "changed"]
    services.write(services.apply(told, by=ann), by=ann)
    after = Requirement.objects.get(name="database").needed
    services.take_back(services.undo(told, by=ann), by=ann)

    assert (told.counts["same"], told.counts["links"]) == (3, 0)
    assert "needs database: all needed" in says[0]
    assert after is None
    assert Requirement.objects.get(name="database").needed == 1
    assert Link.objects.get(to_item__name="cache").confidence == 0.5


def test_the_simple_form_leaves_a_number_that_somebody_gave(ann):
    brought_in("items: [{name: shop, kind: service, needs: [db1]}, {name: db1, kind: host}]", ann)
    need = Requirement.objects.get()
    with recorded(need, "require", by=ann):
        need.needed = 0

    told = services.take_in(
        b"items: [{name: shop, kind: service, needs: [db1, db2]}, {name: db1, kind: host},"
        b" {name: db2, kind: host}]", "again.yaml", by=ann,
    )  # fmt: skip
    services.write(services.apply(told, by=ann), by=ann)

    need.refresh_from_db()
    assert (need.needed, need.links.count()) == (0, 2)


@pytest.mark.parametrize(
    ("needs", "why"),
    [
        pytest.param("{needed: 3, of: [a, b]}", "only 2 serve", id="more than serve it"),
        pytest.param("{needed: some, of: [a]}", "is a number", id="no number"),
        pytest.param("{needed: 1, names: x, of: [a]}", "no field “names”", id="an unknown field"),
        pytest.param("{name: x}", "either `to:`", id="no other end"),
        pytest.param("{to: a, confidence: 7}", "from 0 to 1", id="too sure"),
        pytest.param("a, {name: x, of: [a]}", "twice", id="one link in two needs"),
    ],
)
def test_a_need_that_cannot_be_is_a_refused_row(ann, needs, why):
    text = f"items: [{{name: a, kind: host}}, {{name: b, kind: host}}, " \
           f"{{name: shop, kind: service, needs: [{needs}]}}]"  # fmt: skip

    told = services.take_in(text.encode(), "a.yaml", by=ann)

    assert (told.counts["new"], told.counts["refused"]) == (2, 1)
    assert why in told.shown["rows"][0]["error"]


def test_a_link_does_not_change_its_need_without_a_person(ann):
    brought_in("items: [{name: shop, kind: service, needs: [a]}, {name: a, kind: host}]", ann)

    told = services.take_in(
        b"items: [{name: shop, kind: service, needs: [{name: web, of: [a]}]},"
        b" {name: a, kind: host}]", "a.yaml", by=ann,
    )  # fmt: skip

    assert "unlink it there first" in told.shown["rows"][0]["error"]


def test_a_cell_of_a_table_says_how_many_are_needed(ann):
    table = "name,kind,needs\na,host,\nb,host,\nc,host,\n" \
            'shop,service,"web: 1 of a, b; c"\n'  # fmt: skip

    brought_in(table, ann, name="estate.csv")

    assert {(n.name, n.needed, n.links.count()) for n in Requirement.objects.all()} == {
        ("web", 1, 2), ("", None, 1),
    }  # fmt: skip
