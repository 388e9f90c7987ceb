"""Whole inventories: looked at, written in chunks that go on where they stopped, taken back."""

from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fullscore.connectors.guard import Guard
from fullscore.connectors.inventory import sitefile
from fullscore.connectors.inventory.shapes import Thing
from fullscore.connectors.netbox.client import Client
from fullscore.domains.foundation.estate import queries
from fullscore.domains.foundation.estate import services as estate
from fullscore.domains.foundation.estate.models import (
    Claim,
    Identifier,
    Item,
    Link,
    Requirement,
    Sighting,
    Source,
)
from fullscore.domains.foundation.estate.queries import exporting
from fullscore.domains.foundation.system import services
from fullscore.domains.foundation.system.commands import export_inventory, import_file
from fullscore.domains.foundation.system.models import Import, Mapped
from fullscore.domains.foundation.system.services import inventory
from fullscore.kit import audit, history, time
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import AuditEntry, Secret
from tests import make
from tests.connectors.netbox.served import Served, serving

pytestmark = pytest.mark.django_db

FILE = b"""
sites:
  - site: Ljubljana
    items:
      - {name: web1, kind: host, criticality: 2, owner: Platform, tags: [shop],
         serial: {vendor: Dell, value: CZ1234}, needs: [db1], attributes: {os: debian}}
      - {name: db1, kind: database, runs_on: [web1]}
  - site: Maribor
    items:
      - {name: web1, kind: host}
"""


@pytest.fixture
def ann():
    make.team("Platform")
    return make.user("ann", role="administrator")


def taken(ann, content=FILE, name="site.yaml", **values):
    things = services.understand(content, name, by=ann, **values)
    return services.bring_in(by=ann, things=things, file_name=name)


def written(import_, ann):
    return services.write(services.apply(import_, by=ann), by=ann)


def undone(import_, ann):
    return services.take_back(services.undo(import_, by=ann), by=ann)


def faults(import_):
    return {row["line"]: row["error"] for row in import_.shown["rows"] if row["error"]}


def test_nothing_is_written_before_somebody_has_seen_it(ann):
    told = taken(ann)

    assert told.counts == {"new": 5, "changed": 0, "same": 0, "refused": 0, "links": 2}
    assert not Item.objects.exists()


def test_a_file_becomes_items_words_needs_and_links(ann):
    told = written(taken(ann), ann)

    web1 = Item.objects.get(name="web1", site__name="Ljubljana")
    assert told.state == "done"
    assert (web1.criticality, web1.owner.name, web1.tags) == (2, "Platform", ["shop"])
    assert web1.attributes == {"os": "debian"}
    assert list(web1.identifiers.values_list("kind", "value", "vendor")) == [
        ("serial", "cz1234", "dell")
    ]
    assert {str(link) for link in Link.objects.all()} == {"web1 needs db1", "db1 runs on web1"}
    assert all(link.requirement_id for link in Link.objects.all())
    assert history.of(web1).count() == 1
    assert [c.name for c in queries.what_if([web1.pk], user=ann)] == ["db1"]
    assert audit.verify()[1] == ""


def test_an_items_page_says_which_inventory_said_what(ann):
    written(taken(ann), ann)
    web1 = Item.objects.get(name="web1", site__name="Ljubljana")

    said = {one.attribute: one for one in queries.provenance(web1, now=time.now())}
    page = make.client(ann).get(f"/items/{web1.pk}").content.decode()

    assert {name: (one.value, one.agrees) for name, one in said.items()} == {
        "criticality": (2, True), "os": ("debian", True), "owner": ("Platform", True),
    }  # fmt: skip
    assert {one.source for one in said.values()} == {"inventory site.yaml"}
    assert "inventory site.yaml" in page
    assert web1.sightings.get().words == [["serial", "cz1234", "dell"]]
    assert web1.seen_at is None


def test_the_same_inventory_again_says_its_own_anew(ann):
    written(taken(ann), ann)
    first = Sighting.objects.get(name="web1", site__name="Ljubljana").seen_at
    written(taken(ann, FILE.replace(b"os: debian", b"os: ubuntu")), ann)

    again = Sighting.objects.get(name="web1", site__name="Ljubljana")
    assert (Source.objects.count(), Sighting.objects.count()) == (1, 5)
    assert Claim.objects.get(attribute="os").value == "ubuntu"
    assert again.seen_at > first == again.first_seen_at


