"""Runbooks and incidents: what fits is shown in the room, and what was done is on the timeline."""

import pytest

from fullscore.config import tools
from fullscore.domains.foundation.access import tokens
from fullscore.domains.response.incidents import commands, jobs, reading, services
from fullscore.domains.response.incidents.models import TimelineEntry
from fullscore.kit.errors import Invalid, NotFound
from tests import make


@pytest.fixture
def ann(db):
    ann = make.user("ann", role="operator")
    make.person("Ann", user=ann)
    return ann


@pytest.fixture
def outage(ann):
    """Return an incident of a host whose disk is full, with a runbook for it."""
    host = make.item("web-1", kind="host")
    incident = make.incident(title="Disk of web-1", root_item=host)
    make.alert(incident=incident, item=host, title="Disk nearly full",
               labels={"alertname": "DiskFilling"})  # fmt: skip
    runbook = make.runbook("Free some room", selector="kind=host", alerts="diskfill*")
    return incident, host, runbook


def a_step(outage, ann, **values):
    incident, host, runbook = outage
    run = make.runbook_run(runbook=runbook, item=host, started_by=ann,
                           reference=f"incident {incident.pk}")  # fmt: skip
    known = {"kind": "command", "title": "Look", "state": "done", "result": "good",
             "command": "df -h /var", "output": "full at item 12\nsecond line\n",
             "ended_at": make.AT}  # fmt: skip
    return make.runbook_step(run=run, **known | values)


def test_what_a_step_showed_is_on_the_timeline(outage, ann):
    step = a_step(outage, ann)

    jobs.tell_runbook(step.pk)

    entry = outage[0].timeline.get()
    assert (entry.kind, entry.by) == (TimelineEntry.Kind.COMMAND, ann)
    assert entry.text == (
        "Free some room, step 1 “Look”: Done.\n$ df -h /var\nfull at item 12\nsecond line"
    )
    assert entry.link == f"/runbook-runs/{step.run_id}"


def test_the_room_shows_what_was_printed_when_it_is_asked_for(outage, ann):
    jobs.tell_runbook(a_step(outage, ann, output="<b>full</b> item 12").pk)

    html = make.client(ann).get(f"/incidents/{outage[0].pk}/room?part=told").content.decode()

    assert "<summary>What it ran and showed</summary>" in html
    assert "&lt;b&gt;full&lt;/b&gt; item 12" in html


@pytest.mark.parametrize("reference", ["", "incident 999999", "problem 1", "incident x"])
def test_a_run_for_nothing_that_is_known_tells_nothing(outage, ann, reference):
    step = a_step(outage, ann)
    type(step.run).objects.update(reference=reference)
    step.refresh_from_db()

    assert services.tell_runbook(step) is None
    assert not outage[0].timeline.exists()


def test_who_may_not_see_an_incident_writes_nothing_on_it(outage, ann):
    stranger = make.user("eli", role="viewer")
    type(outage[0]).objects.filter(pk=outage[0].pk).update(is_security=True, owner=make.team())

    step = a_step(outage, stranger)

    assert services.tell_runbook(step) is None


def test_the_panel_of_the_room_names_what_fits_and_leads_to_its_start(outage, ann):
    incident, host, runbook = outage

    room = make.client(ann).get(f"/incidents/{incident.pk}/room").content.decode()
    panel = make.client(ann).get(f"/incidents/{incident.pk}/panel/runbooks").content.decode()

    assert f"/incidents/{incident.pk}/panel/runbooks" in room
    assert "Free some room" in panel
    assert "answers “DiskFilling”" in panel
    assert (
        f"/runbooks/{runbook.pk}/run?item={host.pk}&amp;reference=incident%20{incident.pk}" in panel
    )


def test_what_ended_a_similar_incident_is_named_with_its_rate(outage, ann):
    incident, host, _ = outage
    other = make.runbook("Restart it")
    earlier = make.incident(title="Disk", root_item=host, state="resolved", resolved_at=make.AT,
                            resolution="Restarted.")  # fmt: skip
    make.alert(incident=earlier, item=host, title="Disk nearly full", state="resolved",
               ends_at=make.AT)  # fmt: skip
    make.runbook_run(runbook=other, item=host, reference=f"incident {earlier.pk}", state="done",
                     ended_at=make.AT)  # fmt: skip

    rows = reading.runbooks(ann, incident=incident.pk)["rows"]

    by_title = {row["runbook"]["title"]: row for row in rows}
    assert by_title["Restart it"]["why"] == ["ended one like it"]
    assert (by_title["Restart it"]["helped"], by_title["Restart it"]["runs"]) == (1, 1)


def test_programs_commands_and_assistants_are_told_the_same(outage, ann, capsys):
    incident, _, runbook = outage
    text = tokens.new()
    make.token(text, user=ann)

    answer = make.client().get(f"/api/suggested/runbooks?incident={incident.pk}",
                               headers={"Authorization": f"Bearer {text}"})  # fmt: skip
    commands.suggest_runbooks(incident=incident.pk, item=None, by=ann)
    asked = tools.which_runbook(ann, incident=incident.pk)

    assert answer.status_code == 200
    assert answer.json()["rows"] == asked["rows"]
    assert asked["rows"][0]["runbook"] == {"id": runbook.pk, "title": "Free some room"}
    assert "Free some room: is for kind=host, answers “DiskFilling”; never run yet" in (
        capsys.readouterr().out
    )


def test_what_may_not_be_seen_is_not_found(outage, ann):
    with pytest.raises(NotFound):
        reading.runbooks(ann, incident=10**6)
    with pytest.raises(Invalid, match="either"):
        reading.runbooks(ann)


def test_a_runbook_in_a_file_is_read_before_it_is_brought_in(tmp_path, db, capsys):
    good, bad = tmp_path / "good.md", tmp_path / "bad.md"
    good.write_text("## Look\nAt it.\n")
    bad.write_text("## Look\n```wait\nsoon\n```\n")

    assert commands.read_runbook(str(good)) == 0
    assert commands.read_runbook(str(bad)) == 1
    told = capsys.readouterr().out
    assert "1 steps, 0 on the way back." in told
    assert "Line 3: “soon” is no time" in told
