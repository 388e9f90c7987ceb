"""Bringing rotas over: what is seen before, what is written, what is taken back."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fullscore.domains.response.oncall import commands
from fullscore.domains.response.oncall.models import (
    EscalationPolicy,
    EscalationRoute,
    Layer,
    Override,
    RotaImport,
    Schedule,
    Shift,
    Turn,
)
from fullscore.domains.response.oncall.queries.rota import Plan
from fullscore.domains.response.oncall.services import bringing, rota
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import AuditEntry
from tests import make
from tests.connectors.grafana_oncall.serving import RECORDED, TOKEN, serving

pytestmark = pytest.mark.django_db

# Without the schedule that a calendar fills: test_calendars brings that one.
TOLD = RECORDED | {"schedules": RECORDED["schedules"][:1]}


@pytest.fixture
def boss():
    return make.user("boss", role="operator")


@pytest.fixture
def known():
    """Return Ann and Ben, whom the tool knows too; Cy is nobody's here."""
    make.team("Platform")
    return make.person("Ann", email="ann@example.org"), make.person("Ben", email="ben@example.org")


def brought(boss, **more):
    return bringing.receive(
        by=boss, kind="grafana-oncall", name="test", text=json.dumps(TOLD | more)
    )


def test_a_preview_says_what_would_come_and_writes_nothing(boss, known):
    import_ = brought(boss)

    assert import_.counts == {
        "people": 2, "not known here": 1, "schedules": 1, "policies": 1, "routes": 1,
        "not taken": 4, "differences": 0,
    }  # fmt: skip
    assert import_.shown["people"][0]["email"] == "cy@elsewhere.example"
    weeks = import_.shown["schedules"][0]["layers"][0]
    assert (weeks["people"], weeks["missing"]) == (["Ben", "Ann"], ["cy"])
    assert not Schedule.objects.exists()


def test_what_is_written_is_what_was_shown(boss, known):
    bringing.apply(brought(boss), by=boss)

    schedule = Schedule.objects.get()
    assert (schedule.name, schedule.zone, schedule.team.name) == (
        "Platform primary", "Europe/Berlin", "Platform",
    )  # fmt: skip
    assert [layer.name for layer in schedule.layers.all()] == ["By weeks", "Nights"]
    assert Shift.objects.filter(schedule=schedule).exists()
    policy = EscalationPolicy.objects.get()
    assert [step.kind for step in policy.steps.all()] == [
        "schedule", "wait", "person", "hours", "team",
    ]  # fmt: skip
    assert EscalationRoute.objects.get().team.name == "Platform"


def test_after_somebody_came_into_the_directory_all_is_looked_at_again(boss, known):
    import_ = brought(boss)
    make.person("Cy", email="CY@elsewhere.example")

    bringing.look_again(import_, by=boss)

    assert import_.counts["not known here"] == 0


def test_the_next_weeks_are_compared_with_what_the_tool_reckons(boss, known, clock):
    make.person("Cy", email="cy@elsewhere.example")
    now = clock()
    bringing.apply(first := brought(boss), by=boss)
    pks = {one.email: ref for one, ref in zip(known, ("U4DNY931HHJS5", "UBEN"), strict=True)}
    pks["cy@elsewhere.example"] = "UCY"
    told = [
        {"user_pk": pks[Shift.person.field.related_model.objects.get(pk=s.person).email],
         "shift_start": s.starts_at.isoformat(), "shift_end": s.ends_at.isoformat()}
        for s in Plan(Schedule.objects.get()).shifts(now, now + timedelta(days=28))
    ]  # fmt: skip
    bringing.undo(first, by=boss)

    same = brought(boss, final_shifts={"SBM7DV7BKFUYU": told})
    other = brought(boss, final_shifts={"SBM7DV7BKFUYU": told[1:]})

    assert same.counts["differences"] == 0
    assert same.shown["schedules"][0]["is_compared"]
    (difference,) = other.shown["schedules"][0]["differences"]
    assert (difference["there"], difference["from"]) == ("", now.isoformat())