def test_the_same_file_again_has_nothing_to_do(ann):
    written(taken(ann), ann)

    told = taken(ann)

    assert told.counts == {"new": 0, "changed": 0, "same": 5, "refused": 0, "links": 0}


def test_what_is_known_by_its_serial_is_changed_though_it_has_another_attribute(ann):
    written(taken(ann), ann)

    told = written(taken(ann, FILE.replace(b"os: debian", b"os: ubuntu")), ann)

    assert told.counts["changed"] == 1
    assert Item.objects.get(name="web1", site__name="Ljubljana").attributes == {"os": "ubuntu"}


def test_an_undone_import_leaves_nothing_behind(ann):
    told = written(taken(ann), ann)

    undone(told, ann)

    assert told.state == "undone"
    assert not Item.objects.exists()
    assert not Link.objects.exists()
    assert not Requirement.objects.exists()
    assert not Identifier.objects.exists()
    assert not Sighting.objects.exists()
    assert audit.verify()[1] == ""


def test_undoing_brings_changed_items_back_and_leaves_touched_ones(ann):
    make.item("site", kind="site")
    one = make.item("one", criticality=4)
    other = make.item("other", criticality=4)
    for item in (one, other):
        estate.change(item, by=ann, criticality=3)
    content = b"items: [{name: one, kind: host, criticality: 1}, {name: other, kind: host," \
              b" criticality: 1}, {name: third, kind: host}]"  # fmt: skip
    told = written(taken(ann, content), ann)
    other.refresh_from_db()
    estate.change(other, by=ann, criticality=2)
    estate.require(make.item("user"), by=ann, to=Item.objects.get(name="third"))

    undone(told, ann)

    assert dict(Item.objects.values_list("name", "criticality")) == {
        "site": 3, "one": 3, "other": 2, "third": 3, "user": 3,
    }  # fmt: skip
    assert {"touched" in f["error"] or "used" in f["error"] for f in told.shown["faults"]} == {True}
    assert told.counts["kept"] == 2


def test_a_stopped_import_goes_on_where_it_was(ann, monkeypatch):
    monkeypatch.setattr(inventory, "CHUNK", 2)
    import_ = services.apply(taken(ann), by=ann)
    real, calls = inventory._write_chunk, []

    def stops(*args, **values):
        calls.append(args[4])
        if len(calls) == 3:
            raise ConnectionError
        return real(*args, **values)

    monkeypatch.setattr(inventory, "_write_chunk", stops)
    with pytest.raises(ConnectionError):
        services.write(import_, by=ann)
    monkeypatch.setattr(inventory, "_write_chunk", real)
    halfway = Import.objects.get(pk=import_.pk)

    services.write(halfway, by=ann)

    assert halfway.state == "done"
    assert Item.objects.count() == 5
    assert Link.objects.count() == 2
    assert AuditEntry.objects.filter(noun="estate.item", verb="import: add").count() == 3


def test_what_somebody_writes_meanwhile_is_not_written_twice(ann, monkeypatch):
    monkeypatch.setattr(inventory, "CHUNK", 2)
    import_ = services.apply(taken(ann), by=ann)
    real = inventory._write_chunk

    def meddled(*args, **values):
        done = real(*args, **values)
        site = Item.objects.filter(name="Ljubljana").first()
        if site and not Item.objects.filter(name="db1").exists():
            made = Item(name="db1", kind="database", site=site)
            with audit.recorded(made, "add", by=ann):
                pass
        return done

    monkeypatch.setattr(inventory, "_write_chunk", meddled)
    services.write(import_, by=ann)

    assert Item.objects.filter(name="db1").count() == 1
    assert Link.objects.count() == 2


