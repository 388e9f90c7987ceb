"""A file of rows: looked at, written in the background, taken back while untouched."""

import io
import zipfile

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fullscore.config.commands import import_ as command
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.system import jobs, reading, services
from fullscore.domains.foundation.system.commands import import_file
from fullscore.domains.foundation.system.models import Import
from fullscore.domains.foundation.system.rows import parse
from fullscore.domains.foundation.system.services import files
from fullscore.kit import audit
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import AuditEntry
from fullscore.kit.resource import named
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return make.user("ann", role="administrator")


def sent(ann, *lines, noun="item"):
    return services.receive(by=ann, noun=noun, text="\n".join(lines))


def written(ann, *lines, noun="item"):
    """Send rows, let them happen, and run what follows in the background."""
    accepted = services.apply(sent(ann, *lines, noun=noun), by=ann)
    jobs.write_import(number=accepted.pk, by=ann.pk)
    accepted.refresh_from_db()
    return accepted


def taken_back(import_, ann):
    """Ask for how it was before, and run what follows in the background."""
    services.undo(import_, by=ann)
    jobs.take_back_import(number=import_.pk, by=ann.pk)
    import_.refresh_from_db()


def test_nothing_is_written_before_somebody_lets_it_happen(ann):
    told = sent(ann, "kind,name", "host,web1", "starship,x")

    assert told.state == "preview"
    assert told.counts == {"new": 1, "changed": 0, "same": 0, "refused": 1}
    assert [r["line"] for r in told.shown["rows"] if r["error"]] == [3]
    assert not Item.objects.exists()


def test_the_good_rows_are_written_and_say_why_in_the_audit(ann):
    done = written(ann, "kind,name", "host,web1", "host,web2", "starship,x")

    assert (done.state, done.reached) == ("done", 3)
    assert sorted(Item.objects.values_list("name", flat=True)) == ["web1", "web2"]
    entries = AuditEntry.objects.filter(noun="estate.item")
    assert {(e.reason, e.via, e.by) for e in entries} == {(done.mark, "import", ann)}


def test_a_preview_is_let_happen_once(ann):
    told = services.apply(sent(ann, "kind,name", "host,web1"), by=ann)

    with pytest.raises(Conflict, match="waiting"):
        services.apply(told, by=ann)


