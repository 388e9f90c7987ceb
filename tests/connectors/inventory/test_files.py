"""Inventories as files: YAML, tables with any headings, GraphML."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.connectors.base import Garbled
from fullscore.connectors.inventory import graphml, shapes, sitefile, tables
from fullscore.connectors.inventory.shapes import End, Group, Thing

pytestmark = pytest.mark.once

SITE = b"""
site: Ljubljana
attributes: {address: Dunajska 1}
items:
  - name: web1
    kind: host
    criticality: 2
    tags: [shop]
    serial: {vendor: Dell, value: CZ1234}
    needs: [db1]
    links:
      - part_of: rack1
  - name: rack1
    kind: rack
"""


def test_a_file_describes_a_whole_site():
    site, web1, rack1 = sitefile.read(SITE)

    assert (site.kind, site.name, site.attributes) == ("site", "Ljubljana",
                                                       {"address": "Dunajska 1"})  # fmt: skip
    assert web1.site == "Ljubljana"
    assert web1.words == (("serial", "CZ1234", "Dell"),)
    assert web1.links == (("needs", "db1"), ("part_of", "rack1"))
    assert (web1.line, rack1.line) == (5, 13)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"- a", "mapping", id="a list"),
        pytest.param(b"a: [", "cannot be read on line", id="broken"),
        pytest.param(b"\xff\xfe", "UTF-8", id="another encoding"),
        pytest.param(b"items: {a: 1}", "has to be a list", id="items of another shape"),
        pytest.param(b"a: &x [1]\nb: [*x, *x]", "aliases", id="a bomb of aliases"),
        pytest.param(b"a: !!python/object/apply:os.system [id]", "cannot be read", id="code"),
        pytest.param(b"[" * 5000, "cannot be read", id="nested too deep"),
        pytest.param(b"d: 2026-02-31", "cannot be read", id="an impossible day"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(content, why):
    with pytest.raises(Garbled, match=why):
        sitefile.read(content)


def test_what_is_wrong_with_an_item_stands_in_it():
    told = sitefile.read(b"items:\n  - 7\n  - {name: a, kind: host, colour: red}\n")

    assert ["mapping" in told[0].error, "colour" in told[1].error] == [True, True]


names = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20)
clean = names.map(str.strip).filter(bool)
end = st.builds(
    End, clean, st.one_of(st.none(), st.floats(0, 1)),
    st.one_of(st.none(), st.dictionaries(clean, clean, max_size=2)),
)  # fmt: skip
group = st.builds(
    Group, st.just("needs"), st.lists(end, min_size=1, max_size=3).map(tuple),
    st.one_of(st.just(""), clean), st.one_of(st.none(), st.just("all"), st.integers(0, 9)),
)  # fmt: skip
thing = st.builds(
    Thing, ref=clean, kind=st.just("host"), name=clean, line=st.just(0), site=clean,
    attributes=st.dictionaries(clean, st.one_of(clean, st.integers(), st.booleans()), max_size=3),
    tags=st.lists(clean, max_size=3).map(tuple),
    words=st.lists(st.tuples(st.sampled_from(["serial"]), clean, clean), max_size=2).map(tuple),
    links=st.lists(st.tuples(st.just("needs"), clean), max_size=3).map(tuple),
    groups=st.lists(group, max_size=2).map(tuple),
)  # fmt: skip


@given(st.lists(thing, max_size=4))
def test_what_is_written_is_read_back(things):
    told = [one for one in sitefile.read(sitefile.write(things).encode()) if one.kind != "site"]

    def of(one):
        return (
            one.ref,
            one.name,
            one.site,
            dict(one.attributes),
            one.tags,
            one.words,
            one.links,
            one.groups,
        )

    assert sorted(map(repr, map(of, told))) == sorted(map(repr, map(of, things)))


@given(st.lists(thing, max_size=4))
def test_lines_of_json_are_read_back(things):
    assert list(shapes.read(shapes.written(things))) == things


def test_lines_that_nobody_wrote_are_refused():
    with pytest.raises(Garbled):
        list(shapes.read('{"ref": "x"}'))


# ── tables ─────────────────────────────────────────────────────────────────────────────────────


def test_headings_of_other_products_are_understood():
    rows = [
        ["Hostname", "Type", "Data-Center", "Serial Number", "Manufacturer", "Warranty", "Status"],
        ["web1", "Host", "Ljubljana", "CZ1", "Dell", "gold", "In Use"],
    ]

    (told,) = tables.things(rows, tables.guess(rows[0]))

    assert (told.name, told.kind, told.site, told.line) == ("web1", "host", "Ljubljana", 2)
    assert told.words == (("serial", "CZ1", "Dell"),)
    assert told.attributes == {"warranty": "gold", "vendor": "Dell"}
    assert told.values == {"state": "active"}


def test_what_a_column_means_can_be_told():
    rows = [["A", "B"], ["web1", "x;y"]]

    (told,) = tables.things(rows, {"A": "name", "B": "tags"}, kind="host")

    assert (told.name, told.kind, told.tags) == ("web1", "host", ("x", "y"))


def test_two_columns_never_mean_the_same_field():
    meant = tables.guess(["Name", "Host name", "Hostname"])

    assert list(meant.values()) == ["name", "attribute:name", "attribute:name"]


def test_a_formula_cell_is_text_and_too_many_cells_an_error():
    rows = [["name", "kind"], ["'=1+1", "host"], ["a", "host", "left over"]]

    one, other = tables.things(rows, tables.guess(rows[0]))

    assert one.name == "=1+1"
    assert "3 cells under 2 headings" in other.error


@pytest.mark.parametrize(
    "headings",
    [["Host-Name", "IP_Address"], ["host name", "ip address"], ["HOST NAME ", "IP.address"]],
)
def test_a_layout_is_known_by_its_headings_in_any_spelling(headings):
    assert tables.header_of(headings) == "host name|ip address"


# ── GraphML ────────────────────────────────────────────────────────────────────────────────────


def test_graphml_holds_nodes_edges_and_hostile_text():
    text = "".join(
        graphml.lines([(1, {"name": '<a>&"\x00'}), (2, {"name": "b"})], [(1, 2, "needs")], ["name"])
    )

    root = ET.fromstring(text)
    space = "{http://graphml.graphdrawing.org/xmlns}"
    assert [d.text for d in root.iter(f"{space}data")] == ['<a>&"', "b", "needs"]
    assert [e.attrib for e in root.iter(f"{space}edge")] == [{"source": "n1", "target": "n2"}]