@pytest.mark.parametrize(
    ("item", "why"),
    [
        pytest.param("{name: '', kind: host}", "no name", id="no name"),
        pytest.param("{name: a, kind: spoon}", "no kind of item", id="an unknown kind"),
        pytest.param("{name: a, kind: host, site: Nowhere}", "no site", id="an unknown site"),
        pytest.param("{name: a, kind: host, owner: Nobody}", "no team", id="an unknown team"),
        pytest.param("{name: a, kind: host, state: lost}", "none of", id="an unknown state"),
        pytest.param("{name: a, kind: host, state: retired}", "out of service", id="retired"),
        pytest.param("{name: a, kind: host, criticality: 9}", "none of", id="criticality 9"),
        pytest.param("{name: a, kind: host, supported_until: soon}", "not a day", id="no day"),
        pytest.param("{name: a, kind: host, monthly_cost: nan}", "no amount", id="no amount"),
        pytest.param("{name: a, kind: host, needs: [ghost]}", "neither", id="an unknown link"),
        pytest.param("{name: b, kind: host}", "same thing as on line", id="twice"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why_and_stops_no_other(ann, item, why):
    content = f"items:\n  - {{name: b, kind: host}}\n  - {item}\n".encode()

    told = taken(ann, content)

    assert (told.counts["new"], told.counts["refused"]) == (1, 1)
    assert why in faults(told)[3]
    assert services.refused(told)[1][0] == "3"


def test_words_of_one_item_and_the_name_of_another_are_for_a_person_to_decide(ann):
    make.identifier(item=make.item("a"), kind="serial", value="cz1", vendor="dell")
    make.item("b")

    told = taken(ann, b"items: [{name: b, kind: host, serial: {vendor: Dell, value: CZ1}}]")

    assert "One thing or two?" in faults(told)[1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param("serial: {vendor: Dell, value: CZ2}", "serial cz2 contradicts cz1",
                     id="another serial"),
        pytest.param("system_uuid: 5c4c4544-0042-3510-8052-b4c04f4d3532", "system UUID",
                     id="another system UUID"),
        pytest.param("serial: {vendor: Dell, value: CZ1}, cloud_id: i-2", "cloud id i-2",
                     id="its own serial and another cloud id"),
    ],
)  # fmt: skip
def test_a_row_that_contradicts_the_item_of_its_name_is_refused_and_teaches_nothing(
    ann, words, why
):
    web1 = make.item("web1")
    for kind, value, vendor in (
        ("serial", "cz1", "dell"), ("system_uuid", "4c4c4544-0042-3510-8052-b4c04f4d3532", ""),
        ("cloud_id", "i-1", ""),
    ):  # fmt: skip
        make.identifier(item=web1, kind=kind, value=value, vendor=vendor)

    told = written(taken(
        ann, f"items: [{{name: web1, kind: host, criticality: 1, {words}}},"
             " {name: other, kind: host}]".encode()), ann)  # fmt: skip

    web1.refresh_from_db()
    assert (told.counts["refused"], web1.criticality) == (1, 3)
    assert "contradicts web1" in faults(told)[1]
    assert why in faults(told)[1]
    assert web1.identifiers.count() == 3


def test_two_rows_with_one_serial_are_one_thing_or_two(ann):
    told = taken(ann, b"items:\n- {name: a, kind: host, serial: {vendor: Dell, value: CZ1}}\n"
                      b"- {name: b, kind: host, serial: {vendor: Dell, value: CZ1}}\n")  # fmt: skip

    assert (told.counts["new"], told.counts["refused"]) == (1, 1)
    assert "Line 2 has the same serial" in faults(told)[3]


def test_what_the_columns_of_a_table_mean_is_remembered_by_its_headings(ann):
    content = b"Thing;What\nweb1;host\n"

    first = services.understand(content, "a.csv", by=ann)
    told = services.understand(content, "a.csv", by=ann, meaning={"Thing": "name", "What": "kind"})
    again = services.understand(content, "b.csv", by=ann)

    assert first[0].name == ""
    assert (told[0].name, again[0].name, again[0].kind) == ("web1", "web1", "host")
    assert Mapped.objects.count() == 1


def test_a_column_cannot_mean_what_there_is_not(ann):
    with pytest.raises(Invalid, match="cannot mean"):
        services.understand(b"A\nx\n", "a.csv", by=ann, meaning={"A": "password"})


def test_only_who_may_add_items_everywhere_brings_in_an_inventory():
    for user in (make.user(role="viewer"), make.user(role="engineer", team=make.team())):
        with pytest.raises(NotAllowed):
            services.bring_in(by=user, things=[Thing("a", "host", "a", 1)], file_name="x")


def test_what_is_exported_comes_in_again_as_the_same(ann):
    written(taken(ann), ann)
    text = sitefile.write(exporting.things(ann))

    told = taken(ann, text.encode())

    assert told.counts == {"new": 0, "changed": 0, "same": 5, "refused": 0, "links": 0}


def test_a_graph_holds_what_one_may_see(ann):
    red = make.team("red")
    make.item("ours", owner=red)
    make.item("theirs")

    text = "".join(exporting.graph(make.user(role="viewer", team=red)))

    assert "ours" in text
    assert "theirs" not in text


# ── from where it is kept, and the pages ───────────────────────────────────────────────────────


def netbox(url, token):
    """Return who asks a server of ours on loopback."""
    guard = Guard(allowed=(ip_network("127.0.0.0/8"),), ports=frozenset({urlsplit(url).port}))
    return Client(url, token, guard=guard, is_http_allowed=True)


def asked(ann, url):
    return services.ask(by=ann, url=url, token="t0ken")


def test_what_netbox_holds_becomes_an_inventory_and_the_token_is_removed(ann):
    records = {
        "dcim/sites": [{"id": 1, "name": "Lj", "status": {"value": "active"}}],
        "dcim/devices": [{"id": 7, "name": "sw1", "serial": "F1", "site": {"id": 1, "name": "Lj"},
                          "device_type": {"model": "C93", "manufacturer": {"name": "Cisco"}}}],
    }  # fmt: skip
    with serving(Served(records)) as url:
        made = services.fetch(asked(ann, url), by=ann, client=netbox)

    written(made, ann)

    device = Item.objects.get(kind="device")
    assert (device.name, device.site.name) == ("sw1", "Lj")
    assert device.identifiers.get().vendor == "cisco"
    assert not Secret.objects.exists()


def test_reading_goes_on_after_the_other_side_was_down(ann):
    records = {"dcim/sites": [{"id": n, "name": f"s{n}"} for n in range(3)]}
    served = Served(records)
    served.is_down_after = 2
    with serving(served) as url:
        made = asked(ann, url)
        with pytest.raises(Conflict, match="400"):
            services.fetch(made, by=ann, client=netbox)
        served.is_down_after = None
        read_before = len(served.asked)
        made = Import.objects.get(pk=made.pk)
        services.fetch(made, by=ann, client=netbox)

    assert made.counts["new"] == 3
    assert ("/api/dcim/sites/", "0") not in served.asked[read_before:]


def test_the_page_takes_a_file_and_shows_what_its_columns_mean(ann):
    browser = make.client(ann)
    assert browser.get("/inventory").status_code == 200
    sent = SimpleUploadedFile("servers.csv", b"Thing;What\nweb1;host\n")

    answer = browser.post("/inventory", {"file": sent, "kind": ""})
    pk = Import.objects.get().pk
    assert answer["Location"] == f"/imports/{pk}"
    assert "What the columns mean" in browser.get(f"/imports/{pk}").content.decode()
    page = browser.get(f"/imports/{pk}/columns").content.decode()
    assert "Thing" in page
    browser.post(f"/imports/{pk}/columns", {"column0": "name", "column1": "kind", "kind": ""})

    assert Import.objects.get().counts["new"] == 1


def test_the_page_refuses_what_it_cannot_take_with_a_sentence(ann):
    answer = make.client(ann).post("/inventory", {"url": "ftp://x", "token": "t"})

    assert answer.status_code == 422
    assert "Give its address" in answer.content.decode()


@pytest.mark.parametrize("form", ["yaml", "graphml"])
def test_the_estate_is_downloaded_by_who_may_see_it(ann, form):
    make.item("web1")

    answer = make.client(ann).get(f"/inventory/estate.{form}")

    assert b"web1" in b"".join(answer.streaming_content)
    assert "attachment" in answer["Content-Disposition"]


def test_commands_bring_in_and_write_out(ann, tmp_path, capsys):
    file = tmp_path / "site.yaml"
    file.write_bytes(FILE)

    code = import_file(str(file), into="inventory", is_applied=True, by=ann)
    export_inventory("graphml", by=ann)

    told = capsys.readouterr().out
    assert code == 0
    assert "done: 5 new" in told
    assert "<graphml" in told


def test_programs_send_it_as_any_other_import(ann):
    told = services.receive(by=ann, noun="inventory", text=FILE.decode(), file_name="site.yaml")

    assert told.counts["new"] == 5


@pytest.mark.django_db
def test_a_table_without_kinds_says_where_one_is_chosen():
    admin = make.user(role="administrator")
    told = services.take_in(b"Hostname,Colour\nweb1,red\n", "a.csv", by=admin)

    assert "What the columns mean" in told.shown["rows"][0]["error"]


@pytest.mark.django_db
def test_a_preview_names_owners_and_attributes_as_people_do():
    admin = make.user(role="administrator")
    make.team("Platform")
    table = b"Hostname,Kind,Owner,Colour\nweb1,host,Platform,red\n"
    told = services.take_in(table, "a.csv", by=admin).shown["rows"][0]["values"][-1]

    assert "owner: Platform" in told
    assert "colour: red" in told
    assert "{" not in told