def test_a_run_that_was_killed_goes_on_behind_what_is_written(ann, monkeypatch):
    monkeypatch.setattr(files, "CHUNK", 2)
    rows = [f"host,web{n}" for n in range(5)]
    accepted = services.apply(sent(ann, "kind,name", *rows), by=ann)
    write_row, calls = files._write_row, []

    def dies(*args):
        calls.append(args)
        if len(calls) == 4:  # in the middle of the second chunk
            raise KeyboardInterrupt
        return write_row(*args)

    monkeypatch.setattr(files, "_write_row", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.write_import(number=accepted.pk, by=ann.pk)
    assert Item.objects.count() == 2

    jobs.write_import(number=accepted.pk, by=ann.pk)

    accepted.refresh_from_db()
    assert accepted.state == "done"
    assert sorted(Item.objects.values_list("name", flat=True)) == [f"web{n}" for n in range(5)]


def test_a_finished_import_is_not_written_again(ann):
    done = written(ann, "name", "Unix", noun="team")

    jobs.write_import(number=done.pk, by=ann.pk)

    assert Team.objects.filter(name="Unix").count() == 1


def test_a_row_that_has_become_wrong_since_its_preview_is_named_and_the_others_are_written(ann):
    accepted = services.apply(sent(ann, "kind,name", "host,web1", "host,web2"), by=ann)
    make.item("web1")
    Item.objects.filter(name="web1").update(kind="vm")  # the match by name is gone
    make.item("WEB2")

    jobs.write_import(number=accepted.pk, by=ann.pk)

    accepted.refresh_from_db()
    assert accepted.state == "done"
    assert Item.objects.filter(name="web1", kind="host").exists()


def test_an_import_is_taken_back(ann):
    old = make.item("web1", environment="test")
    done = written(ann, "kind,name,environment", "host,web1,production", "host,web2,production")

    taken_back(done, ann)

    old.refresh_from_db()
    assert (done.state, done.counts["taken back"], done.counts["kept"]) == ("undone", 2, 0)
    assert old.environment == "test"
    assert not Item.objects.filter(name="web2").exists()
    assert audit.verify()[1] == ""


def test_what_was_touched_since_is_kept_and_named(ann):
    done = written(ann, "kind,name", "host,web1", "host,web2")
    touched = Item.objects.get(name="web1")
    with recorded(touched, "change", by=ann):
        touched.environment = "test"

    taken_back(done, ann)

    assert [i.name for i in Item.objects.all()] == ["web1"]
    assert done.counts["kept"] == 1
    assert "was touched since" in done.shown["faults"][0]["error"]


def test_what_others_use_since_is_kept(ann):
    done = written(ann, "name", "Unix", noun="team")
    make.item("web1", owner=Team.objects.get(name="Unix"))

    taken_back(done, ann)

    assert Team.objects.filter(name="Unix").exists()
    assert "used by others" in done.shown["faults"][0]["error"]


def test_what_would_take_later_work_with_it_is_kept(ann):
    done = written(ann, "kind,name", "host,web1")
    make.finding(item=Item.objects.get())

    taken_back(done, ann)

    assert Item.objects.exists()
    assert "used by others" in done.shown["faults"][0]["error"]


def test_what_somebody_may_no_longer_change_is_not_taken_back(ann):
    old = make.item("web1", environment="test")
    done = written(ann, "kind,name,environment", "host,web1,production")
    services.undo(done, by=ann)
    ann.role_grants.all().delete()

    jobs.take_back_import(number=done.pk, by=ann.pk)

    old.refresh_from_db()
    done.refresh_from_db()
    assert old.environment == "production"
    assert done.counts["kept"] == 1


def test_taking_back_goes_on_where_it_was_killed(ann, monkeypatch):
    monkeypatch.setattr(files, "CHUNK", 1)
    done = written(ann, "kind,name", "host,web1", "host,web2")
    services.undo(done, by=ann)
    one, calls = files._taken_back, []

    def dies(*given, by):
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return one(*given, by=by)

    monkeypatch.setattr(files, "_taken_back", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.take_back_import(number=done.pk, by=ann.pk)

    jobs.take_back_import(number=done.pk, by=ann.pk)

    done.refresh_from_db()
    assert (done.state, done.counts["kept"]) == ("undone", 0)
    assert not Item.objects.exists()


def test_what_somebody_changes_beside_it_meanwhile_stays(ann):
    make.item("web1", environment="test")
    noun, text = named("item"), b"kind,name,environment\nhost,web1,production"
    parsed = parse(noun, reading.table(text), by=ann)
    Item.objects.update(criticality=1)

    files._write_row(noun, parsed.rows[0], ann)

    assert Item.objects.filter(environment="production", criticality=1).exists()


def test_two_that_write_the_same_import_write_it_once(ann):
    accepted = services.apply(sent(ann, "kind,name", "host,web1"), by=ann)
    other = Import.objects.get(pk=accepted.pk)
    services.write(accepted, by=ann)

    services.write(other, by=ann)

    assert Item.objects.count() == 1


def test_only_a_finished_import_is_taken_back(ann):
    with pytest.raises(Conflict, match="finished"):
        services.undo(sent(ann, "kind,name", "host,web1"), by=ann)


def test_the_mark_of_one_import_is_not_that_of_another(ann):
    first = written(ann, "name", "Unix", noun="team")
    Import.objects.filter(pk=first.pk).update(first_entry=0, last_entry=10**6)
    with audit.because(f"{first.mark}7"):  # “import 17” begins like “import 1”
        named("team").create({"name": "Other"}, by=ann)
    first.refresh_from_db()

    taken_back(first, ann)

    assert [team.name for team in Team.objects.all()] == ["Other"]


@pytest.mark.parametrize(
    ("role", "noun"),
    [
        pytest.param("viewer", "item", id="who only looks"),
        pytest.param("engineer", "person", id="who has no right to this noun"),
    ],
)
def test_who_may_not_add_may_not_import(role, noun):
    ben = make.user("ben", role=role)

    with pytest.raises(NotAllowed):
        services.receive(by=ben, noun=noun, text="name\nX")


def test_who_has_lost_the_right_meanwhile_writes_nothing(ann):
    accepted = services.apply(sent(ann, "kind,name", "host,web1"), by=ann)
    ann.role_grants.all().delete()

    jobs.write_import(number=accepted.pk, by=ann.pk)

    accepted.refresh_from_db()
    assert not Item.objects.exists()
    assert accepted.counts["refused"] == 1


def test_an_import_is_seen_by_its_sender_and_by_auditors(ann):
    mine = sent(ann, "kind,name", "host,web1")
    ben, eve = make.user("ben", role="engineer"), make.user("eve", role="auditor")

    assert list(Import.objects.visible_to(ann)) == [mine]
    assert not Import.objects.visible_to(ben).exists()
    assert list(Import.objects.visible_to(eve)) == [mine]


def test_what_was_looked_at_is_what_is_written(ann):
    with pytest.raises(Conflict, match="not altered"):
        services.change(sent(ann, "kind,name", "host,web1"), by=ann, text="kind,name\nhost,web9")


@pytest.mark.parametrize("noun", ["nothing", "finding", "check-run", "account", "sharing"])
def test_a_noun_that_takes_no_rows_is_refused(ann, noun):
    with pytest.raises(Invalid, match="no noun"):
        services.receive(by=ann, noun=noun, text="a\nb")


# ── files ──────────────────────────────────────────────────────────────────────────────────────


def workbook(*rows):
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def archive(name, content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(name, content)
    return out.getvalue()


def test_a_workbook_is_read_as_texts():
    assert reading.table(workbook(["kind", "n"], ["host", 3], [None, "x"])) == [
        ["kind", "n"], ["host", "3"], ["", "x"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(archive("xl/a.xml", b"0" * 50_000_000), "unpacks to", id="bomb"),
        pytest.param(archive("a", b"x"), "cannot be read", id="no workbook"),
        pytest.param(b"PK\x03\x04", "cannot be read", id="no archive"),
        pytest.param(b"a,b\n\xff", "Line 2 is not UTF-8", id="latin"),
        pytest.param(b"a\x00b", "neither CSV nor XLSX", id="zeros"),
        pytest.param(b'"' + b"x" * 200_000, "field larger", id="endless cell"),
        pytest.param(
            archive("[Content_Types].xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;"),
            "cannot be read", id="broken xml",
        ),
    ],
)  # fmt: skip
def test_a_hostile_file_gets_a_sentence(content, told):
    with pytest.raises(Invalid, match=told):
        reading.table(content)


# ── doors ──────────────────────────────────────────────────────────────────────────────────────


def test_from_file_to_undo_in_the_browser(ann, django_capture_on_commit_callbacks):
    browser = make.client(ann)
    file = SimpleUploadedFile("teams.csv", b"name\nUnix\n")

    answer = browser.post("/teams/import", {"file": file})

    made = Import.objects.get()
    assert answer["Location"] == f"/imports/{made.pk}"
    assert b"Unix" in browser.get(f"/imports/{made.pk}").content
    assert browser.post(f"/imports/{made.pk}/apply").status_code == 302
    jobs.write_import(number=made.pk, by=ann.pk)
    assert Team.objects.filter(name="Unix").exists()
    assert browser.post(f"/imports/{made.pk}/undo").status_code == 302
    jobs.take_back_import(number=made.pk, by=ann.pk)
    assert not Team.objects.filter(name="Unix").exists()


def test_the_refused_rows_come_back_as_a_file_to_mend(ann):
    made = sent(ann, "name,kind,owner", "db1,host,", '"=2+3",nonsense,', "db3,host,Nobody")

    lines = make.client(ann).get(f"/imports/{made.pk}/refused.csv").content.decode().splitlines()

    assert lines[0] == "name,kind,owner,refused because"
    assert [line.split(",")[0] for line in lines[1:]] == ["'=2+3", "db3"]
    assert "there is none" in lines[2]
    assert make.client(make.user("bob", role="viewer")).get(
        f"/imports/{made.pk}/refused.csv"
    ).status_code == 404  # fmt: skip


def test_a_row_refused_while_written_comes_back_too(ann):
    accepted = services.apply(sent(ann, "name", "Unix", "Windows", noun="team"), by=ann)
    Team.objects.create(name="Unix")
    jobs.write_import(number=accepted.pk, by=ann.pk)
    accepted.refresh_from_db()

    told = services.refused(accepted)
    assert len(told) == 1 + accepted.counts["refused"]


def test_the_command_says_what_a_file_would_do_and_does_it(ann, tmp_path, capsys):
    file = tmp_path / "teams.csv"
    file.write_text("name,parent\nUnix,\nX,nobody\n")
    words = ["file", str(file), "--into", "team", "--as", ann.email]

    assert command(words) == 1
    assert not Team.objects.exists()
    assert command([*words, "--apply"]) == 1

    told = capsys.readouterr().out
    assert "line 3: Parent: “nobody”: there is none" in told
    assert "done: 1 new" in told
    assert Team.objects.filter(name="Unix").exists()


def test_a_file_that_cannot_be_opened_gets_a_sentence(ann, tmp_path):
    with pytest.raises(Invalid, match="No such file"):
        import_file(str(tmp_path / "none.csv"), into="team", is_applied=False, by=ann)