def test_all_of_it_is_taken_back_at_once_and_the_audit_says_so(boss, known):
    import_ = bringing.apply(brought(boss), by=boss)

    bringing.undo(import_, by=boss)

    left = [m.objects.count() for m in (Schedule, Layer, Turn, Override, EscalationPolicy)]
    assert left == [0, 0, 0, 0, 0]
    assert import_.state == "undone"
    reasons = AuditEntry.objects.filter(noun="oncall.schedule").values_list("verb", "reason")
    assert list(reasons.order_by("n")) == [
        ("add", f"rota import {import_.pk}"), ("delete", f"undo of rota import {import_.pk}"),
    ]  # fmt: skip


def touch(boss):
    rota.change_layer(Layer.objects.first(), by=boss, name="Other")


def add_step(boss):
    make.escalation_step(kind="schedule", schedule=Schedule.objects.get())


def call(boss):
    make.run(policy=EscalationPolicy.objects.get())


@pytest.mark.parametrize(
    ("act", "words"),
    [
        pytest.param(touch, "touched since", id="somebody changed a layer"),
        pytest.param(add_step, "another escalation step", id="another policy calls it"),
        pytest.param(call, "has called people", id="it has called people"),
    ],
)
def test_what_is_in_use_is_not_taken_back(boss, known, act, words):
    import_ = bringing.apply(brought(boss), by=boss)
    act(boss)

    with pytest.raises(Conflict, match=words):
        bringing.undo(import_, by=boss)

    assert Schedule.objects.count() == 1


def test_a_schedule_of_that_name_is_left_alone(boss, known):
    make.schedule("Platform primary")

    import_ = brought(boss)

    assert "here already" in import_.shown["schedules"][0]["why"]
    assert import_.counts["schedules"] == 0


def test_nobody_known_means_nothing_to_write(boss):
    import_ = brought(boss)

    with pytest.raises(Conflict, match="Nothing of it can be taken"):
        bringing.apply(import_, by=boss)


def test_what_is_no_answer_of_the_tool_is_refused_with_its_place(boss):
    with pytest.raises(Invalid, match=r"line 1: users\[0\] is not an object"):
        bringing.receive(by=boss, kind="opsgenie", text='{"users": [1]}')


def test_who_only_looks_brings_nothing(known):
    with pytest.raises(NotAllowed):
        brought(make.user("reader", role="viewer"))


def test_the_token_is_used_once_and_kept_nowhere(boss, known, settings):
    settings.OPTIONS = replace(settings.OPTIONS, allowed_networks="127.0.0.0/8")

    with serving(schedules=TOLD["schedules"]) as tool:
        import_ = bringing.fetch("grafana-oncall", url=tool.url, token=TOKEN, by=boss)

    assert import_.counts["schedules"] == 1
    assert TOKEN not in import_.text
    entry = AuditEntry.objects.get(noun="oncall.rotaimport")
    assert TOKEN not in json.dumps([entry.after, entry.reason])


def test_exported_files_are_sent_by_the_page(boss, known):
    client = make.client(boss)
    files = [
        SimpleUploadedFile(f"{name}.json", json.dumps(rows).encode()) for name, rows in TOLD.items()
    ]

    answer = client.post("/rota-imports/add", {"kind": "grafana-oncall", "exported": files})

    import_ = RotaImport.objects.get()
    assert answer["Location"] == f"/rota-imports/{import_.pk}"
    page = client.get(answer["Location"]).content.decode()
    assert "cy@elsewhere.example" in page
    assert "First of the month" in page


def test_a_page_without_anything_to_read_says_what_to_do(boss):
    answer = make.client(boss).post("/rota-imports/add", {"kind": "opsgenie"})

    assert answer.status_code == 422
    assert "choose its exported files" in answer.content.decode()


def test_a_folder_is_brought_by_the_command(boss, known, tmp_path, capsys):
    for name, rows in TOLD.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    (tmp_path / "final_shifts").mkdir()
    (tmp_path / "final_shifts" / "SBM7DV7BKFUYU.json").write_text('{"results": []}')

    code = commands.bring(
        "grafana-oncall", folder=str(tmp_path), url=None, token_file=None, is_applied=True, by=boss
    )

    told = capsys.readouterr().out
    assert code == 1
    assert "not known here: cy <cy@elsewhere.example>" in told
    assert "there nobody, here" in told
    assert Schedule.objects.count() == 1
